import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import TypiClust


def blobs(sizes, seed=0, spread=0.3):
    rng = np.random.default_rng(seed)
    centres = 20 * np.eye(len(sizes))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return centres[groups] + spread * rng.normal(size=(len(groups), len(sizes))), groups


def typicality(rows, neighbours):
    """Its definition by loops."""
    near = max(1, min(neighbours, len(rows) // 2))
    out = []
    for at, row in enumerate(rows):
        far = sorted(np.sqrt(((row - other) ** 2).sum()) for other in np.delete(rows, at, axis=0))
        out.append(1 / (np.mean(far[:near]) + 1e-5))
    return np.array(out)


@pytest.mark.parametrize("neighbours", [3, 20])
def test_the_most_typical_of_each_cluster_largest_first(neighbours):
    vectors, groups = blobs([30, 60, 45])
    picks = TypiClust(neighbours, unit=False).pick(Signals(vectors=vectors), 3, 0)
    assert groups[picks.positions].tolist() == [1, 2, 0]
    for row, score in zip(picks.positions, picks.scores, strict=True):
        own = np.flatnonzero(groups == groups[row])
        values = typicality(vectors[own], neighbours)
        assert row == own[np.argmax(values)]
        assert score == pytest.approx(values.max())


def test_clusters_with_labels_come_last():
    vectors, groups = blobs([60, 45, 30])
    known, _ = blobs([1, 0, 0], seed=9)
    signals = Signals(vectors=vectors, labelled=Labelled(known, np.array([0])))
    picks = TypiClust(unit=False).select(signals, 2, 0)
    assert groups[picks].tolist() == [1, 2]


def test_small_clusters_are_left_out():
    vectors, groups = blobs([40, 5, 30])
    picks = TypiClust(unit=False, clusters=3).select(Signals(vectors=vectors), 20, 0)
    assert 1 not in groups[picks]
    assert np.bincount(groups[picks], minlength=3).tolist() == [10, 0, 10]


def test_what_was_asked_is_no_neighbour_any_more():
    vectors, groups = blobs([40, 30])
    picks = TypiClust(unit=False, clusters=2).select(Signals(vectors=vectors), 4, 0)
    own = np.flatnonzero(groups == 0)
    first = own[np.argmax(typicality(vectors[own], 20))]
    rest = own[own != first]
    assert picks[[0, 2]].tolist() == [first, rest[np.argmax(typicality(vectors[rest], 20))]]


def test_typicality_of_scikit_activeml():
    """It adds its epsilon before it divides by the number of neighbours; ranks are the same."""
    peer = pytest.importorskip("skactiveml.pool._typi_clust")
    vectors = np.random.default_rng(3).normal(size=(50, 4))
    ours = TypiClust(5)._typicality(vectors)
    theirs = peer._typicality(vectors, np.arange(50), 5)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)


@pytest.mark.parametrize("wrong", [{"neighbours": 0}, {"clusters": 1.5}, {"clusters": True}])
def test_bad_settings(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        TypiClust(**wrong)
