"""What querist has to know of a scikit-learn estimator before and after it is fitted."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    VotingClassifier,
)
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, NuSVC
from sklearn.utils.validation import has_fit_parameter

from querist.core.errors import BadInput
from querist.models.batches import count

METHODS = {"proba": "predict_proba", "decision": "decision_function"}
FORESTS = (RandomForestClassifier, ExtraTreesClassifier)
PAIRED = (SVC, NuSVC)  # these alone: a class of the user's own may read its decision values itself


def name_of(estimator: Any) -> str:
    """Class name of the estimator, or of the last step of a Pipeline."""
    return type(last_step(estimator)).__name__


def last_step(estimator: Any) -> Any:
    """The estimator that predicts: inside Pipelines the last step, after a search the best."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, BaseSearchCV):
            estimator = getattr(estimator, "best_estimator_", estimator.estimator)
        else:
            return estimator


def is_foreign(estimator: Any) -> bool:
    """Whether the predicting part comes from outside scikit-learn."""
    return not type(last_step(estimator)).__module__.startswith("sklearn.")


def check_estimator(estimator: Any, *, regression: bool) -> None:
    """Raise BadInput unless the estimator can answer this kind of question."""
    if isinstance(estimator, type):
        raise BadInput(f"the model is the class {estimator.__name__}; give an instance of it")
    lacking = [m for m in ("fit", "predict") if not callable(getattr(estimator, m, None))]
    if lacking:
        raise BadInput(
            f"the model {type(estimator).__name__} has no method {' or '.join(lacking)}; "
            "give a scikit-learn estimator or Pipeline that ends in a classifier or regressor"
        )
    if not hasattr(estimator, "__sklearn_tags__"):
        return
    if regression and is_classifier(estimator):
        raise BadInput(
            f"the question asks for a number, but {name_of(estimator)} is a classifier; "
            "give a regressor"
        )
    if not regression and is_regressor(estimator):
        raise BadInput(
            f"the question asks for labels, but {name_of(estimator)} is a regressor; "
            "give a classifier"
        )


def fresh(estimator: Any, seed: int) -> Any:
    """An unfitted copy whose open random states are set from the seed.

    A support vector machine of several classes is asked for the values of all its pairs of
    classes, `gives_pairs`; inside another estimator for its default, one column a class. That
    changes neither the fit nor the predicted labels.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> fresh(LogisticRegression(), 7).random_state
    7
    """
    try:
        copied = clone(estimator)
    except (TypeError, RuntimeError):
        copied = copy.deepcopy(estimator)
    if not (hasattr(copied, "get_params") and hasattr(copied, "set_params")):
        return copied
    chosen: dict[str, Any] = {}
    for name, value in copied.get_params(deep=True).items():
        if name.endswith("random_state") and value is None:
            chosen[name] = seed % 2**32
        elif name.endswith("decision_function_shape") and value != "ovr":
            chosen[name] = "ovr"
    if chosen:
        copied.set_params(**chosen)
    last = last_step(copied)
    if type(last) in PAIRED and not last.break_ties:
        last.decision_function_shape = "ovo"
    return copied


def gives_pairs(fitted: Any) -> bool:
    """Whether `decision_function` gives a column for each pair of more than two classes.

    Examples
    --------
    >>> gives_pairs(SVC(decision_function_shape="ovo").fit([[0], [1], [2]], [0, 1, 2]))
    True
    """
    last = last_step(fitted)
    if type(last) not in PAIRED or last.decision_function_shape != "ovo":
        return False
    return len(last.classes_) > 2


def weight_argument(estimator: Any) -> str | None:
    """Name of the fit argument that takes sample weights; None where there is none.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> weight_argument(make_pipeline(StandardScaler(), SVC()))
    'svc__sample_weight'
    """
    if isinstance(estimator, Pipeline):
        name, step = estimator.steps[-1]
        inner = weight_argument(step)
        return None if inner is None else f"{name}__{inner}"
    if isinstance(estimator, VotingClassifier):  # passes on what its members take
        parts = [part for _, part in estimator.estimators if part != "drop"]
        takes = all(has_fit_parameter(part, "sample_weight") for part in parts)
        return "sample_weight" if takes else None
    if not hasattr(estimator, "fit") or not has_fit_parameter(estimator, "sample_weight"):
        return None
    part = getattr(estimator, "estimator", None)
    if part is not None and not has_fit_parameter(part, "sample_weight"):
        return None
    return "sample_weight"


def warm_argument(estimator: Any) -> str | None:
    """How the estimator continues from its last fit: a parameter name or "partial_fit".

    Ensembles are left out: with `warm_start` they keep old members and fit no new ones.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> warm_argument(LogisticRegression())
    'warm_start'
    """
    if isinstance(estimator, Pipeline):
        name, step = estimator.steps[-1]
        inner = warm_argument(step)
        return f"{name}__{inner}" if inner is not None and inner.endswith("warm_start") else None
    if type(estimator).__module__.startswith("sklearn.ensemble"):
        return None
    if hasattr(estimator, "get_params") and "warm_start" in estimator.get_params():
        return "warm_start"
    return "partial_fit" if hasattr(estimator, "partial_fit") else None


def first_missing(items: Any) -> int | None:
    """Position of the first row that holds NaN or infinity, where the batch can tell."""
    values = items.data if hasattr(items, "tocsr") else items
    try:
        bad = ~np.isfinite(np.asarray(values, dtype=np.float64))
    except (TypeError, ValueError):
        return None
    if not bad.any():
        return None
    if hasattr(items, "tocsr"):
        return int(items.tocoo().row[np.argmax(bad)])
    return int(np.argmax(bad.reshape(len(bad), -1).any(axis=1)))


def broken(fitted: Any, items: Any) -> list[str]:
    """Signals whose method is there but cannot be called, tried on a few items."""
    out = []
    for name, method in METHODS.items():
        if hasattr(fitted, method):
            try:
                getattr(fitted, method)(items)
            except (AttributeError, NotImplementedError):
                out.append(name)
    return out


def has_members(estimator: Any) -> bool:
    """Whether the members of the ensemble can be asked one by one."""
    return isinstance(last_step(estimator), (*FORESTS, BaggingClassifier, VotingClassifier))


def split_last(fitted: Any, items: Any) -> tuple[Any, Any]:
    """The predicting step and what the transformers before it make of the items."""
    while True:
        if isinstance(fitted, BaseSearchCV):
            fitted = fitted.best_estimator_
        elif isinstance(fitted, Pipeline):
            if len(fitted.steps) > 1:
                items = fitted[:-1].transform(items)
            fitted = fitted.steps[-1][1]
        else:
            return fitted, items


def member_proba(ensemble: Any, items: Any, k: int) -> NDArray[np.float32]:
    """Class probabilities (n, s, k) of the s members, columns as in `ensemble.classes_`.

    Members that give labels only vote with probability one.
    """
    if isinstance(ensemble, FORESTS):
        items = items.astype(np.float32) if hasattr(items, "tocsr") else np.asarray(items, "f4")
    members = ensemble.estimators_
    places = getattr(ensemble, "estimators_features_", None)  # Bagging: columns of each member
    if places is not None and not hasattr(items, "shape"):
        items = np.asarray(items)
    out = np.zeros((count(items), len(members), k), dtype=np.float32)
    for s, member in enumerate(members):
        part = items if places is None else _columns(items, places[s])
        if hasattr(member, "predict_proba"):
            seen = np.asarray(member.classes_).astype(np.int64)
            out[:, s, seen] = member.predict_proba(part)
        else:
            voted = np.asarray(member.predict(part)).astype(np.int64)
            out[np.arange(len(out)), s, voted] = 1
    return out


def _columns(items: Any, columns: NDArray[Any]) -> Any:
    return items.iloc[:, columns] if hasattr(items, "iloc") else items[:, columns]
