"""From an estimator's own classes to class positions, with the odd outputs of some."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import check_proba
from querist.models.heads import ChoiceHead, ChoicesHead

ABC = np.array(["c", "a", "b"])


def test_seen_classes_follow_the_sorted_order_of_scikit_learn() -> None:
    head = ChoiceHead.of(ABC, np.array([0, 2, 2, 1]))
    assert head.seen.tolist() == [1, 2, 0]
    assert head.value(np.array(["b", "c", "b"])).tolist() == [2, 0, 2]
    assert head.proba(np.array([[0.2, 0.5, 0.3]])).tolist() == [[0.3, 0.2, 0.5]]


def test_probabilities_are_made_valid() -> None:
    head = ChoiceHead(ABC, np.array([0, 1]))
    noisy = np.array([[0.3, 0.7001], [0.0, 0.0], [-1e-9, 1.0]], dtype=np.float32)
    proba = head.proba(noisy)
    check_proba("proba", proba)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert proba[1].tolist() == [0.5, 0.5, 0]
    with pytest.raises(BadInput, match="NaN as a probability"):
        head.proba(np.array([[np.nan, 1.0]]))


def test_two_columns_become_one_signed_distance() -> None:
    head = ChoiceHead(np.array(["x", "y"]), np.array([0, 1]))
    assert head.decision(np.array([[1.0, 4.0]])).tolist() == [3.0]


def test_a_class_from_elsewhere_is_named() -> None:
    with pytest.raises(BadInput, match="knows the class 'zebra'"):
        ChoiceHead(ABC, np.array([0, 1])).value(np.array(["zebra"]))


def test_one_varying_label_is_trained_as_two_equal_columns() -> None:
    head = ChoicesHead.of(np.array([[0, 1, 1], [0, 0, 1]]))
    y = head.targets(np.array([[0, 1, 1], [0, 0, 1]]))
    assert y.tolist() == [[1, 1], [0, 0]]
    assert head.value(y).tolist() == [[0, 1, 1], [0, 0, 1]]
    with pytest.raises(BadInput, match="indicator matrix"):
        ChoicesHead.of(np.array([0, 1]))
