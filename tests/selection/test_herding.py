import numpy as np
import pytest

from querist.selection.herding import cover


def plain(kernel, weights, covered, n):
    picked = []
    while len(picked) < n:
        gains = np.maximum(kernel - covered, 0) @ weights
        gains[picked] = -1
        picked.append(int(np.argmax(gains)))
        covered = np.maximum(covered, kernel[picked[-1]])
    return picked


@pytest.mark.parametrize("seed", range(5))
def test_lazy_greedy_picks_as_the_plain_one(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(120, 2))
    kernel = np.exp(-((points[:70, None] - points[None]) ** 2).sum(axis=2))
    weights, covered = rng.uniform(size=120), rng.uniform(0, 0.4, size=120)
    picks, gains = cover(kernel, weights, covered, 30)
    assert picks.tolist() == plain(kernel, weights, covered, 30)
    assert (np.diff(gains) <= 1e-12).all()


def test_all_candidates_can_be_taken():
    assert sorted(cover(np.ones((4, 2)), np.ones(2), np.zeros(2), 4)[0].tolist()) == [0, 1, 2, 3]
