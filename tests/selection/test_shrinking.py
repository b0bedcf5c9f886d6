"""The lazy greedy against the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.shrinking import greedy_shrinking


def plain(scores, n, factors):
    scores, picks, won = scores.copy(), [], []
    for _ in range(n):
        best = int(np.argmax(scores))
        picks.append(best)
        won.append(scores[best])
        scores *= factors[:, best]
        scores[picks] = -1.0
    return picks, won


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("active", [1, 3, 17, 1000])
def test_picks_are_those_of_the_plain_greedy(seed, active):
    rng = np.random.default_rng(seed)
    scores, factors = rng.uniform(size=80), rng.uniform(0.3, 1.0, size=(80, 80))

    def shrink(rows, values, fresh):
        for pick in fresh:
            values *= factors[rows, pick]

    picks, won = greedy_shrinking(scores.copy(), 40, np.negative, shrink, active=active)
    expected, gains = plain(scores, 40, factors)
    assert picks.tolist() == expected
    np.testing.assert_allclose(won, gains)


def test_equal_scores_go_by_lowest_key():
    keys = np.array([3.0, 1.0, 2.0])
    picks, _ = greedy_shrinking(np.ones(3), 3, keys.__getitem__, lambda *_: None)
    assert picks.tolist() == [1, 2, 0]
