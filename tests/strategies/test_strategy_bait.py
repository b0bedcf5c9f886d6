"""BAIT: what it is for, what it cuts and says, and real data."""

from __future__ import annotations

import numpy as np
import pytest

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.core.types import Labelled, Signals
from querist.strategies import BAIT, Margin


def crossing(n=400, seed=0):
    """A hundred doubtful items, ninety of them copies of one place, ten in another direction."""
    rng = np.random.default_rng(seed)
    vectors = 0.05 * rng.normal(size=(n, 2))
    vectors[:90] += [3.0, 0.0]
    vectors[90:100] += [0.0, 3.0]
    sure = np.full(n, 1.0)
    sure[:100] = 0.5 + 0.01 * rng.random(100)
    return Signals(proba=np.column_stack([sure, 1 - sure]), vectors=vectors)


def test_a_batch_looks_in_every_direction_that_is_in_doubt():
    picks = BAIT(ridge=0.1).select(crossing(), 4, 0)
    assert np.any(picks < 90) and np.any((picks >= 90) & (picks < 100))
    assert picks.max() < 100  # what the model is sure of carries no information
    assert Margin().select(crossing(), 4, 0).max() < 100


def test_what_is_labelled_already_is_not_asked_again():
    signals = crossing()
    seen = Labelled(np.tile([3.0, 0.0], (40, 1)), np.arange(40) % 2, proba=np.full((40, 2), 0.5))
    asked = Signals(proba=signals.proba, vectors=signals.vectors, labelled=seen)
    first = BAIT(ridge=0.1).select(signals, 1, 0)[0]
    assert first < 90
    assert 90 <= BAIT(ridge=0.1).select(asked, 1, 0)[0] < 100


def test_it_needs_what_the_model_says_of_the_labelled():
    signals = crossing()
    seen = Labelled(np.ones((3, 2)), np.arange(3) % 2)
    asked = Signals(proba=signals.proba, vectors=signals.vectors, labelled=seen)
    with pytest.raises(MissingNeed, match=r"labelled\.proba"):
        BAIT().select(asked, 2, 0)


def test_a_cut_is_told_and_comes_near():
    rng = np.random.default_rng(3)
    proba = rng.dirichlet(np.ones(4), size=500)
    vectors = rng.normal(size=(500, 30)) * np.append(np.ones(4), np.full(26, 0.02))
    signals = Signals(proba=proba, vectors=vectors)
    whole, cut = BAIT(1.0), BAIT(1.0, order=15)
    assert whole.kept(signals) == 1.0 and 0.9 < cut.kept(signals) < 1.0
    assert len(set(whole.select(signals, 20, 0)) & set(cut.select(signals, 20, 0))) >= 15


@pytest.mark.parametrize("given", [{"ridge": 0}, {"order": 1.5}, {"candidates": 0}])
def test_bad_options(given):
    with pytest.raises(BadInput, match=next(iter(given))):
        BAIT(**given)


def test_it_learns_digits_faster_than_random(load_set):
    from sklearn.linear_model import LogisticRegression

    digits = load_set("uci_optdigits")
    X, y = digits["X"][:800].astype(np.float32) / 16, digits["y"][:800].astype(str)
    options = {"model": LogisticRegression(), "start": 20, "batch": 40, "budget": 140}
    ours, theirs = (
        np.mean([q.simulate(X, y, strategy=s, seed=i, **options).aubc() for i in range(2)])
        for s in (BAIT(), "random")
    )
    assert ours > theirs + 0.01
