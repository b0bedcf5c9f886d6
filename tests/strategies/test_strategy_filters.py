"""SEALS and AnchorAL against plain restriction of the pool."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import SEALS, AnchorAL, Entropy, KCenter, Margin, Mix, Random


def made(n=120, m=6, seed=0):
    rng = np.random.default_rng(seed)
    known = Labelled(rng.normal(size=(m, 4)), np.arange(m) % 3, ("a", "b", "c"))
    return Signals(
        proba=rng.dirichlet(np.ones(3), size=n),
        vectors=rng.normal(size=(n, 4)),
        labelled=known,
        ids=np.arange(n),
    )


def near(vectors, point, k):
    return np.argsort(((vectors - point) ** 2).sum(axis=1))[:k].tolist()


@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("base", [Entropy(), KCenter()], ids=["score", "set-wise"])
def test_seals_is_the_base_among_neighbours_of_the_labelled(base, k):
    signals = made()
    rows = {row for point in signals.labelled.vectors for row in near(signals.vectors, point, k)}
    rows = np.array(sorted(rows))
    expected = rows[base.select(signals.take(rows), 5, 3)]
    np.testing.assert_array_equal(SEALS(base, k=k).select(signals, 5, 3), expected)


def test_seals_reaches_further_until_the_batch_is_full():
    signals = made(n=40, m=1)
    picks = SEALS(k=2).select(signals, 7, 0)
    assert set(picks.tolist()) <= set(near(signals.vectors, signals.labelled.vectors[0], 8))


def normed(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("subpool", [8, 500])
def test_anchor_al_is_the_base_in_the_nearest_of_what_anchors_fetch(subpool):
    signals = made(m=9)
    points, anchors = normed(signals.vectors), normed(signals.labelled.vectors)
    far = {}
    for anchor in anchors:  # 3 a class: all are anchors
        for row in near(points, anchor, 6):
            far.setdefault(row, []).append(((points[row] - anchor) ** 2).sum())
    rows = sorted(far, key=lambda row: np.mean(far[row]))[:subpool]
    expected = np.array(sorted(rows))[Margin().select(signals.take(np.array(sorted(rows))), 4, 0)]
    picks = AnchorAL(neighbours=6, subpool=subpool).select(signals, 4, 0)
    assert set(picks.tolist()) == set(expected.tolist())


def test_anchor_al_gives_a_rare_class_as_many_anchors_as_a_common_one():
    rng = np.random.default_rng(0)
    common, rare = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    vectors = np.concatenate(
        [common + 0.05 * rng.normal(size=(950, 3)), rare + 0.05 * rng.normal(size=(50, 3))]
    )
    known = Labelled(
        np.concatenate([common + 0.05 * rng.normal(size=(90, 3)), rare[None]]),
        np.append(np.zeros(90, dtype=int), 1),
    )
    signals = Signals(vectors=vectors, labelled=known)
    strategy = AnchorAL(Random(), anchors=1, neighbours=40)
    picks = np.concatenate([strategy.select(signals, 20, seed) for seed in range(10)])
    assert 0.35 < np.mean(picks >= 950) < 0.65


def test_the_names_and_probabilities_are_the_bases():
    picks = SEALS(Mix([(Margin(), 1), (Random(), 1)]), k=9).pick(made(), 4, 0)
    assert sorted(set(picks.names)) == ["Margin", "Random"]


@pytest.mark.parametrize("wrap", [SEALS, AnchorAL])
def test_needs_are_the_bases_and_the_filters(wrap):
    assert wrap(Entropy()).needs == {"proba", "vectors", "labelled"}
    assert wrap(KCenter()).needs == {"vectors", "labelled"}
    assert wrap(Margin()).instead == {"proba": "decision"}


@pytest.mark.parametrize(
    ("cls", "given"),
    [(SEALS, "k"), (AnchorAL, "anchors"), (AnchorAL, "neighbours"), (AnchorAL, "subpool")],
)
def test_bad_options(cls, given):
    with pytest.raises(BadInput, match=given):
        cls(**{given: 0})
