import tracemalloc

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


def test_gradient_shrinks_to_nothing_as_confidence_rises():
    top = np.array([0.5, 0.7, 0.9, 0.99, 1.0])
    proba = np.stack([top, 1 - top], axis=1)
    vectors = np.ones((5, 3))
    for row in range(4):
        left = Signals(proba=proba[row:], vectors=vectors[row:])
        picks = BADGE().pick(left, 1, 0)
        assert picks.positions[0] == 0
        assert picks.scores[0] == pytest.approx(6 * (1 - top[row]) ** 2)


def test_binary_case_depends_on_the_model():
    _, vectors = make(30)
    firsts = {
        int(BADGE().select(Signals(proba=make(30, 2, seed=s)[0], vectors=vectors), 1, 0)[0])
        for s in range(8)
    }
    assert len(firsts) > 1


def test_no_ghost_centre_at_the_origin():
    """Certain items sit at the origin; once one is drawn they are all covered, not before."""
    proba = np.array([[0.5, 0.5], *[[1.0, 0.0]] * 50])
    signals = Signals(proba=proba, vectors=np.ones((51, 2)), ids=np.arange(51))
    picks = BADGE().pick(signals, 3, 0)
    assert picks.scores[:2] == pytest.approx([1.0, 1.0])  # a ghost would have made this 0
    assert picks.scores[2] == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_no_duplicates_when_the_whole_pool_is_asked(seed):
    proba, vectors = make(40, seed=seed)
    signals = Signals(proba=np.repeat(proba, 3, axis=0), vectors=np.repeat(vectors, 3, axis=0))
    assert sorted(BADGE().select(signals, 120, seed).tolist()) == list(range(120))


def test_memory_never_holds_the_gradients():
    proba, vectors = make(20_000, k=50, d=64)
    signals = Signals(proba=proba, vectors=vectors)
    tracemalloc.start()
    BADGE().select(signals, 40, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * proba.nbytes + vectors.nbytes  # the gradients would be 512 MB


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
