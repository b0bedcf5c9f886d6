"""What a strategy needs, beside what model, question and pool can give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from querist import strategies
from querist.core.errors import MissingNeed
from querist.core.protocols import Model, Pool, Question
from querist.core.signals import FROM_MODEL
from querist.core.types import Floats

if TYPE_CHECKING:
    from querist.strategies import Strategy

FROM_POOL = frozenset({"vectors", "labelled", "reference", "ids", "distances", "neighbours"})
FROM_LOG = frozenset({"labelled_queries"})
# what a strategy asks of model and question beside signals -> the attribute that says so
ASKS = {"classes": "of_classes", "learned": "learned"}


def costs_of(pool: Pool) -> Floats | None:
    """Price of a label of every row, (n,); None where the pool has no prices."""
    reader = getattr(pool, "costs", None)
    found: Floats | None = None if reader is None else reader()
    return found


def groups_of(pool: Pool) -> NDArray[np.str_] | None:
    """Group of every row, (n,); None where the pool has no groups."""
    reader = getattr(pool, "groups", None)
    found: NDArray[np.str_] | None = None if reader is None else reader()
    return found


def reach(model: Model | None, question: Question, pool: Pool) -> frozenset[str]:
    """What varies: signals of the model for the question; classes; prices, groups of the pool."""
    beside = {"cost": costs_of(pool), "groups": groups_of(pool)}
    there = frozenset(name for name, values in beside.items() if values is not None)
    there |= {"classes"} if question.view == "choice" else set()
    return there if model is None else there | gives(model, question)


def gives(model: Model, question: Question) -> frozenset[str]:
    """Which signals a model can supply for a question, beyond what the pool supplies.

    Class signals mean nothing for a number, and those of a multi-label model are one
    distribution per label, not one per item.
    """
    declared = frozenset(getattr(model, "gives", frozenset()))
    if question.view == "number":
        return (declared - FROM_MODEL) | {"predicted"}
    if question.view == "choices":
        return (declared - FROM_MODEL) | ({"marginals"} if "proba" in declared else set())
    learned = {"learned"} if "vectors" in declared else set()
    return (declared - {"vectors"}) | {"draws"} | learned


def learns(strategy: Strategy) -> bool:
    """Whether a strategy, or any it is made of, looks at what the model has learned."""
    return any(getattr(part, "learned", False) for part in strategies.within(strategy))


def supplied(strategy: Strategy, model_gives: frozenset[str]) -> frozenset[str]:
    """Names of the signals to compute for a strategy.

    Raises
    ------
    MissingNeed
        When a need, and what would do instead of it, are both out of reach, or one of the
        strategy it may fall back to.
    """
    within = _all_of(model_gives)
    if lacking := _lacking(strategy, within):
        raise _missing(strategy, lacking, model_gives)
    if strategy.fallback is not None:
        supplied(strategy.fallback, model_gives)  # it must not be missed when it is called for
    needed = {need if need in within else strategy.instead[need] for need in strategy.needs}
    return frozenset(needed | (strategy.wants & within))


def works_with(strategy: Strategy, model_gives: frozenset[str]) -> bool:
    """Whether a model that gives this supplies all that the strategy needs."""
    return not _lacking(strategy, _all_of(model_gives))


def _all_of(model_gives: frozenset[str]) -> frozenset[str]:
    """Everything a strategy may be given."""
    of_labelled = {f"labelled_{name}" for name in ("proba", "marginals") if name in model_gives}
    return model_gives | FROM_POOL | FROM_LOG | of_labelled


def _lacking(strategy: Strategy, within: frozenset[str]) -> str:
    """The first need, if any, that is out of reach; "" when all are met."""
    parts = list(strategies.within(strategy))
    asks = {name for part in parts for name, of in ASKS.items() if getattr(part, of, False)}
    return next(iter(strategies.unmet(strategy, within) + sorted(asks - within)), "")


def _missing(strategy: Strategy, need: str, model_gives: frozenset[str]) -> MissingNeed:
    if need == "cost":
        return MissingNeed(
            f"{strategy} needs a cost per item, and the pool has none; open the campaign with "
            "costs=, a column or one price per item"
        )
    if need == "groups":
        return MissingNeed(
            f"{strategy} needs the group of each item, and the pool has none; open the campaign "
            "with groups=, a column such as a region or one group per item"
        )
    if need == "classes":
        return MissingNeed(
            f"{strategy} learns from one class per item, which is not what this campaign asks for. "
            f"Strategies that work here: {_working(model_gives)}"
        )
    if need == "learned":
        return MissingNeed(
            f"{strategy} looks at features that the model has learned, and this model has none; "
            "use scikit-learn's MLPClassifier, or a network of your own that gives 'vectors'"
        )
    can = ", ".join(sorted(model_gives & {"proba", "decision", "draws"}))
    can = can or "only predicted values"
    instead = {
        "proba": "use a model with predict_proba",
        "decision": "use a model with decision_function",
        "predicted": "ask for a number with q.Number",
        "marginals": "ask for several labels with q.Choices",
    }.get(need, f"use a model with {need}")
    return MissingNeed(
        f"{strategy} needs {need!r}, but the model gives {can}. Strategies that work with this "
        f"model: {_working(model_gives)}. Or {instead}."
    )


def _working(model_gives: frozenset[str]) -> str:
    works = (n for n in strategies.names() if works_with(strategies.get(n), model_gives))
    return ", ".join(works)
