"""Scorers of scikit-learn take the view, whatever the order of the classes."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.svm import SVC

from querist.core.questions import Choice, Choices, Number
from querist.models.sklearn import wrap

RNG = np.random.default_rng(1)
X = RNG.normal(size=(200, 3))
Y = np.digitize(X[:, 0] + 0.5 * RNG.normal(size=200), [-0.5, 0.5])


@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "roc_auc_ovr", "neg_log_loss"])
def test_scores_equal_those_of_the_plain_estimator(name: str) -> None:
    labels = np.array(["mid", "low", "top"])
    model = wrap(LogisticRegression(), Choice(labels)).fit(X, Y)
    plain = LogisticRegression().fit(X, labels[Y])
    scorer = get_scorer(name)
    assert scorer(model.scorer_view, X, labels[Y]) == scorer(plain, X, labels[Y])


@pytest.mark.parametrize("classes", [[5, 1], [1, 5]])
@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_binary_scores_use_the_greater_label_as_positive(classes: list[int], name: str) -> None:
    y01 = (X[:, 0] > 0.3).astype(int)
    y = np.array(classes)[y01]
    model = wrap(SVC(), Choice(classes), classes=classes).fit(X[:100], y01[:100])
    plain = SVC().fit(X[:100], y[:100])
    scorer = get_scorer(name)
    assert scorer(model.scorer_view, X, y) == scorer(plain, X, y)


def test_view_while_all_labels_are_equal_and_without_probabilities() -> None:
    model = wrap(SVC(), Choice(["a", "b"])).fit(X[:4], np.ones(4, dtype=int))
    assert get_scorer("accuracy")(model.scorer_view, X[:2], ["b", "a"]) == 0.5
    assert not hasattr(model.scorer_view, "predict_proba")
    assert model.scorer_view.decision_function(X[:1]) == [1.0]


def test_numbers_and_several_labels() -> None:
    ridge = wrap(Ridge(), Number()).fit(X, X[:, 0])
    assert get_scorer("r2")(ridge.scorer_view, X, X[:, 0]) > 0.9
    many = wrap(RandomForestClassifier(20), Choices(["p", "q"])).fit(X, (X[:, :2] > 0).astype(int))
    assert get_scorer("f1_macro")(many.scorer_view, X, (X[:, :2] > 0).astype(int)) > 0.9
