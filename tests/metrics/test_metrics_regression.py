import numpy as np
import pytest
from sklearn import metrics as sk

from querist.core.errors import BadInput
from querist.metrics.regression import regression


def test_hand_computed():
    scores = regression(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 3, 8]))
    assert scores["rmse"].value == 2
    assert scores["mae"].value == 1
    assert scores["r2"].value == pytest.approx(1 - 16 / 5)


def test_equals_sklearn_and_a_plain_bootstrap():
    rng = np.random.default_rng(0)
    truth = rng.normal(5, 2, 300)
    value = truth + rng.normal(size=300)
    scores = regression(truth, value)
    assert scores["r2"].value == pytest.approx(sk.r2_score(truth, value))
    rows = rng.integers(300, size=(400, 300))
    for name, score in [("r2", sk.r2_score), ("rmse", sk.root_mean_squared_error)]:
        low, high = np.quantile([score(truth[r], value[r]) for r in rows], [0.025, 0.975])
        assert scores[name].low == pytest.approx(low, abs=0.03)
        assert scores[name].high == pytest.approx(high, abs=0.03)


def test_few_or_constant_items():
    assert regression(np.array([]), np.array([])) == {}
    assert set(regression(np.array([2.0]), np.array([3.0]))) == {"rmse", "mae"}
    assert set(regression(np.array([2.0, 2.0]), np.array([3.0, 1.0]))) == {"rmse", "mae"}
    tiny = regression(np.array([1.0, 2.0]), np.array([1.0, 2.0]))["r2"]
    assert (tiny.low, tiny.value, tiny.high) == (1, 1, 1)
    with pytest.raises(BadInput, match="shape"):
        regression(np.zeros(2), np.zeros(3))
