from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from querist.core.errors import BadInput
from querist.simulation.scoring import score_all, scorers_of


def constant(estimator, X, y):
    return 0.25


def test_names_functions_and_mappings():
    assert list(scorers_of("f1_macro")) == ["f1_macro"]
    assert list(scorers_of([constant, "accuracy"])) == ["constant", "accuracy"]
    assert list(scorers_of({"mine": constant})) == ["mine"]


def test_accuracy_means_r2_for_numbers_only():
    assert list(scorers_of("accuracy", regression=True)) == ["r2"]
    assert list(scorers_of("neg_max_error", regression=True)) == ["neg_max_error"]


def test_what_is_refused():
    with pytest.raises(BadInput, match="did you mean 'f1_macro'"):
        scorers_of("f1_makro")
    with pytest.raises(BadInput, match="no scorer"):
        scorers_of([3])
    model = DummyClassifier().fit([[0], [1]], [0, 1])
    assert score_all({"mine": constant}, model, [[0]], [0]) == {"mine": 0.25}
    with pytest.raises(BadInput, match="must give one number"):
        score_all({"bad": lambda *_: np.zeros(2)}, model, [[0]], [0])
