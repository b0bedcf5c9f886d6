"""Strategies for several labels an item against their papers, written as plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import (
    LCI,
    MMC,
    AvgConfidence,
    AvgScore,
    BinaryMinimum,
    MaxConfidence,
    MaxLoss,
    MaxScore,
    MeanMaxLoss,
)

NAMES = ("a", "b", "c", "d")


def marginals_of(seed, n=50):
    return np.random.default_rng(seed).uniform(size=(n, len(NAMES)))


def hinge(values, only):
    """Loss of one item if the label `only` alone applied (Li, Wang and Sung)."""
    return sum(max(0.0, 1 - (1 if j == only else -1) * f) for j, f in enumerate(values))


def mean_max_loss(values):
    predicted = [j for j, f in enumerate(values) if f > 0] or [int(np.argmax(values))]
    return np.mean([hinge(values, j) for j in predicted])


LOOPS = {
    BinaryMinimum(): lambda f: 1 - min(abs(f)),
    MaxLoss(): lambda f: hinge(f, int(np.argmax(f))),
    MeanMaxLoss(): mean_max_loss,
    AvgScore(): np.mean,
    MaxScore(): max,
    AvgConfidence(): lambda f: 1 - np.mean(abs(f)),
    MaxConfidence(): lambda f: 1 - max(abs(f)),
}


@pytest.mark.parametrize("strategy", LOOPS, ids=repr)
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_the_papers(strategy, seed):
    marginals = marginals_of(seed)
    marginals[0] = 0.2  # no label is predicted
    marginals[1] = 1.0
    expected = [LOOPS[strategy](2 * row - 1) for row in marginals]
    np.testing.assert_allclose(strategy.score(Signals(marginals=marginals)), expected, atol=1e-12)


def test_mean_max_loss_looks_at_decision_values_and_predicted_labels_only():
    """modAL 0.4.2 takes hard predictions, so it cannot tell these two apart, and averages all."""
    sure, unsure = [1.0, 1.0, 0.0, 0.0], [0.51, 0.51, 0.49, 0.49]
    scores = MeanMaxLoss().score(Signals(marginals=np.array([sure, unsure])))
    assert scores[1] > scores[0]


def test_average_confidence_prefers_the_unsure():
    """modAL 0.4.2 asks where the mean probability is highest, whatever its certainty."""
    marginals = np.array([[1.0, 1.0], [0.5, 0.5], [0.0, 0.0]])
    assert AvgConfidence().select(Signals(marginals=marginals), 1, 0).tolist() == [1]


def test_label_cardinality_by_hand():
    told = np.array([[1, 1, 0, 0], [1, 0, 0, 0]])
    marginals = np.array([[0.9, 0.9, 0.9, 0.9], [0.1, 0.1, 0.1, 0.6], [0.5, 0.5, 0.5, 0.5]])
    scores = LCI().score(Signals(marginals=marginals, labelled=Labelled(None, told, NAMES)))
    np.testing.assert_allclose(scores, [2.5, 0.5, 1.5])


def test_label_cardinality_of_nothing_is_the_expected_one():
    scores = LCI().score(Signals(marginals=np.array([[0.9, 0.9], [0.1, 0.1]])))
    np.testing.assert_allclose(scores, [1.0, 1.0])


@pytest.mark.parametrize("seed", range(3))
def test_mmc_is_the_papers(seed):
    rng = np.random.default_rng(seed)
    known, marginals = rng.uniform(size=(40, 4)), marginals_of(seed + 10)
    told = (known + rng.normal(scale=0.2, size=known.shape) > 0.5).astype(np.int8)
    ranked = np.sort(known, axis=1)[:, ::-1] / known.sum(axis=1, keepdims=True)
    counter = LogisticRegression(tol=1e-8, max_iter=1000).fit(ranked, told.sum(axis=1))
    expected = []
    for row in marginals:
        order = np.argsort(-row)
        many = counter.predict([row[order] / row.sum()])[0]
        y = np.full(4, -1)
        y[order[:many]] = 1
        expected.append(sum((1 - y[c] * (2 * row[c] - 1)) / 2 for c in range(4)))
    labelled = Labelled(None, told, NAMES, marginals=known)
    found = MMC().score(Signals(marginals=marginals, labelled=labelled))
    np.testing.assert_allclose(found, expected)


def test_mmc_without_what_the_model_says_of_the_labelled_takes_the_expected_number():
    marginals = np.array([[0.9, 0.8, 0.4, 0.0], [0.3, 0.1, 0.0, 0.0]])
    found = MMC().score(Signals(marginals=marginals))
    np.testing.assert_allclose(found, [0.1 + 0.2 + 0.4, 0.3 + 0.1])


def test_mmc_takes_labelled_items_that_all_have_equally_many_labels():
    known = np.array([[0.9, 0.2], [0.1, 0.7]])
    labelled = Labelled(None, np.array([[1, 0], [0, 1]]), ("a", "b"), marginals=known)
    found = MMC().score(Signals(marginals=np.array([[0.9, 0.9]]), labelled=labelled))
    np.testing.assert_allclose(found, [0.1 + 0.9])


def test_marginals_of_labelled_items_are_checked():
    with pytest.raises(BadInput, match=r"labelled\.marginals"):
        Labelled(None, np.array([[1, 0]]), ("a", "b"), marginals=np.array([[1.5, 0.0]]))
