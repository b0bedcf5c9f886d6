"""Committees: several models that disagree where the labels do not decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.keys import seed_for
from querist.core.progress import tick
from querist.core.protocols import Model, Question
from querist.core.questions import Choice, Number
from querist.core.types import Floats, Ints, Prediction
from querist.models.batches import count, take
from querist.models.sklearn import SklearnModel, wrap


def committee_draws(
    members: int | Sequence[Any],
    model: Model,
    items: Any,
    targets: NDArray[Any],
    candidates: Any,
    *,
    question: Question | None = None,
    seed: int,
    weights: Floats | None = None,
) -> Floats:
    """Class probabilities of a committee's members, for disagreement strategies.

    Parameters
    ----------
    members : int or sequence of estimators
        A number: that many bootstraps of the model, each holding every class seen at least
        once (Abe and Mamitsuka, 1998, "Query learning strategies using boosting and bagging").
        Estimators: each trained on all the labels (Seung et al., 1992, query by committee).
    model : Model
        The campaign's model, trained or not.
    items, targets : m labelled items and their class positions (m,)
    candidates : n items
    question : Question, optional
        The model's own by default.
    seed : int
        Decides the bootstraps and the members' open random states.
    weights : array (m,), optional
        Sample weights.

    Returns
    -------
    array (n, s, k) float32
        Members without probabilities vote with probability one.

    Raises
    ------
    BadInput
        For fewer than two members, and questions that are no `Choice`.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from querist.core.questions import Choice
    >>> model = wrap(GaussianNB(), Choice(["a", "b"]))
    >>> x, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
    >>> committee_draws(3, model, x, y, np.array([[1.5]]), seed=0).shape
    (1, 3, 2)
    """
    asked: Any = getattr(model, "question", None) if question is None else question
    if not isinstance(asked, Choice):
        raise BadInput(
            f"committees vote on a Choice question, but this is a {type(asked).__name__}"
        )
    size = members if isinstance(members, int) else len(members)
    if size < 2:
        raise BadInput(f"a committee needs at least two members, but {size} came")
    scratch = _scratch(model)
    out = np.zeros((count(candidates), size, len(asked.labels)), dtype=np.float32)
    for s in range(size):
        tick("committee members", s, size)
        if isinstance(members, int):
            rows = bootstrap(targets, np.random.default_rng(seed_for(seed, s)))
            member, part, labels = scratch, take(items, rows), targets[rows]
            heavy = None if weights is None else weights[rows]
        else:
            member, part, labels = _member(members[s], asked, model), items, targets
            heavy = weights
        fitted = member.fit(part, labels, weights=heavy, seed=seed_for(seed, s))
        needs = frozenset(getattr(fitted, "gives", ())) & {"proba"}
        _vote(out[:, s], fitted.predict(candidates, needs))
    return out


def committee_numbers(
    members: int | Sequence[Any],
    model: Model,
    items: Any,
    targets: NDArray[Any],
    candidates: Any,
    *,
    seed: int,
) -> Floats:
    """Numbers predicted by a committee of regressors, (n, s).

    Parameters
    ----------
    members : int or sequence of estimators
        A number: that many plain bootstraps of the model. Estimators: each trained on all.
    model : Model
        The campaign's model, trained or not.
    items, targets : m labelled items and their numbers (m,)
    candidates : n items
    seed : int
        Decides the bootstraps and the members' open random states.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from querist.core.questions import Number
    >>> model = wrap(Ridge(), Number())
    >>> x, y = np.arange(6.0)[:, None], np.arange(6.0)
    >>> committee_numbers(3, model, x, y, np.array([[1.5]]), seed=0).shape
    (1, 3)
    """
    size = members if isinstance(members, int) else len(members)
    if size < 2:
        raise BadInput(f"a committee needs at least two members, but {size} came")
    scratch, asked = _scratch(model), getattr(model, "question", Number())
    out = np.empty((count(candidates), size))
    for s in range(size):
        tick("committee members", s, size)
        if isinstance(members, int):
            drawn = np.random.default_rng(seed_for(seed, s)).integers(
                len(targets), size=len(targets)
            )
            rows = np.sort(drawn)
            member, part, labels = scratch, take(items, rows), targets[rows]
        else:
            member, part, labels = _member(members[s], asked, model), items, targets
        out[:, s] = member.fit(part, labels, seed=seed_for(seed, s)).predict(candidates).value
    return out


def _scratch(model: Model) -> Model:
    """The model without a warm start, which would make members alike."""
    if isinstance(model, SklearnModel):
        return replace(model, warm=False, trained=None)
    return model


def _member(estimator: Any, question: Question, model: Model) -> Model:
    if isinstance(estimator, SklearnModel):
        return _scratch(estimator)
    return wrap(estimator, question, classes=getattr(model, "classes", None))


def _vote(out: NDArray[np.float32], said: Prediction) -> None:
    if said.proba is not None:
        out[:] = said.proba
    elif said.value is not None:
        out[np.arange(len(out)), said.value] = 1


def bootstrap(targets: NDArray[Any], rng: np.random.Generator) -> Ints:
    """Positions (m,) drawn with replacement, ascending, with each class at least once.

    Examples
    --------
    >>> y = np.array([0] * 50 + [1])
    >>> all(50 in bootstrap(y, np.random.default_rng(s)) for s in range(20))
    True
    """
    m = len(targets)
    classes, first = np.unique(targets, return_inverse=True)
    kept = np.array(
        [rng.choice(np.flatnonzero(first == c)) for c in range(len(classes))], dtype=np.int64
    )
    drawn = rng.integers(m, size=m - len(kept))
    return np.sort(np.concatenate([kept, drawn]))
