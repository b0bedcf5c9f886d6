import tracemalloc

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import ProbCover


def test_blobs_are_covered_one_by_one_largest_first():
    rng = np.random.default_rng(0)
    sizes = [90, 60, 30]
    blobs = np.repeat(9 * np.eye(3), sizes, axis=0) + 0.1 * rng.normal(size=(180, 3))
    labelled = Labelled(None, np.empty(0, dtype=int), classes=("a", "b", "c"))
    picks = ProbCover(purity=0.999).pick(Signals(vectors=blobs, labelled=labelled), 3, 0)
    assert np.searchsorted([90, 150], picks.positions, side="right").tolist() == [0, 1, 2]
    assert picks.scores.tolist() == sizes


def test_what_is_labelled_is_covered():
    line = np.array([[0.0], [1.0], [2.0], [9.0]])
    known = Labelled(np.array([[1.5]]), np.array([0]), classes=("a", "b"))
    picks = ProbCover(1.5, unit=False).select(Signals(vectors=line, labelled=known), 1, 0)
    assert picks.tolist() == [3]


@pytest.mark.filterwarnings("ignore:The maximum purity")
@pytest.mark.parametrize("labelled", [0, 9])
def test_counts_are_those_of_scikit_activeml(labelled):
    """Ties go by chance there and by key here, so its own counts are held against ours."""
    pool = pytest.importorskip("skactiveml.pool")
    rng = np.random.default_rng(2)
    vectors, known = rng.normal(size=(533, 4)), rng.normal(size=(labelled, 4))
    everything = np.concatenate([vectors, known])
    answers = np.concatenate([np.full(533, np.nan), np.zeros(labelled)])
    signals = Signals(vectors=vectors, labelled=Labelled(known, np.zeros(labelled, dtype=int)))
    picks = ProbCover(0.9, unit=False).pick(signals, 15, 0)
    for at, row in enumerate(picks.positions):
        _, counts = pool.ProbCover(n_classes=2, deltas=[0.9], random_state=0).query(
            everything, answers, batch_size=1, return_utilities=True
        )
        assert picks.scores[at] == np.nanmax(counts[0]) == counts[0][row]
        answers[row] = 0.0


def test_memory_never_holds_the_graph():
    vectors = np.random.default_rng(4).normal(size=(8000, 16))
    tracemalloc.start()
    ProbCover().select(Signals(vectors=vectors), 10, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40e6  # distances alone would be 512 MB


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan])
def test_radius_must_be_positive(radius):
    with pytest.raises(BadInput, match="radius"):
        ProbCover(radius)


@pytest.mark.parametrize("purity", [0.0, 1.0, np.nan])
def test_purity_is_a_share(purity):
    with pytest.raises(BadInput, match="purity"):
        ProbCover(purity=purity)
