"""4DS against scikit-activeml, both given the same mixture and the same probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.selection.criteria import Criteria, log_odds, stretched
from querist.selection.mixture import Mixture
from querist.strategies import FourDs, four_ds

CLASSES = ("a", "b", "c")


@pytest.fixture
def data():
    """Rows, labels (NaN unknown), and scikit-activeml's classifier with its mixture fitted."""
    pytest.importorskip("skactiveml")
    from skactiveml.classifier import MixtureModelClassifier

    rng = np.random.default_rng(7)
    rows = np.concatenate([rng.normal(c, 1.0, size=(40, 2)) for c in ((0, 0), (3, 1), (1, 4))])
    rows = rows[rng.permutation(len(rows))]
    y = np.full(len(rows), np.nan)
    y[:7] = [0, 0, 1, 0, 0, 2, 0]
    parts = GaussianMixture(3, covariance_type="diag", random_state=0).fit(rows)
    judge = MixtureModelClassifier(parts, classes=[0, 1, 2], random_state=0).fit(rows, y)
    return rows, y, judge


def peer(rows, y, judge, n, diversity=None):
    from skactiveml.pool import FourDs as Peer

    return Peer(lmbda=diversity, random_state=0).query(
        rows, y, judge, fit_clf=False, batch_size=n, return_utilities=True
    )


def signals_of(rows, y, judge):
    free = np.isnan(y)
    known = Labelled(rows[~free], y[~free].astype(int), CLASSES)
    return Signals(proba=judge.predict_proba(rows[free]), vectors=rows[free], labelled=known)


def criteria_of(rows, y, judge):
    free, parts = np.isnan(y), judge.mixture_model_
    proba = judge.predict_proba(rows[free])
    return Criteria(
        near=1 - stretched(log_odds(proba)),
        dense=stretched(parts.score_samples(rows[free])),
        wrong=1 - proba.max(axis=1),
        share=parts.predict_proba(rows[free]),
        told=parts.predict_proba(rows[~free]),
        weights=parts.weights_,
    )


@pytest.fixture
def same_mixture(data, monkeypatch):
    parts = data[2].mixture_model_
    mixture = Mixture(parts.weights_, parts.means_, parts.covariances_)
    monkeypatch.setattr(four_ds, "fit_mixture", lambda *_: mixture)


def test_the_first_pick_and_its_score_are_the_peers(data, same_mixture):
    theirs, scores = peer(*data, 1)
    ours = FourDs().pick(signals_of(*data), 1, 0)
    assert ours.positions + 7 == theirs
    assert ours.scores == pytest.approx(scores[0, theirs])


@pytest.mark.parametrize("term", ["near", "dense", "spread"])
def test_a_term_by_itself_is_the_peers(data, term):
    # weights that leave one term: the peer's come from errors and labels, so they are set there
    rows, y, judge = data
    ours = criteria_of(rows, y, judge)
    rho = ours.missing()
    alpha = (1 - rho) * np.mean(ours.wrong * ours.dense)
    share = {"near": alpha, "dense": 1 - rho - alpha, "spread": rho}
    terms = {"near": ours.near, "dense": ours.dense, "spread": ours.spread([])}
    rest = sum(share[other] * terms[other] for other in share if other != term)
    scores = peer(rows, y, judge, 1)[1][0, 7:]
    assert 0.01 < share[term] < 0.99
    np.testing.assert_allclose((scores - rest) / share[term], terms[term], atol=1e-9)


def test_apart_alone_is_the_peers(data, same_mixture):
    theirs, scores = peer(*data, 6, 1.0)  # all weight on diversity leaves rho none
    ours = criteria_of(*data)
    for i in range(1, 6):
        expected = np.delete(scores[i, 7:], theirs[:i] - 7)
        found = np.delete(ours.apart(list(theirs[:i] - 7)), theirs[:i] - 7)
        np.testing.assert_allclose(found, expected, atol=1e-12)
    assert FourDs(1.0).select(signals_of(*data), 6, 0).tolist() == (theirs - 7).tolist()


@pytest.mark.parametrize("diversity", [None, 0.0, 0.3])
def test_batches_are_the_peers_where_labels_look_like_the_pool(data, diversity):
    # weights set to the mean share of the labels take rho, and with it the peer's wrong count
    # of what is asked (see the next test), out of the sum
    rows, y, judge = data
    parts = judge.mixture_model_
    for _ in range(200):
        parts.weights_ = parts.predict_proba(rows[:7]).mean(axis=0)
    theirs, scores = peer(rows, y, judge, 12, diversity)
    ours = criteria_of(rows, y, judge)
    assert ours.missing() < 1e-3
    picks, won = ours.greedy(12, min(0.05 * 11, 0.5) if diversity is None else diversity)
    assert (picks + 7).tolist() == theirs.tolist()
    np.testing.assert_allclose(won, scores[np.arange(12), theirs], atol=1e-3)


def test_the_mean_share_counts_what_is_asked_so_far_and_not_the_whole_batch(data):
    # scikit-activeml 1.0.1 divides by the size of the batch to come; its first version grew
    ours, told = criteria_of(*data), 7
    for picked in ([], [4], [4, 50, 9]):
        everyone = [*ours.told, *ours.share[picked]]
        expected = [
            1 - sum(max(0, w - s) for w, s in zip(ours.weights, np.mean([*everyone, mine], axis=0),
                                                  strict=True))
            for mine in ours.share
        ]  # fmt: skip
        np.testing.assert_allclose(ours.spread(picked), expected, atol=1e-12)
    wrong = (ours.share + ours.share[[4]].sum(axis=0) + ours.told.sum(axis=0)) / (told + 12 + 1)
    assert (
        np.abs(1 - np.maximum(ours.weights - wrong, 0).sum(axis=1) - ours.spread([4])).max() > 0.1
    )


def test_without_labels_the_mixture_alone_decides():
    # scikit-activeml counts one label where there is none, so the definition it is
    rng = np.random.default_rng(3)
    signals = Signals(proba=rng.dirichlet(np.ones(3), size=50), vectors=rng.normal(size=(50, 2)))
    pick = FourDs().pick(signals, 1, 0)
    parts = Criteria(*np.ones((3, 2)), np.eye(2), np.empty((0, 2)), np.array([0.3, 0.7]))
    assert parts.missing() == 1.0
    assert parts.greedy(1, 0.0)[0].tolist() == [1]
    assert 0 < pick.scores[0] <= 1


def test_a_class_nobody_labelled_is_asked_first():
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(c, 0.5, size=(40, 2)) for c in (0, 10)])
    known = Labelled(rng.normal(0, 0.5, size=(6, 2)), np.zeros(6, dtype=int), ("a", "b"))
    signals = Signals(proba=np.tile([0.9, 0.1], (80, 1)), vectors=vectors, labelled=known)
    assert (FourDs().select(signals, 4, 0) >= 40).all()


@pytest.mark.parametrize("given", [{"diversity": 1.5}, {"diversity": -0.1}, {"components": 0}])
def test_bad_options(given):
    with pytest.raises(BadInput, match=next(iter(given))):
        FourDs(**given)
