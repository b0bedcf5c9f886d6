import numpy as np
import pytest

from querist.selection.kcenter import farthest_first


def plain(vectors, n, known):
    picked = []
    if known is None:
        start = int(np.argmin(((vectors - vectors.mean(axis=0)) ** 2).sum(axis=1)))
        picked, known = [start], vectors[[start]]
    left = ((vectors[:, None] - known[None]) ** 2).sum(axis=2).min(axis=1)
    left[picked] = -1
    while len(picked) < n:
        best = int(np.argmax(left))
        picked.append(best)
        left = np.minimum(left, ((vectors - vectors[best]) ** 2).sum(axis=1))
        left[picked] = -1
    return picked


@pytest.mark.parametrize("labelled", [None, 1, 40])
@pytest.mark.parametrize("active", [1, 16, 1024])
@pytest.mark.parametrize("rows", [1, 999, 3001])
def test_picks_are_those_of_plain_greedy(labelled, active, rows):
    rng = np.random.default_rng(rows)
    vectors = rng.normal(size=(rows, 6)) + 5 * rng.integers(0, 4, size=(rows, 1))
    known = None if labelled is None else rng.normal(size=(labelled, 6))
    n = min(60, rows)
    positions, far = farthest_first(vectors, n, np.negative, known, active=active)
    assert positions.tolist() == plain(vectors, n, known)
    assert (np.diff(far) <= 1e-9).all()


def test_picks_do_not_depend_on_where_the_rows_lie():
    rng = np.random.default_rng(1)
    everything = rng.normal(size=(500, 3)) + 1e5
    scattered = rng.permutation(500)[:237]
    picks, _ = farthest_first(everything[scattered], 20, np.negative, everything[:5])
    assert picks.tolist() == plain(everything[scattered], 20, everything[:5])


def test_copies_come_last():
    vectors = np.concatenate([np.zeros((2000, 2)), np.eye(2), 3 * np.eye(2)])
    picks, far = farthest_first(vectors, 7, np.negative, np.zeros((1, 2)))
    assert set(picks[:4].tolist()) == {2000, 2001, 2002, 2003}
    assert len(set(picks.tolist())) == 7
    assert far[4:].tolist() == [0, 0, 0]
