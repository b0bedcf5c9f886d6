"""k-center, k-means, the diverse batch, distinct batches and the default."""

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import (
    Auto,
    Distinct,
    DiverseBatch,
    Entropy,
    KCenter,
    KMeansSampling,
    Margin,
    Mix,
    Random,
)


def spread(vectors):
    gaps = np.linalg.norm(vectors[:, None] - vectors[None], axis=2)
    return gaps[np.triu_indices(len(vectors), 1)].mean()


def blobs(clusters, each, seed):
    rng = np.random.default_rng(seed)
    centres = 10 * np.eye(clusters)
    return np.concatenate([c + rng.normal(size=(each, clusters)) for c in centres])


def boundary_pool(seed, n=600):
    """A model unsure everywhere near x = 0, most of all in one dense spot of it."""
    rng = np.random.default_rng(seed)
    vectors = np.stack([rng.normal(size=n), rng.uniform(-10, 10, size=n)], axis=1)
    vectors[:200] = [0.0, 3.0] + 0.02 * rng.normal(size=(200, 2))
    sure = 1 / (1 + np.exp(-vectors[:, 0]))
    return Signals(proba=np.stack([sure, 1 - sure], axis=1), vectors=vectors)


@pytest.mark.parametrize("strategy", [KMeansSampling(), Auto(), KCenter()])
@pytest.mark.parametrize("seed", range(5))
def test_one_batch_touches_every_cluster_before_any_label(strategy, seed):
    picks = strategy.select(Signals(vectors=blobs(12, 40, seed)), 12, seed)
    if isinstance(strategy, KCenter):
        assert len(set(picks // 40)) >= 10  # it spends some picks on the rim
    else:
        assert sorted(picks // 40) == list(range(12))


def test_kcenter_starts_in_the_middle_and_avoids_what_is_labelled():
    line = np.array([[0.0], [4.0], [5.0], [10.0]])
    assert KCenter().select(Signals(vectors=line), 1, 0).tolist() == [2]
    known = Labelled(np.array([[9.0], [0.5]]), np.array([0, 1]), ["a", "b"])
    picks = KCenter().pick(Signals(vectors=line, labelled=known), 2, 0)
    assert picks.positions[0] == 2 and picks.scores[0] == 4.0


@pytest.mark.parametrize("seed", range(5))
def test_a_diverse_batch_is_spread_wider_than_plain_uncertainty(seed):
    signals = boundary_pool(seed)
    plain = Margin().select(signals, 20, seed)
    diverse = DiverseBatch().select(signals, 20, seed)
    assert spread(signals.vectors[diverse]) > 2 * spread(signals.vectors[plain])
    certain = Margin().score(signals)[diverse].min()
    assert certain >= np.sort(Margin().score(signals))[-200]  # all of the 10 x 20 kept


def test_a_diverse_batch_starts_with_the_most_uncertain():
    picks = DiverseBatch(Entropy(), beta=3).pick(boundary_pool(0), 15, 0)
    assert (np.diff(picks.scores) <= 0).all()
    assert isinstance(DiverseBatch().cold_start, KMeansSampling)


@pytest.mark.parametrize("beta", [0, 2.5, True])
def test_a_bad_beta_is_refused(beta):
    with pytest.raises(BadInput, match="beta"):
        DiverseBatch(beta=beta)


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize("base", [Margin(), DiverseBatch(), Mix({Margin(): 0.8, Random(): 0.2})])
def test_of_500_copies_of_one_hard_item_about_one_is_asked(noise, base):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(1000, 5))
    vectors[:500] = vectors[0] + noise * rng.normal(size=(500, 5))
    sure = rng.uniform(0.55, 1, size=1000)
    sure[:500] = 0.5
    signals = Signals(proba=np.stack([sure, 1 - sure], axis=1), vectors=vectors)
    picks = Distinct(base).pick(signals, 30, 0)
    assert len(set(picks.positions.tolist())) == 30
    assert (picks.positions < 500).sum() == 1


def test_a_batch_without_copies_is_the_bases_own():
    rng = np.random.default_rng(3)
    signals = Signals(proba=rng.dirichlet(np.ones(3), 200), vectors=rng.normal(size=(200, 4)))
    for n in (1, 25):
        own, distinct = Margin().pick(signals, n, 5), Distinct(Margin()).pick(signals, n, 5)
        np.testing.assert_array_equal(own.positions, distinct.positions)
        np.testing.assert_array_equal(own.scores, distinct.scores)
        assert own.names == distinct.names
        np.testing.assert_array_equal(own.probability, distinct.probability)


def test_copies_fill_the_batch_last():
    vectors = np.array([[1.0]] * 5 + [[2.0], [8.0]])
    proba = np.array([[0.5, 0.5]] * 5 + [[0.8, 0.2], [0.9, 0.1]])
    picks = Distinct(Margin()).select(Signals(proba=proba, vectors=vectors), 6, 0)
    assert vectors[picks].ravel().tolist() == [1.0, 2.0, 8.0, 1.0, 1.0, 1.0]


def test_a_draw_after_dropped_copies_has_no_known_probability():
    vectors = np.repeat(np.arange(10.0)[:, None], 30, axis=0)
    picks = Distinct(Random()).pick(Signals(vectors=vectors), 10, 0)
    assert sorted(vectors[picks.positions].ravel()) == list(range(10))
    assert np.isnan(picks.probability).all()


@pytest.mark.parametrize("tolerance", [-0.1, np.nan])
def test_a_bad_tolerance_is_refused(tolerance):
    with pytest.raises(BadInput, match="tolerance"):
        Distinct(Margin(), tolerance)


def labelled_pool(seed):
    signals = boundary_pool(seed)
    rng = np.random.default_rng(seed)
    known = Labelled(
        rng.uniform(-5, 5, size=(30, 2)), np.arange(30) % 10 // 9, classes=("often", "rare")
    )
    return signals.proba, signals.vectors, known


@pytest.mark.parametrize("seed", range(3))
def test_auto_asks_the_uncertain_but_spread(seed):
    proba, vectors, known = labelled_pool(seed)
    signals = Signals(proba=proba, vectors=vectors, labelled=known)
    picks = Auto().select(signals, 20, seed)
    margin = Margin().score(signals)
    assert margin[picks].mean() > margin.mean()
    assert spread(vectors[picks]) > 2 * spread(vectors[Margin().select(signals, 20, seed)])


def test_auto_covers_where_there_are_no_probabilities():
    _, vectors, known = labelled_pool(0)
    signals = Signals(vectors=vectors, labelled=known)
    assert Auto().select(signals, 9, 0).tolist() == KCenter().select(signals, 9, 0).tolist()


def test_auto_leans_to_the_class_that_is_rare_among_the_labels():
    vectors = np.random.default_rng(0).normal(size=(400, 2))
    right = vectors[:, 0] > 0
    proba = np.where(right[:, None], [0.3, 0.7], [0.7, 0.3])
    known = Labelled(np.zeros((40, 2)), np.array([0] * 36 + [1] * 4), classes=("often", "rare"))
    picks = Auto().select(Signals(proba=proba, vectors=vectors, labelled=known), 20, 0)
    assert right[picks].sum() >= 12


def test_auto_survives_copies_among_the_labelled():
    proba, vectors, known = labelled_pool(1)
    twice = Labelled(
        np.concatenate([known.vectors, known.vectors[:1]]),
        np.append(known.targets, known.targets[0]),
        known.classes,
    )
    once = Auto().select(Signals(proba=proba, vectors=vectors, labelled=known), 20, 0)
    copied = Auto().select(Signals(proba=proba, vectors=vectors, labelled=twice), 20, 0)
    assert len(set(once.tolist()) & set(copied.tolist())) >= 15
