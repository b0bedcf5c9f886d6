import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import Margin, MaxHerding, UncertaintyHerding, max_herding


def make(n, labelled, seed=0):
    rng = np.random.default_rng(seed)
    known = Labelled(rng.normal(size=(labelled, 3)), np.zeros(labelled, dtype=int), ("a", "b"))
    vectors, proba = rng.normal(size=(n, 3)), rng.dirichlet(np.ones(4), size=n)
    return Signals(vectors=vectors, proba=proba, labelled=known)


def plain(signals, n, quantile):
    """The definition by loops, with the radius from the labelled items."""
    vectors = signals.vectors / np.linalg.norm(signals.vectors, axis=1, keepdims=True)
    known = signals.labelled.vectors
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    nearest = [min(np.sum((a - b) ** 2) for b in known if (a != b).any()) for a in known]
    square = np.quantile(nearest, quantile)
    best = np.sort(signals.proba, axis=1)
    doubt = 1 - (best[:, -1] - best[:, -2])
    kernel = np.exp(-((vectors[:, None] - vectors[None]) ** 2).sum(axis=2) / square)
    covered = np.exp(-((vectors[:, None] - known[None]) ** 2).sum(axis=2).min(axis=1) / square)
    picked = []
    while len(picked) < n:
        values = [(doubt * np.maximum(row, covered)).mean() for row in kernel]
        for row in picked:
            values[row] = -1
        picked.append(int(np.argmax(values)))
        covered = np.maximum(covered, kernel[picked[-1]])
    return picked


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("quantile", [0.0, 0.05, 1.0])
def test_picks_are_the_papers(seed, quantile):
    signals = make(250, 12, seed)
    picks = UncertaintyHerding(quantile=quantile).select(signals, 20, 0)
    assert picks.tolist() == plain(signals, 20, quantile)


def test_nothing_labelled_is_max_herding():
    signals = make(120, 0)
    picks = UncertaintyHerding().select(signals, 10, 0)
    assert picks.tolist() == MaxHerding().select(signals, 10, 0).tolist()


def test_a_tiny_radius_is_margin():
    signals = make(200, 5)
    picks = UncertaintyHerding(radius=1e-4).select(signals, 20, 0)
    assert picks.tolist() == Margin().select(signals, 20, 0).tolist()


def test_copies_of_one_uncertain_item_are_asked_once():
    proba = np.array([[0.5, 0.5]] * 5 + [[0.8, 0.2]] * 5)
    vectors = np.repeat(np.eye(2), 5, axis=0)
    picks = UncertaintyHerding(0.5).select(Signals(proba=proba, vectors=vectors), 2, 0)
    assert sorted((picks // 5).tolist()) == [0, 1]


def test_large_pools_are_covered_by_a_sample(monkeypatch):
    signals = make(600, 8)
    whole = UncertaintyHerding().pick(signals, 5, 0)
    monkeypatch.setattr("querist.strategies.uncertainty_herding.POINTS", 300)
    part = UncertaintyHerding().pick(signals, 5, 0)
    assert max_herding.POINTS == 10_000
    assert part.scores[0] == pytest.approx(whole.scores[0], rel=0.5)


@pytest.mark.parametrize("wrong", [{"radius": 0.0}, {"radius": np.inf}, {"quantile": 1.5}])
def test_bad_settings(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        UncertaintyHerding(**wrong)
