"""The model of a campaign: made when none is named, and kept in step with the question."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from querist import models
from querist.core.errors import BadInput
from querist.core.protocols import Model, Pool, Question
from querist.loop.turn import Parts


def make_model(model: Any, pool: Pool, question: Question) -> tuple[Model, str]:
    """The adapter of a model, and its description for the log."""
    if model is None:
        options = {n: getattr(pool, n) for n in ("columns", "numeric") if hasattr(pool, n)}
        estimator, described = models.default_model(pool.kind, question, **options)
        return models.wrap(estimator, question), described
    if callable(getattr(model, "predict", None)) and hasattr(model, "gives"):
        return model, str(model)
    if callable(getattr(model, "fit", None)) and callable(getattr(model, "predict", None)):
        return models.wrap(model, question), " ".join(str(model).split())
    raise BadInput(
        f"model is a scikit-learn estimator or Pipeline (with fit and predict), a querist model, "
        f"or None for a default; got {model!r}"
    )


def asking(model: Model, question: Question) -> Model:
    """The model for a question that has more labels by now; one that cannot change stays."""
    change = getattr(model, "asking", None)
    found: Model = model if change is None else change(question)
    return found


def asked_anew(parts: Parts, question: Question, pool: Pool) -> Parts:
    """The parts for a question that has more labels by now.

    A default model is chosen again: what suits two classes may not take three.
    """
    model = make_model(None, pool, question)[0] if parts.chosen else asking(parts.model, question)
    return replace(parts, question=question, model=model)
