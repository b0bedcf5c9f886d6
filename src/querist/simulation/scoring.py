"""Scorers by name, as scikit-learn knows them, or as a function (estimator, X, y) -> number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names

from querist.core.errors import BadInput
from querist.metrics.classification import calibration_error
from querist.metrics.cost import cheapest

CALIBRATION = "neg_calibration_error"

Scorer = Callable[[Any, Any, Any], float]
Scoring = str | Scorer | Sequence[str | Scorer] | Mapping[str, str | Scorer]


def scorers_of(
    scoring: Scoring, *, regression: bool = False, own: Mapping[str, Scorer] | None = None
) -> dict[str, Scorer]:
    """The scorers by name; for a regression "accuracy", the default, means "r2".

    `own` are scorers that go by a name here, beside those of scikit-learn.

    Raises
    ------
    BadInput
        For an unknown name, or something that is neither a name nor a function.

    Examples
    --------
    >>> list(scorers_of(["accuracy", "f1_macro"]))
    ['accuracy', 'f1_macro']
    """
    if isinstance(scoring, Mapping):
        named = dict(scoring)
    elif isinstance(scoring, str) or callable(scoring):
        named = dict([_named(scoring)])
    else:
        named = dict(map(_named, scoring))
    if not named:
        raise BadInput("scoring names no score; give one such as 'accuracy'")
    if regression and "accuracy" in named:
        named = {("r2" if key == "accuracy" else key): _r2(value) for key, value in named.items()}
    own = own or {}
    return {
        name: _scorer(own.get(given, given) if isinstance(given, str) else given)
        for name, given in named.items()
    }


def _named(scorer: str | Scorer) -> tuple[str, str | Scorer]:
    return (scorer if isinstance(scorer, str) else getattr(scorer, "__name__", "score")), scorer


def _r2(scorer: str | Scorer) -> str | Scorer:
    return "r2" if scorer == "accuracy" else scorer


def _scorer(scorer: str | Scorer) -> Scorer:
    if callable(scorer):
        return scorer
    if scorer == CALIBRATION:
        return calibration_scorer
    if scorer == "neg_cost":
        raise BadInput('scoring "neg_cost" needs the costs: give mistakes=, as to q.campaign')
    try:
        found: Scorer = get_scorer(scorer)
    except (ValueError, TypeError):
        near = get_close_matches(str(scorer), [*get_scorer_names(), CALIBRATION], n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise BadInput(
            f"scoring {scorer!r} is no scorer; {hint}give a name of "
            "sklearn.metrics.get_scorer_names() or a function (estimator, X, y) -> number"
        ) from None
    return found


def cost_scorer(costs: Sequence[Sequence[float]], classes: Any) -> Scorer:
    """Minus the mean cost of the decisions: of the least expected cost, or plain predictions.

    Parameters
    ----------
    costs : (k, k)
        Cost of deciding for the column when the row is true, in the order of `classes`.
    classes : array (k,)
        The labels as y holds them.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> known = DummyClassifier().fit([[0]] * 4, [0, 1, 1, 1])
    >>> cost_scorer([[0, 10], [1, 0]], np.array([0, 1]))(known, [[0]] * 4, [0, 1, 1, 1])
    -0.75
    """
    matrix = np.asarray(costs, dtype=np.float64)
    place = {label: k for k, label in enumerate(np.asarray(classes).tolist())}

    def score(estimator: Any, X: Any, y: Any) -> float:
        truth = np.array([place[label] for label in np.asarray(y).tolist()])
        if hasattr(estimator, "predict_proba"):
            order = [place[label] for label in np.asarray(estimator.classes_).tolist()]
            proba = np.zeros((len(truth), len(matrix)))
            proba[:, order] = estimator.predict_proba(X)
            said = cheapest(proba, matrix)
        else:
            said = np.array([place[label] for label in np.asarray(estimator.predict(X)).tolist()])
        return -float(matrix[truth, said].mean())

    return score


def calibration_scorer(estimator: Any, X: Any, y: Any) -> float:
    """Minus the expected calibration error of the top class; small tests read too low.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> prior = DummyClassifier(strategy="prior").fit([[0]] * 4, [0, 1, 1, 1])
    >>> calibration_scorer(prior, [[0]] * 15, [1] * 15)
    -0.25
    """
    place = {label: k for k, label in enumerate(np.asarray(estimator.classes_).tolist())}
    truth = np.array([place.get(label, -1) for label in np.asarray(y).tolist()])
    return -calibration_error(truth, np.asarray(estimator.predict_proba(X)))


def score_all(scorers: Mapping[str, Scorer], estimator: Any, X: Any, y: Any) -> dict[str, float]:
    """Every score of a fitted estimator.

    Raises
    ------
    BadInput
        When a scorer refuses, or gives no number.
    """
    found = {}
    for name, scorer in scorers.items():
        try:
            said = scorer(estimator, X, y)
        except (ValueError, AttributeError) as error:
            raise BadInput(f"scoring {name!r} does not work here: {error}") from error
        if np.ndim(said) or not isinstance(said, (int, float, np.number)):
            raise BadInput(f"scoring {name!r} must give one number, but it gave {said!r}")
        found[name] = float(said)
    return found
