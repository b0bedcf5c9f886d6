"""The cost of decisions, against its definition."""

from __future__ import annotations

import numpy as np

from querist.metrics.cost import cheapest, mean_cost

RNG = np.random.default_rng(5)
COSTS = np.array([[0.0, 4.0, 1.0], [2.0, 0.0, 0.5], [1.0, 7.0, 0.0]])


def test_the_cheapest_decision_is_that_of_the_least_expected_cost():
    proba = RNG.dirichlet(np.ones(3), size=200)
    by_hand = []
    for row in proba:
        expected = [sum(row[c] * COSTS[c, d] for c in range(3)) for d in range(3)]
        by_hand.append(expected.index(min(expected)))
    found = cheapest(proba, COSTS)
    assert found.tolist() == by_hand and set(by_hand) == {0, 1, 2}
    assert cheapest(proba.astype(np.float32), COSTS).tolist() == by_hand
    assert (cheapest(proba, 1e-300 * COSTS) == found).all()


def test_equal_costs_are_the_likeliest_class():
    proba = RNG.dirichlet(np.ones(4), size=300)
    assert (cheapest(proba, 3 * (1 - np.eye(4))) == proba.argmax(axis=1)).all()
    assert cheapest(np.array([[0.1, 0.45, 0.45]]), 1 - np.eye(3)).tolist() == [1]


def test_the_mean_cost_and_its_interval():
    truth, value = RNG.integers(3, size=400), RNG.integers(3, size=400)
    each = [COSTS[t, v] for t, v in zip(truth, value, strict=True)]
    found = mean_cost(truth, value, COSTS, seed=1)
    assert np.isclose(found.value, np.mean(each))
    half = 1.96 * np.std(each) / np.sqrt(400)
    np.testing.assert_allclose([found.low, found.high], found.value + half * np.array([-1, 1]), 0.1)
    assert found == mean_cost(truth, value, COSTS, seed=1)
    right = mean_cost(truth, truth, COSTS)
    assert (right.value, right.low, right.high) == (0, 0, 0)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    p = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]]) / 3
    expected, cells = float((p * COSTS).sum()), np.arange(9)
    held = 0
    for seed in range(200):
        drawn = np.random.default_rng(seed).choice(cells, 300, p=p.ravel())
        found = mean_cost(drawn // 3, drawn % 3, COSTS, seed=seed)
        held += found.low <= expected <= found.high
    assert 0.89 <= held / 200 <= 0.99
