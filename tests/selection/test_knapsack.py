"""Batches that a sum buys against every batch there is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from querist.selection.knapsack import best_within


@pytest.mark.parametrize("seed", range(40))
def test_the_total_is_within_one_value_of_the_best(seed):
    rng = np.random.default_rng(seed)
    values, costs = rng.uniform(size=11), rng.uniform(0.2, 2.0, size=11)
    budget, n = rng.uniform(costs.min(), costs.sum()), int(rng.integers(1, 11))
    rows = best_within(values, costs, budget, n, np.negative)
    every = (list(r) for m in range(n + 1) for r in combinations(range(11), m))
    best = max(values[r].sum() for r in every if costs[r].sum() <= budget)
    assert 0 < len(set(rows.tolist())) == len(rows) <= n
    assert costs[rows].sum() <= budget
    assert best - values.max() <= values[rows].sum() <= best + 1e-12
    assert (np.diff(values[rows]) <= 0).all()


def test_worthless_rows_fill_what_is_left():
    rows = best_within(np.zeros(4), np.array([3.0, 1.0, 1.0, 1.0]), 2.0, 3, np.negative)
    assert sorted(rows.tolist()) == [2, 3]
