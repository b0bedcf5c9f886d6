import numpy as np
import pytest

from querist.selection.scores import entropy, least_confidence, top_two_gap


@pytest.mark.parametrize("k", [2, 3, 10, 150])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scores_equal_their_definitions(k, dtype):
    proba = np.random.default_rng(k).dirichlet(np.full(k, 0.3), size=7001).astype(dtype)
    wide = proba.astype(np.float64)
    ordered = np.sort(wide, axis=1)
    np.testing.assert_array_equal(least_confidence(proba), 1 - ordered[:, -1])
    np.testing.assert_array_equal(top_two_gap(proba), ordered[:, -1] - ordered[:, -2])
    safe = np.where(wide > 0, wide, 1.0)
    np.testing.assert_allclose(entropy(proba), -(wide * np.log(safe)).sum(axis=1), atol=1e-12)


def test_entropy_of_certain_rows_is_zero_and_not_nan():
    np.testing.assert_array_equal(entropy(np.eye(4)), np.zeros(4))
    assert entropy(np.full((1, 4), 0.25))[0] == pytest.approx(np.log(4))


def test_equal_top_two_have_no_gap():
    assert top_two_gap(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])).tolist() == [0, 0]
