import numpy as np
import pytest
from sklearn import metrics as sk

from querist.core.errors import BadInput
from querist.metrics.multilabel import multilabel


def test_hand_computed():
    truth = np.array([[1, 0], [1, 1], [0, 1]])
    value = np.array([[1, 0], [1, 0], [1, 1]])
    point = {name: s.value for name, s in multilabel(truth, value, ["a", "b"]).items()}
    assert point == pytest.approx(
        {
            "subset_accuracy": 1 / 3,
            "f1_macro": (4 / 5 + 2 / 3) / 2,
            "f1_micro": 6 / 8,
            "f1[a]": 4 / 5,
            "f1[b]": 2 / 3,
            "recall[a]": 1,
            "recall[b]": 1 / 2,
        }
    )


def test_equals_sklearn():
    rng = np.random.default_rng(0)
    truth = (rng.random((200, 5)) < 0.3).astype(int)
    value = np.where(rng.random((200, 5)) < 0.2, 1 - truth, truth)
    truth[:, 4] = value[:, 4] = 0
    scores = multilabel(truth, value, list("abcde"))
    options = {"zero_division": np.nan}
    for average in ("macro", "micro"):
        expected = sk.f1_score(truth, value, average=average, **options)
        assert scores[f"f1_{average}"].value == pytest.approx(expected)
    assert scores["subset_accuracy"].value == pytest.approx(sk.accuracy_score(truth, value))
    assert "f1[e]" not in scores
    assert all(s.low <= s.value <= s.high for s in scores.values())


def test_nothing_to_score():
    nothing = np.zeros((3, 2), int)
    assert set(multilabel(nothing, nothing, ["a", "b"])) == {"subset_accuracy"}
    assert multilabel(nothing[:0], nothing[:0], ["a", "b"]) == {}
    with pytest.raises(BadInput, match="one column a label"):
        multilabel(nothing, nothing, ["a"])
