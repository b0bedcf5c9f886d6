import json

import numpy as np
import pytest
from sklearn import metrics as sk

from querist.core.errors import BadInput
from querist.metrics.classification import calibration_error, classification

LABELS = ["a", "b", "c", "d"]


def sample(m=400, k=4, seed=0):
    rng = np.random.default_rng(seed)
    proba = rng.dirichlet(np.full(k, 0.5), m)
    truth = np.array([rng.choice(k, p=row) for row in proba])
    return truth, proba.argmax(axis=1), proba


def test_hand_computed():
    truth, value = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    scores = classification(truth, value, None, ["a", "b"])
    point = {name: score.value for name, score in scores.items()}
    assert point == pytest.approx(
        {
            "accuracy": 3 / 4,
            "recall_macro": (2 / 3 + 1) / 2,
            "precision_macro": (1 + 1 / 2) / 2,
            "f1_macro": (4 / 5 + 2 / 3) / 2,
            "f1[a]": 4 / 5,
            "f1[b]": 2 / 3,
            "recall[a]": 2 / 3,
            "recall[b]": 1,
        }
    )


@pytest.mark.parametrize("absent", [False, True])
def test_points_equal_sklearn(absent):
    truth, value, proba = sample()
    if absent:
        truth, value = np.where(truth == 3, 0, truth), np.where(value == 2, 1, value)
    scores = {name: s.value for name, s in classification(truth, value, proba, LABELS).items()}
    options = {"average": "macro", "zero_division": 0}
    assert scores["accuracy"] == pytest.approx(sk.accuracy_score(truth, value))
    assert scores["f1_macro"] == pytest.approx(sk.f1_score(truth, value, **options))
    assert scores["recall_macro"] == pytest.approx(sk.recall_score(truth, value, **options))
    assert scores["precision_macro"] == pytest.approx(sk.precision_score(truth, value, **options))
    assert scores["log_loss"] == pytest.approx(sk.log_loss(truth, proba, labels=range(4)))


def test_intervals_hold_their_estimate_and_match_a_plain_bootstrap():
    truth, value, proba = sample()
    scores = classification(truth, value, proba, LABELS)
    assert all(s.low <= s.value <= s.high for s in scores.values())
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(300):
        rows = rng.integers(len(truth), size=len(truth))
        drawn.append(sk.f1_score(truth[rows], value[rows], average="macro", zero_division=0))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert scores["f1_macro"].low == pytest.approx(low, abs=0.015)
    assert scores["f1_macro"].high == pytest.approx(high, abs=0.015)


def test_absent_classes_are_left_out():
    scores = classification(np.array([0, 0, 1]), np.array([0, 1, 2]), None, LABELS)
    assert "recall[c]" not in scores and scores["f1[c]"].value == 0
    assert "f1[d]" not in scores and "recall[d]" not in scores
    assert json.dumps([vars(s) for s in scores.values()], allow_nan=False)


def test_a_single_item_and_none():
    one = np.array([1])
    scores = classification(one, one, np.array([[0.0, 1.0]]), ["a", "b"])
    assert scores["accuracy"].value == 1 and scores["accuracy"].low < 0.3
    assert classification(one[:0], one[:0], None, ["a", "b"]) == {}


def test_same_seed_same_intervals():
    truth, value, proba = sample()
    first = classification(truth, value, proba, LABELS, seed=3)
    assert first == classification(truth, value, proba, LABELS, seed=3)
    assert first != classification(truth, value, proba, LABELS, seed=4)


def test_single_precision_probabilities_are_fine():
    truth, value, proba = sample()
    single = classification(truth, value, proba.astype(np.float32), LABELS)
    assert single["log_loss"].value == pytest.approx(
        classification(truth, value, proba, LABELS)["log_loss"].value, rel=1e-4
    )


def test_calibration_error_of_calibrated_and_overconfident_models():
    truth, _, proba = sample(20_000)
    assert calibration_error(truth, proba) < 0.02
    sure = np.eye(4)[proba.argmax(axis=1)]
    wrong = 1 - (proba.argmax(axis=1) == truth).mean()
    assert calibration_error(truth, sure) == pytest.approx(wrong)


def test_refuses_what_does_not_fit():
    with pytest.raises(BadInput, match="positions from 0 to 3"):
        classification(np.array([4]), np.array([0]), None, LABELS)
    with pytest.raises(BadInput, match="another number"):
        classification(np.array([1]), np.array([0, 1]), None, LABELS)
    with pytest.raises(BadInput, match="shape"):
        classification(np.eye(2), np.array([0, 1]), None, LABELS)
