"""Measuring a model honestly: on the holdout, or by cross-fitting on the control slice."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.keys import scramble
from querist.core.measures import leading
from querist.core.protocols import Model, Pool, Question
from querist.core.types import Interval, Prediction
from querist.loop.groups import by_group
from querist.loop.ledger import Ledger
from querist.loop.mistakes import Mistakes, decided
from querist.loop.needs import groups_of
from querist.loop.training import TrainingSet
from querist.metrics.classification import classification
from querist.metrics.cost import mean_cost
from querist.metrics.multilabel import multilabel
from querist.metrics.regression import regression

FOLDS = 5
FEWEST_CONTROL = 10  # below this an interval says nothing a person could use
_FOLD_SALT = 0x666F6C64


def on_control(
    pool: Pool,
    question: Question,
    untrained: Model,
    training: TrainingSet,
    ledger: Ledger,
    seed: int,
    mistakes: Mistakes | None = None,
) -> dict[str, Interval]:
    """Cross-fitted scores on the control slice, the only training labels drawn at random.

    Every fold's model learns from all labels outside the fold and is scored on the
    control items inside it. Labels that came by other ways (imported, requested) count as
    training only. Empty while there are fewer than ten control labels.
    """
    control = ledger.drawn(training.rows)
    if np.count_nonzero(control) < FEWEST_CONTROL:
        return {}
    fold = (scramble(ledger.keys[training.rows], seed, _FOLD_SALT) % np.uint64(FOLDS)).astype(int)
    groups, where = groups_of(pool), []
    truth, said = [], []
    for k in range(FOLDS):
        inside = control & (fold == k)
        if not inside.any() or (fold == k).all():
            continue
        rows, targets = training.part(fold != k)
        model = untrained.fit(pool.items(rows), targets, seed=seed)
        rows, targets = training.part(inside)
        truth.append(targets)
        where.append(rows)
        said.append(model.predict(pool.items(rows), _asked(model)))
    of = None if groups is None else groups[np.concatenate(where)]
    return _scores(question, np.concatenate(truth), _join(said), seed, of, mistakes)


def on_items(
    question: Question,
    model: Model,
    items: Any,
    targets: NDArray[Any],
    seed: int = 0,
    groups: NDArray[np.str_] | None = None,
    mistakes: Mistakes | None = None,
) -> dict[str, Interval]:
    """Scores of a model on labelled items it never saw, overall and by their groups (m,).

    With `mistakes`, what is scored is the decision of the least expected cost.
    """
    said = model.predict(items, _asked(model))
    return _scores(question, targets, said, seed, groups, mistakes)


def _asked(model: Model) -> frozenset[str]:
    """Values, and probabilities where the model has them."""
    return frozenset({"value", "proba"} & {"value", *getattr(model, "gives", ())})


def _join(parts: list[Prediction]) -> Prediction:
    value = np.concatenate([part.value for part in parts if part.value is not None])
    proba = [part.proba for part in parts if part.proba is not None]
    return Prediction(value=value, proba=np.concatenate(proba) if proba else None)


def _scores(
    question: Question,
    truth: NDArray[Any],
    said: Prediction,
    seed: int,
    groups: NDArray[np.str_] | None,
    mistakes: Mistakes | None,
) -> dict[str, Interval]:
    """Scores of all items, and the leading one of each group."""
    said = Prediction(value=decided(said, mistakes), proba=said.proba)
    found = _score(question, truth, said, seed, mistakes)

    def of_part(mask: NDArray[np.bool_]) -> dict[str, Interval]:
        assert said.value is not None
        part = Prediction(value=said.value[mask])
        return _score(question, truth[mask], part, seed, mistakes)

    return found | by_group(of_part, leading(found), groups)


def _score(
    question: Question,
    truth: NDArray[Any],
    said: Prediction,
    seed: int,
    mistakes: Mistakes | None,
) -> dict[str, Interval]:
    assert said.value is not None
    if question.view == "number":
        return regression(truth, said.value, seed=seed)
    labels = tuple(getattr(question, "labels", ()))
    if question.view == "choices":
        return multilabel(truth, said.value, labels, seed=seed)
    found = classification(truth, said.value, said.proba, labels, seed=seed)
    if mistakes is None or not len(truth):
        return found
    return {"cost": mean_cost(truth, said.value, np.array(mistakes), seed=seed), **found}
