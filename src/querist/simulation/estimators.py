"""Models and representations of a study by name: short names, import paths, settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any

from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.models.defaults import default_features

DEFAULT, NONE = "default", "none"
# name -> (classifier, regressor), each an import path with settings
NAMED: dict[str, tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "linear": (
        ("sklearn.linear_model:LogisticRegression", {"max_iter": 1000}),
        ("sklearn.linear_model:Ridge", {}),
    ),
    "forest": (
        ("sklearn.ensemble:RandomForestClassifier", {"n_estimators": 100}),
        ("sklearn.ensemble:RandomForestRegressor", {"n_estimators": 100}),
    ),
    "svm": (("sklearn.svm:SVC", {}), ("sklearn.svm:SVR", {})),
    "boosting": (
        ("sklearn.ensemble:HistGradientBoostingClassifier", {}),
        ("sklearn.ensemble:HistGradientBoostingRegressor", {}),
    ),
}


@dataclass(frozen=True)
class Part:
    """A model or transformer as text: a short name or import path, and its settings."""

    make: str
    settings: tuple[tuple[str, Any], ...] = ()


def parts_of(given: Any, room: str) -> dict[str, Part]:
    """The models (or representations) of a study by name: a list of names, or a table.

    Raises
    ------
    BadInput
        For an unknown name, an import that fails, or settings the class does not take.

    Examples
    --------
    >>> parts_of({"svm": {"make": "sklearn.svm:SVC", "C": 10}}, "models")
    {'svm': Part(make='sklearn.svm:SVC', settings=(('C', 10),))}
    """
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Sequence):
        given = {name: name for name in given}
    if not isinstance(given, Mapping) or not given:
        raise BadInput(f"{room} is a list of names or a table, but got {given!r}")
    return {str(name): _part(name, value, room) for name, value in given.items()}


def _part(name: Any, value: Any, room: str) -> Part:
    if isinstance(value, str):
        part = Part(value)
    elif isinstance(value, Mapping) and isinstance(value.get("make"), str):
        rest = {key: kept for key, kept in value.items() if key != "make"}
        part = Part(value["make"], tuple(sorted((k, _hashable(v)) for k, v in rest.items())))
    else:
        raise BadInput(
            f"{room} {name!r} is text or a table with make, such as "
            f'{{make = "sklearn.svm:SVC", C = 10}}, but got {value!r}'
        )
    short = {DEFAULT, *(NAMED if room == "models" else (NONE,))}
    if ":" in part.make:
        made(part)
    elif part.make not in short:
        near = get_close_matches(part.make, short, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise BadInput(
            f"{room}: nothing is called {part.make!r}; {hint}known: {', '.join(sorted(short))}; "
            "or an import path, such as sklearn.svm:SVC"
        )
    return part


def made(part: Part, *, regression: bool = False) -> Any:
    """What a part stands for, built anew; None for the default.

    Examples
    --------
    >>> made(Part("svm", (("C", 10),))), made(Part("linear"), regression=True)
    (SVC(C=10), Ridge())
    """
    if part.make in (DEFAULT, NONE):
        return None
    path, settings = NAMED[part.make][regression] if part.make in NAMED else (part.make, {})
    settings = settings | dict(part.settings)
    module, _, name = path.partition(":")
    try:
        found = getattr(import_module(module), name)
        return found(**settings) if callable(found) else found
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        said = ", ".join(f"{key} = {value!r}" for key, value in settings.items())
        raise BadInput(f"{path} with ({said}) cannot be made: {error}") from error


def model_of(
    features: Part, estimator: Part, pool: Pool, *, regression: bool, several: bool = False
) -> Any:
    """The model of a setting: its representation, then its estimator; None for the default.

    With `several` labels an item, a short name stands for one such classifier a label. A
    Pipeline takes the items as they are where no representation is named for it.
    """
    model = made(estimator, regression=regression)
    if several and estimator.make in NAMED:
        model = OneVsRestClassifier(model)
    whole = isinstance(model, Pipeline) and features.make == DEFAULT
    if model is None or whole or features.make == NONE:
        return model
    if features.make != DEFAULT:
        return make_pipeline(made(features), model)
    columns, numeric = (getattr(pool, name, None) for name in ("columns", "numeric"))
    return make_pipeline(*default_features(pool.kind, columns, numeric)[0], model)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
