import tracemalloc

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import MaxHerding, max_herding


def plain(vectors, known, n, radius):
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    kernel = np.exp(-((vectors[:, None] - vectors[None]) ** 2).sum(axis=2) / radius**2)
    covered = np.zeros(len(vectors))
    for row in known:
        covered = np.maximum(covered, np.exp(-((vectors - row) ** 2).sum(axis=1) / radius**2))
    picked = []
    while len(picked) < n:
        gains = np.array([np.maximum(row, covered).mean() for row in kernel])
        gains[picked] = -1
        picked.append(int(np.argmax(gains)))
        covered = np.maximum(covered, kernel[picked[-1]])
    return picked


@pytest.mark.parametrize("labelled", [0, 9])
@pytest.mark.parametrize("radius", [0.2, 1.0, 4.0])
def test_picks_are_the_papers(labelled, radius):
    rng = np.random.default_rng(labelled)
    vectors, known = rng.normal(size=(300, 4)), rng.normal(size=(labelled, 4))
    signals = Signals(vectors=vectors, labelled=Labelled(known, np.zeros(labelled, dtype=int)))
    assert MaxHerding(radius).select(signals, 25, 0).tolist() == plain(vectors, known, 25, radius)


@pytest.mark.parametrize("labelled", [0, 9])
def test_picks_are_those_of_scikit_activeml(labelled):
    pool = pytest.importorskip("skactiveml.pool")
    rng = np.random.default_rng(2)
    vectors, known = rng.normal(size=(400, 6)), rng.normal(size=(labelled, 6))
    answers = np.concatenate([np.full(400, np.nan), np.zeros(labelled)])
    peer = pool.MaxHerding(metric="rbf", metric_dict={"gamma": 0.25}, random_state=0).query(
        np.concatenate([vectors, known]), answers, batch_size=20
    )
    signals = Signals(vectors=vectors, labelled=Labelled(known, np.zeros(labelled, dtype=int)))
    assert MaxHerding(radius=2.0).select(signals, 20, 0).tolist() == peer.tolist()


def test_a_reference_is_what_gets_covered():
    vectors = np.array([[0.0], [0.1], [9.0]])
    signals = Signals(vectors=vectors, reference=np.full((4, 1), 9.0))
    assert MaxHerding(unit=False).select(signals, 1, 0)[0] == 2


def test_large_pools_are_covered_by_a_sample(monkeypatch):
    monkeypatch.setattr(max_herding, "POINTS", 60)
    rng = np.random.default_rng(3)
    vectors = np.repeat(5 * np.eye(4), 100, axis=0) + rng.normal(size=(400, 4))
    picks = MaxHerding().select(Signals(vectors=vectors), 4, 0)
    assert sorted((picks // 100).tolist()) == [0, 1, 2, 3]


def test_memory_never_holds_the_kernel():
    vectors = np.random.default_rng(4).normal(size=(4000, 16))
    tracemalloc.start()
    MaxHerding().select(Signals(vectors=vectors), 10, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6  # the kernel alone would be 128 MB


@pytest.mark.parametrize("radius", [0.0, -1.0, np.nan, np.inf])
def test_radius_must_be_positive(radius):
    with pytest.raises(BadInput, match="radius"):
        MaxHerding(radius)
