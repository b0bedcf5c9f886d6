"""Uncertainty, committees and posteriors: scores and picks of scikit-activeml."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.types import Signals
from querist.strategies import (
    BALD,
    BatchBALD,
    CostSensitive,
    Entropy,
    LeastConfidence,
    Margin,
    QueryByCommittee,
)

pool = pytest.importorskip("skactiveml.pool")

N, K = 80, 4
PROBA = np.random.default_rng(3).dirichlet(np.ones(K) / 2, size=N)
DRAWS = np.random.default_rng(4).dirichlet(np.full(K, 0.7), size=(N, 5))
COSTS = np.array([[0, 1, 4, 2], [2, 0, 3, 1], [5, 1, 0, 7], [1, 1, 2, 0.0]])
ROWS, UNKNOWN = np.arange(float(N))[:, None], np.full(N, np.nan)


def saying(table):
    """A classifier of scikit-activeml that says what the table holds of a row."""
    from skactiveml.base import SkactivemlClassifier

    class Said(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            self._validate_data(X, y, sample_weight)
            return self

        def predict_proba(self, X):
            return table[np.asarray(X)[:, 0].astype(int)].copy()

    return Said(classes=list(range(K)), random_state=0).fit(ROWS, UNKNOWN)


def theirs(query, model, n, **more):
    return query.query(ROWS, UNKNOWN, model, False, batch_size=n, return_utilities=True, **more)


@pytest.mark.parametrize(
    ("method", "strategy"),
    [
        ("least_confident", LeastConfidence()),
        ("margin_sampling", Margin()),
        ("entropy", Entropy()),
    ],
)
def test_uncertainty_is_the_same_up_to_a_constant(method, strategy):
    picks, scores = theirs(pool.UncertaintySampling(method, random_state=0), saying(PROBA), 15)
    ours = strategy.pick(Signals(proba=PROBA), 15, 0)
    assert ours.positions.tolist() == picks.tolist()
    shift = strategy.score(Signals(proba=PROBA)) - scores[0]
    np.testing.assert_allclose(shift, shift[0], atol=1e-12)


@pytest.mark.parametrize(
    ("method", "form"), [("least_confident", "minimal"), ("margin_sampling", "margin")]
)
def test_uncertainty_under_costs_is_the_same_up_to_a_constant(method, form):
    query = pool.UncertaintySampling(method, cost_matrix=COSTS, random_state=0)
    picks, scores = theirs(query, saying(PROBA), 15)
    ours = CostSensitive(COSTS, form)
    assert ours.select(Signals(proba=PROBA), 15, 0).tolist() == picks.tolist()
    shift = ours.score(Signals(proba=PROBA)) - scores[0]
    np.testing.assert_allclose(shift, shift[0], atol=1e-9)


@pytest.mark.parametrize(
    ("method", "measure"),
    [
        ("KL_divergence", "kl"),
        ("vote_entropy", "vote_entropy"),
        ("variation_ratios", "variation_ratio"),
    ],
)
def test_committees_disagree_by_the_same_number(method, measure):
    members = [saying(DRAWS[:, m]) for m in range(5)]
    _, scores = theirs(pool.QueryByCommittee(method, eps=1e-12, random_state=0), members, 1)
    ours = QueryByCommittee(5, measure=measure).score(Signals(draws=DRAWS))
    np.testing.assert_allclose(ours, scores[0], atol=1e-9)


def test_bald_is_the_same_number():
    members = [saying(DRAWS[:, m]) for m in range(5)]
    picks, scores = theirs(pool.GreedyBALD(eps=1e-12, random_state=0), members, 10)
    ours = BALD().pick(Signals(draws=DRAWS), 10, 0)
    assert ours.positions.tolist() == picks.tolist()
    np.testing.assert_allclose(BALD().score(Signals(draws=DRAWS)), scores[0], atol=1e-9)


def test_batch_bald_adds_up_to_the_same_information():
    members = [saying(DRAWS[:, m]) for m in range(5)]
    # so many samples that it counts every outcome; its own default draws five of them
    query = pool.BatchBALD(n_MC_samples=10_000, eps=1e-12, random_state=0)
    picks, scores = theirs(query, members, 5)
    ours = BatchBALD().pick(Signals(draws=DRAWS), 5, 0)
    assert ours.positions.tolist() == picks.tolist()
    np.testing.assert_allclose(np.cumsum(ours.scores), scores[np.arange(5), picks], atol=1e-8)
