import numpy as np
import pytest

from querist.core.types import Signals
from querist.strategies import BADGE


def gradients(proba, vectors):
    at_label = proba - np.eye(proba.shape[1])[proba.argmax(axis=1)]
    return (at_label[:, :, None] * vectors[:, None, :]).reshape(len(proba), -1)


def make(n, k=3, d=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k), size=n), rng.normal(size=(n, d))


def test_first_is_the_longest_gradient_and_second_follows_the_law():
    proba, vectors = make(10)
    rows = gradients(proba, vectors)
    first = int(np.argmax((rows**2).sum(axis=1)))
    apart = ((rows - rows[first]) ** 2).sum(axis=1)
    signals, draws = Signals(proba=proba, vectors=vectors), 5000
    seen = np.zeros(10)
    for seed in range(draws):
        picks = BADGE().select(signals, 2, seed)
        assert picks[0] == first
        seen[picks[1]] += 1
    expected = draws * apart / apart.sum()
    assert seen[first] == 0
    chi2 = ((seen - expected)[apart > 0] ** 2 / expected[apart > 0]).sum()
    assert chi2 < 9 + 4.5 * np.sqrt(18)


def test_law_of_scikit_activeml_on_the_first_pick_and_the_distances():
    skactiveml = pytest.importorskip("skactiveml.pool._badge")
    proba, vectors = make(200, k=4, d=5)
    rows = gradients(proba, vectors)
    picks = BADGE().pick(Signals(proba=proba, vectors=vectors), 12, 0)
    peer = skactiveml._d_2(rows, [])
    assert picks.positions[0] == np.argmax(peer)
    left = np.full(200, np.inf)
    for at in range(1, 12):
        left = skactiveml._d_2(rows, picks.positions[at - 1 : at], left)
        assert picks.scores[at] == pytest.approx(left[picks.positions[at]], rel=1e-6)
