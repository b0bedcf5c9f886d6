"""Strategies that others wrote: plain functions and objects with `select`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Signals
from querist.strategies.base import Rng, Strategy
from querist.strategies.random import Random

ALL = frozenset({"proba", "decision", "vectors", "labelled", "reference", "cost"})
_FROM_MODEL = ("proba", "decision")


class Foreign(Strategy):
    """A function `(signals, n, rng) -> positions`, or an object with such a `select`.

    A function may carry `needs`, `wants`, `cold_start` and `fallback`; without the first two it
    is given all cheap signals. Should it then break while nothing is labelled, having looked for
    one that only a model gives, the first batch is drawn at random.
    """

    def __init__(self, source: Any) -> None:
        self.source = source
        self._choose: Callable[[Signals, int, Rng], Any] = getattr(source, "select", source)
        self.needs = frozenset(getattr(source, "needs", ()))
        self.wants = frozenset(getattr(source, "wants", ALL)) - self.needs
        self._declared = hasattr(source, "needs") or hasattr(source, "wants")
        others = (getattr(source, name, None) for name in ("cold_start", "fallback"))
        self.cold_start, self.fallback = (s if s is None else as_strategy(s) for s in others)

    @property
    def name(self) -> str:
        """The function's or the class's own name."""
        own = getattr(self.source, "name", None) or getattr(self.source, "__name__", None)
        return str(own or type(self.source).__name__)

    def __repr__(self) -> str:
        return self.name

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        if self._declared or (signals.labelled is not None and len(signals.labelled)):
            return self.picks(np.asarray(self._choose(signals, n, rng)))
        watched = _Watched(signals)
        try:
            return self.picks(np.asarray(self._choose(watched, n, rng)))
        except Exception:
            if not watched.missed:
                raise
            return Random().pick(signals, n, rng)


class _Watched(Signals):
    """Signals that remember whether one that only a model gives was looked for in vain."""

    missed = False

    def __init__(self, signals: Signals) -> None:
        self.__dict__.update(signals.__dict__)

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if value is None and name in _FROM_MODEL:
            self.__dict__["missed"] = True
        return value


def as_strategy(source: Any) -> Strategy:
    """Make a strategy of a text, a strategy, a function, or an object with `select`.

    Raises
    ------
    BadInput
        When it is none of these, or no strategy goes by that name.

    Examples
    --------
    >>> def last(signals, n, rng):
    ...     return np.arange(len(signals))[::-1][:n]
    >>> as_strategy(last).select(Signals(cost=np.ones(4)), 2, rng=0)
    array([3, 2])
    """
    if isinstance(source, Strategy):
        return source
    if isinstance(source, str):
        from querist.strategies import get

        return get(source)
    if isinstance(source, type) and hasattr(source, "select"):
        return as_strategy(source())
    if callable(source) or callable(getattr(source, "select", None)):
        return Foreign(source)
    raise BadInput(
        "a strategy is a name such as 'margin', an object with select(signals, n, rng), or a "
        f"function (signals, n, rng) -> positions, but got {source!r}"
    )
