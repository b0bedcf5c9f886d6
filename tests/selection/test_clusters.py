"""Picks out of the largest cluster against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.clusters import largest_cluster_farthest


def plain(x, centres, n):
    centres, picks, far_away = list(centres), [], []
    if not centres:
        picks = [int(np.argmin(((x - x.mean(axis=0)) ** 2).sum(axis=1)))]
        centres, far_away = [x[picks[0]]], [np.inf]
    while len(picks) < n:
        table = ((x[:, None] - np.array(centres)) ** 2).sum(axis=2)
        owner, far = table.argmin(axis=1), table.min(axis=1)
        sizes = np.bincount(owner, weights=far, minlength=len(centres))
        best = int(np.argmax(np.where(owner == sizes.argmax(), far, -1.0)))
        picks.append(best)
        far_away.append(np.sqrt(far[best]))
        centres.append(x[best])
    return picks, far_away


@pytest.mark.parametrize("known", [0, 1, 30])
@pytest.mark.parametrize("spread", [0.0, 8.0])
def test_picks_are_those_of_the_definition(known, spread):
    rng = np.random.default_rng(known)
    middles = rng.normal(size=(6, 4)) * spread
    x = middles[rng.integers(6, size=700)] + rng.normal(size=(700, 4))
    centres = rng.normal(size=(known, 4))
    picks, far = largest_cluster_farthest(x, 60, np.negative, centres if known else None)
    expected, distances = plain(x, centres, 60)
    assert picks.tolist() == expected
    np.testing.assert_allclose(far, distances)


def test_copies_of_centres_come_last_and_once():
    x = np.array([[0.0], [0.0], [1.0], [1.0], [5.0]])
    picks, far = largest_cluster_farthest(x, 5, np.negative, np.array([[0.0]]))
    assert sorted(picks.tolist()) == [0, 1, 2, 3, 4]
    assert picks[0] == 4 and set(picks[1:2].tolist()) <= {2, 3}
    assert far[2:].tolist() == [0, 0, 0]
