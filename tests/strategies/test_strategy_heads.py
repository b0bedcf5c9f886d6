"""Strategies on frozen vectors and on probabilities, against their definitions in plain loops."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist.core.errors import BadInput, MissingNeed
from querist.core.types import Labelled, Signals
from querist.selection.softmax_head import softmax, softmax_head
from querist.strategies import (
    CLUE,
    ALFAMix,
    ContrastiveAL,
    DiscriminativeAL,
    DropQuery,
    Falcun,
    KMeansSampling,
)
from querist.strategies.alfa_mix import flips_at


def made(n, m=15, d=4, k=3, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "proba": rng.dirichlet(np.ones(k), size=n),
        "vectors": rng.normal(size=(n, d)),
        "labelled": Labelled(
            rng.normal(size=(m, d)),
            np.arange(m) % k,
            tuple("abcdefgh"[:k]),
            rng.dirichlet(np.ones(k), size=m),
        ),
    }


def blobs(seed, sizes=(30, 40, 50, 20)):
    rng = np.random.default_rng(seed)
    centres = 50.0 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    which = np.repeat(np.arange(len(sizes)), sizes)
    return centres[which] + rng.normal(size=(len(which), 2)), which, rng


def entropies(proba):
    return np.array([-sum(p * np.log(p) for p in row if p > 0) for row in proba])


# CLUE


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_clue_takes_the_item_nearest_to_each_weighted_centre(temperature):
    vectors, which, rng = blobs(0)
    proba = rng.dirichlet(np.ones(3) / 2, size=len(which))
    weights = entropies([row ** (1 / temperature) / sum(row ** (1 / temperature)) for row in proba])
    expected = []
    for c in range(4):
        inside = np.flatnonzero(which == c)
        centre = (weights[inside, None] * vectors[inside]).sum(axis=0) / weights[inside].sum()
        expected.append(inside[np.argmin(((vectors[inside] - centre) ** 2).sum(axis=1))])
    picks = CLUE(temperature).pick(Signals(proba=proba, vectors=vectors), 4, 0)
    assert sorted(picks.positions.tolist()) == sorted(expected)
    np.testing.assert_allclose(picks.scores, weights[picks.positions])


def test_clue_agrees_with_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    from skactiveml.classifier import SklearnClassifier

    vectors, which, rng = blobs(1)
    y = np.full(len(which), np.nan)
    y[rng.permutation(len(which))[:12]] = np.arange(12) % 3
    clf = SklearnClassifier(LogisticRegression(C=0.01), classes=[0, 1, 2]).fit(vectors, y)
    free = np.flatnonzero(np.isnan(y))
    theirs = pool.Clue(method="entropy", random_state=0).query(
        vectors, y, clf, fit_estimator=False, batch_size=4
    )
    signals = Signals(proba=clf.predict_proba(vectors[free]), vectors=vectors[free])
    assert sorted(free[CLUE().select(signals, 4, 0)]) == sorted(theirs)


def test_clue_without_uncertainty_is_clustering():
    vectors, which, _ = blobs(2)
    signals = Signals(proba=np.tile([1.0, 0.0], (len(which), 1)), vectors=vectors)
    np.testing.assert_array_equal(
        np.sort(CLUE().select(signals, 4, 0)), np.sort(KMeansSampling().select(signals, 4, 0))
    )


# ContrastiveAL


@pytest.mark.parametrize("neighbours", [1, 4, 99])
def test_contrastive_is_the_mean_divergence_from_labelled_neighbours(neighbours):
    parts = made(30)
    known = parts["labelled"]
    expected = []
    for point, said in zip(parts["vectors"], parts["proba"], strict=True):
        far = [sum((point - other) ** 2) for other in known.vectors]
        near = np.argsort(far)[:neighbours]
        apart = [sum(p * np.log(p / q) for p, q in zip(known.proba[o], said, strict=True))
                 for o in near]  # fmt: skip
        expected.append(np.mean(apart))
    np.testing.assert_allclose(
        ContrastiveAL(neighbours).score(Signals(**parts)), expected, atol=1e-5
    )


def test_contrastive_is_finite_where_a_probability_is_zero():
    known = Labelled(np.zeros((1, 1)), np.zeros(1), proba=np.array([[1.0, 0.0]]))
    signals = Signals(proba=np.array([[0.0, 1.0]]), vectors=np.ones((1, 1)), labelled=known)
    assert 10 < ContrastiveAL().score(signals)[0] < 20


def test_contrastive_says_what_is_missing():
    parts = made(5)
    known = parts["labelled"]
    parts["labelled"] = Labelled(known.vectors, known.targets)
    with pytest.raises(MissingNeed, match=r"labelled\.proba"):
        ContrastiveAL().select(Signals(**parts), 1, 0)
    parts["labelled"] = Labelled(known.vectors, known.targets, proba=np.full((15, 2), 0.5))
    with pytest.raises(BadInput, match="2 columns but proba has 3"):
        ContrastiveAL().select(Signals(**parts), 1, 0)


def test_contrastive_agrees_with_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    from skactiveml.classifier import SklearnClassifier

    rng = np.random.default_rng(5)
    vectors, y = rng.normal(size=(120, 5)), np.full(120, np.nan)
    y[:25] = np.arange(25) % 3
    clf = SklearnClassifier(LogisticRegression(), classes=[0, 1, 2]).fit(vectors, y)
    query = pool.ContrastiveAL(nearest_neighbors_dict={"n_neighbors": 10}, random_state=0)
    theirs, scores = query.query(
        vectors, y, clf, fit_clf=False, batch_size=8, return_utilities=True
    )
    said = clf.predict_proba(vectors)
    known = Labelled(vectors[:25], y[:25].astype(int), proba=said[:25])
    signals = Signals(proba=said[25:], vectors=vectors[25:], labelled=known)
    np.testing.assert_allclose(ContrastiveAL().score(signals), scores[0][25:], atol=1e-9)
    np.testing.assert_array_equal(ContrastiveAL().select(signals, 8, 0) + 25, theirs)


# DiscriminativeAL


@pytest.mark.parametrize("steps", [1, 3, 6])
def test_discriminative_trains_again_after_every_step(steps):
    parts = made(60, seed=4)
    everything = np.concatenate([parts["labelled"].vectors, parts["vectors"]])
    everything -= everything.mean(axis=0)
    everything /= np.sqrt(np.mean(everything**2))
    unlabelled = np.arange(75) >= 15
    expected = []
    while len(expected) < 6:
        model = LogisticRegression(class_weight="balanced", tol=1e-10, max_iter=5000)
        scores = model.fit(everything, unlabelled).decision_function(everything)
        scores[~unlabelled] = -np.inf
        for row in np.argsort(-scores)[: min(-(-6 // steps), 6 - len(expected))]:
            expected.append(row - 15)
            unlabelled[row] = False
    del parts["proba"]
    picks = DiscriminativeAL(steps).select(Signals(**parts), 6, 0)
    assert picks.tolist() == expected


def test_discriminative_agrees_with_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    from skactiveml.classifier import SklearnClassifier

    parts = made(60, seed=6)
    everything = np.concatenate([parts["labelled"].vectors, parts["vectors"]])
    everything -= everything.mean(axis=0)
    everything /= np.sqrt(np.mean(everything**2))
    y = np.append(parts["labelled"].targets.astype(float), np.full(60, np.nan))
    judge = SklearnClassifier(LogisticRegression(class_weight="balanced", tol=1e-10))
    theirs = pool.DiscriminativeAL(random_state=0).query(everything, y, judge, batch_size=5)
    picks = DiscriminativeAL(5).select(
        Signals(vectors=parts["vectors"], labelled=parts["labelled"]), 5, 0
    )
    assert (picks + 15).tolist() == theirs.tolist()


# DropQuery


def test_dropout_keeps_each_feature_with_its_probability():
    rng = np.random.default_rng(0)
    known, targets = rng.normal(size=(20, 6)), np.arange(20) % 3
    items, copies, rate, passes = rng.normal(size=(4, 6)), 4000, 0.6, 5
    slopes, offsets = softmax_head(known, targets)
    expected = []
    for item in items:
        usual = np.argmax(item @ slopes + offsets)
        flips = 0.0
        for mask in product([0, 1], repeat=6):
            kept = np.array(mask)
            weight = (1 - rate) ** kept.sum() * rate ** (6 - kept.sum())
            flips += weight * (np.argmax((item * kept / (1 - rate)) @ slopes + offsets) != usual)
        expected.append(flips)
    signals = Signals(vectors=np.repeat(items, copies, axis=0), ids=np.arange(4 * copies))
    found = DropQuery(passes, rate)._changed(signals, known, Labelled(known, targets), 7)
    shares = found.reshape(4, copies).mean(axis=1) / passes
    np.testing.assert_allclose(shares, expected, atol=5 * 0.5 / np.sqrt(copies * passes))


def test_drop_query_clusters_what_changed_most():
    vectors, which, rng = blobs(3, sizes=(60, 60, 60, 60))
    votes = np.zeros((len(which), 5), dtype=int)
    often = rng.permutation(np.flatnonzero(which < 2))[:55]
    votes[often, :] = 1
    votes[often, :3] = rng.integers(2, 4, size=(55, 1))
    draws = 0.04 + 0.84 * np.eye(4)[votes]
    usual = draws.mean(axis=1).argmax(axis=1)
    changed = [sum(v != u for v in row) for row, u in zip(votes, usual, strict=True)]
    least = 3
    while sum(c >= least for c in changed) < 50:
        least -= 1
    candidates = {i for i, c in enumerate(changed) if c >= least}
    picks = DropQuery(head=False).select(Signals(vectors=vectors, draws=draws), 2, 0)
    assert set(picks.tolist()) <= candidates == set(often.tolist())
    assert sorted(which[picks]) == [0, 1]


# Falcun


def naive_falcun(proba, n, gamma, choose):
    unsure = np.array([1 - (np.sort(row)[-1] - np.sort(row)[-2]) for row in proba])
    apart, picked = unsure.copy(), []
    while len(picked) < n:
        chances = (unsure + apart) ** gamma
        chances[picked] = 0
        picked.append(choose(chances / chances.sum()))
        for i, row in enumerate(proba):
            apart[i] = min(apart[i], sum(abs(row - proba[picked[-1]])))
        apart = (apart - apart.min()) / (apart.max() - apart.min())
    return picked


def test_falcun_draws_by_its_law():
    proba = np.random.default_rng(2).dirichlet(np.ones(3), size=5)
    law = np.zeros((5, 5))
    for first in range(5):
        chances = []
        turn = iter([first, 0])

        def choose(share, turn=turn, chances=chances):
            chances.append(share)
            return next(turn)

        naive_falcun(proba, 2, 3.0, choose)
        law[first] = chances[0][first] * chances[1]
    found, times = np.zeros((5, 5)), 6000
    for seed in range(times):
        found[tuple(Falcun(3.0).select(Signals(proba=proba), 2, seed))] += 1 / times
    np.testing.assert_allclose(found, law, atol=5 * np.sqrt(0.25 / times))
    assert abs(found - law).sum() / 2 < 0.04


def test_falcun_strict_is_greedy_and_agrees_with_scikit_activeml():
    proba = np.random.default_rng(8).dirichlet(np.ones(4), size=60)
    picks = Falcun(gamma=900).select(Signals(proba=proba), 8, 0).tolist()
    assert picks == naive_falcun(proba, 8, 900, lambda share: int(np.argmax(share)))
    pool = pytest.importorskip("skactiveml.pool")
    from skactiveml.base import SkactivemlClassifier

    class Said(SkactivemlClassifier):
        def fit(self, X, y, sample_weight=None):
            return self

        def predict_proba(self, X):
            return proba[X[:, 0].astype(int)]

    rows = np.arange(60.0)[:, None]
    query = pool.Falcun(gamma=900, random_state=0)
    theirs = query.query(rows, np.full(60, np.nan), Said(classes=range(4)), False, batch_size=8)
    assert picks == theirs.tolist()


def test_falcun_does_not_vanish_where_all_is_nearly_certain():
    proba = np.array([[1 - 1e-60, 1e-60], [1.0, 0.0], [1.0, 0.0]])
    assert len(set(Falcun(gamma=50).select(Signals(proba=proba), 3, 0).tolist())) == 3


# ALFAMix


def gradient(h, slopes, offsets, label):
    def loss(at):
        return -np.log(softmax((at @ slopes + offsets)[None])[0, label])

    small = 1e-6
    return np.array([(loss(h + e) - loss(h - e)) / (2 * small) for e in small * np.eye(len(h))])


@pytest.mark.parametrize("k", [2, 4])
def test_alfa_mix_flips_as_by_mixing_every_feature(k):
    parts = made(40, m=20, k=k, seed=k)
    known = parts["labelled"]
    slopes, offsets = softmax_head(known.vectors, known.targets)
    means = [known.vectors[known.targets == c].mean(axis=0) for c in range(k)]
    least = flips_at(parts["vectors"], known.vectors, known.targets)
    for h, flips in zip(parts["vectors"], least, strict=True):
        label = np.argmax(h @ slopes + offsets)
        g = gradient(h, slopes, offsets, label)
        for e in (0.03, 0.1, 0.2, 0.4, 0.8, 1.0):
            mixed = []
            for z in means:
                alpha = e * np.linalg.norm(z - h) * (g / np.linalg.norm(g)) / (z - h)
                mixed.append(alpha * z + (1 - alpha) * h)
            flipped = any(np.argmax(at @ slopes + offsets) != label for at in mixed)
            assert flipped == (flips < e) or abs(flips - e) < 1e-5


def test_alfa_mix_clusters_the_first_to_flip():
    parts = made(300, m=30, seed=3)
    del parts["proba"]
    known = parts["labelled"]
    least = flips_at(parts["vectors"], known.vectors, known.targets)
    cap = next(e for e in np.arange(1, 33) / 32 if np.sum(least <= e) >= 7)
    picks = ALFAMix().pick(Signals(**parts), 7, 0)
    assert (least[picks.positions] <= cap).all()
    np.testing.assert_allclose(picks.scores, -least[picks.positions])


def test_alfa_mix_draws_what_is_short():
    known = Labelled(np.array([[-9.0], [9.0]]), np.array([1, 1]))  # no other class to mix in
    vectors = np.arange(30.0)[:, None]
    drawn = {
        tuple(ALFAMix().select(Signals(vectors=vectors, labelled=known), 3, seed))
        for seed in range(5)
    }
    assert len(drawn) == 5


@pytest.mark.parametrize(
    ("cls", "given"),
    [
        (CLUE, {"temperature": 0}),
        (ContrastiveAL, {"neighbours": 0}),
        (DiscriminativeAL, {"steps": True}),
        (DropQuery, {"passes": 0}),
        (DropQuery, {"rate": 1.0}),
        (Falcun, {"gamma": -1}),
        (ALFAMix, {"step": 0}),
    ],
)
def test_bad_options(cls, given):
    with pytest.raises(BadInput, match=next(iter(given))):
        cls(**given)
