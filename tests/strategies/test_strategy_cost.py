"""Strategies that weigh a label against its price."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from querist.core.errors import BadInput, MissingNeed
from querist.core.types import Signals
from querist.strategies import Density, Distinct, Entropy, Knapsack, Margin, Mix, PerCost, Random


def make(seed, n=12):
    rng = np.random.default_rng(seed)
    return Signals(
        proba=rng.dirichlet(np.ones(3), size=n),
        cost=rng.uniform(0.5, 5.0, size=n),
        vectors=rng.normal(size=(n, 2)),
    )


def test_any_score_can_be_divided_by_the_cost():
    signals = make(0)
    scores = PerCost(2 * Entropy() + Margin()).score(signals)
    both = 2 * Entropy().score(signals) + Margin().score(signals)
    np.testing.assert_allclose(scores, both / signals.cost)
    np.testing.assert_allclose((PerCost() * Entropy()).score(signals)[0], scores_of(signals)[0])


def scores_of(signals):
    return Margin().score(signals) / signals.cost * Entropy().score(signals)


@pytest.mark.parametrize("strategy", [PerCost(Density()), Knapsack(Density())])
def test_negative_scores_are_refused(strategy):
    signals = Signals(vectors=np.array([[1.0], [1.0], [-1.0]]), cost=np.ones(3))
    with pytest.raises(BadInput, match="at least 0"):
        strategy.select(signals, 1, 0)


def best(values, costs, budget, n):
    every = (rows for m in range(n + 1) for rows in combinations(range(len(values)), m))
    return max(values[list(rows)].sum() for rows in every if costs[list(rows)].sum() <= budget)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(("budget", "n"), [(4.0, 12), (9.0, 4), (15.0, 6), (40.0, 5)])
def test_a_batch_is_affordable_and_close_to_the_best(seed, budget, n):
    signals = make(seed)
    values = Entropy().score(signals)
    rows = Knapsack(Entropy(), budget).select(signals, n, 0)
    assert len(rows) <= n and signals.cost[rows].sum() <= budget
    optimum = best(values, signals.cost, budget, n)
    assert values[rows].sum() >= optimum - values.max()
    left = np.setdiff1d(np.arange(12), rows)
    if len(rows) < n:
        assert (signals.cost[left] + signals.cost[rows].sum() > budget).all()


def test_it_buys_two_cheap_labels_before_a_dear_one():
    proba = np.array([[0.5, 0.5], [0.55, 0.45], [0.55, 0.45]])
    signals = Signals(proba=proba, cost=np.array([10.0, 5.0, 5.0]))
    assert sorted(Knapsack(budget=10).select(signals, 3, 0).tolist()) == [1, 2]


def test_enough_money_buys_the_best_by_score():
    signals = make(1)
    by_score = Margin().select(signals, 5, 0)
    np.testing.assert_array_equal(Knapsack(budget=1e9).select(signals, 5, 0), by_score)


@pytest.mark.parametrize("whole", [Distinct, lambda part: Mix({part: 0.999, Random(): 0.001})])
def test_no_wrapping_spends_more(whole):
    signals = make(2)
    rows = whole(Knapsack(budget=4.0)).select(signals, 8, 0)
    assert signals.cost[rows].sum() <= 4.0


def test_too_little_money_is_an_error_that_says_so():
    with pytest.raises(BadInput, match="cheapest label"):
        Knapsack(budget=0.1).select(make(3), 2, 0)
    with pytest.raises(BadInput, match="above 0"):
        Knapsack(budget=0)


def test_without_prices_the_error_names_them():
    with pytest.raises(MissingNeed, match="cost"):
        PerCost().select(Signals(proba=np.full((3, 2), 0.5)), 1, 0)
