"""What a choice will take, told before it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from querist.core.formulas import worked_out
from querist.core.signals import MEMBERS, POINTS
from querist.strategies.strategy import Strategy

RATE = 1e10  # operations a second, see `estimate`


@dataclass(frozen=True)
class Sizes:
    """How large a choice is.

    Attributes
    ----------
    items, batch, dimensions, classes, labelled : int
        Candidates, how many of them are asked, columns of their vectors, classes or labels,
        and how many items are labelled already.
    points : int, optional
        Points to be covered; the candidates, at most 10,000 of them, by default.
    """

    items: int
    batch: int = 1
    dimensions: int = 1
    classes: int = 2
    labelled: int = 0
    points: int | None = None


@dataclass(frozen=True)
class Effort:
    """What a choice takes: operations, seconds on one core, and models trained for it alone."""

    operations: float
    seconds: float
    models: int = 0

    def with_training(self, fit: float) -> float:
        """Seconds of the choice and of its models, each of which trains for `fit` seconds."""
        return self.seconds + self.models * fit


def estimate(strategy: Strategy, sizes: Sizes) -> Effort | None:
    """What a choice of this size will take by the strategy's `cost_class`; None where it has none.

    One operation is a multiplication and addition of a matrix product; passes over a table
    count several, by the numbers in the formula. `RATE` of them a second is what one core of a
    server of 2024 was measured to do, over all built-in strategies. Right to an order of
    magnitude; training the model, or a committee of `models`, comes on top.

    Examples
    --------
    >>> from querist.strategies import KCenter
    >>> estimate(KCenter(), Sizes(100_000, batch=100, dimensions=128)).seconds < 2
    True
    """
    if not strategy.cost_class:
        return None
    models = members(strategy)
    operations = worked_out(
        strategy.cost_class,
        {
            "n": sizes.items,
            "b": sizes.batch,
            "d": sizes.dimensions,
            "k": sizes.classes,
            "m": sizes.labelled,
            "s": _size(_committee(strategy)) or MEMBERS,
            "r": min(sizes.items, POINTS) if sizes.points is None else sizes.points,
        },
    )
    return Effort(operations, operations / RATE, models)


def members(strategy: Strategy) -> int:
    """How many models are trained for each choice of the strategy, beside the campaign's own."""
    committee = _committee(strategy)
    return 0 if hasattr(committee, "kind") else _size(committee)


def _committee(strategy: Strategy) -> Any:
    return getattr(strategy, "committee", MEMBERS if "draws" in strategy.needs else 0)


def _size(committee: Any) -> int:
    """How many draws there will be; some kinds of committee tell only afterwards."""
    if hasattr(committee, "kind"):
        return int(getattr(committee, "passes", getattr(committee, "last", MEMBERS)))
    return committee if isinstance(committee, int) else len(committee)
