"""BatchBALD by brute force over all outcomes of the batch, and the contract."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from querist.core.types import Signals
from querist.strategies import BatchBALD
from querist.testing.strategies import StrategyContract


def information(draws):
    count, s, k = draws.shape
    total = 0.0
    for outcome in product(range(k), repeat=count):
        p = np.prod([draws[i, :, y] for i, y in enumerate(outcome)], axis=0)
        total += (p * np.log(p / p.mean())).sum() / s
    return total


@pytest.mark.parametrize("seed", range(3))
def test_picks_are_those_of_the_plain_greedy(seed):
    draws = np.random.default_rng(seed).dirichlet(np.full(3, 0.4), size=(8, 6)).clip(1e-6)
    draws /= draws.sum(axis=2, keepdims=True)
    picks = BatchBALD().pick(Signals(draws=draws), 4, 0)
    chosen, before = [], 0.0
    for found, gain in zip(picks.positions, picks.scores, strict=True):
        left = [i for i in range(8) if i not in chosen]
        values = {i: information(draws[[*chosen, i]]) for i in left}
        assert found == max(values, key=values.get)
        assert gain == pytest.approx(values[int(found)] - before, abs=1e-9)
        chosen.append(int(found))
        before = values[int(found)]


def test_drawn_outcomes_come_near_the_counted_ones():
    draws = np.random.default_rng(5).dirichlet(np.ones(3), size=(8, 20))
    counted = BatchBALD().pick(Signals(draws=draws), 4, 0).scores.sum()
    drawn = BatchBALD(configurations=200).pick(Signals(draws=draws), 4, 0).scores.sum()
    assert drawn == pytest.approx(counted, rel=0.1)


class TestBatchBALD(StrategyContract):
    strategy = BatchBALD(configurations=300)
