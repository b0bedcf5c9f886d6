"""A strategy and all that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def within(strategy: Any) -> Iterator[Any]:
    """The strategy itself, then whatever it wraps, mixes or chains, all the way in.

    Examples
    --------
    >>> from querist.strategies import Distinct, Margin
    >>> [part.name for part in within(Distinct(Margin()))]
    ['Margin', 'Margin']
    """
    yield strategy
    for part in (
        getattr(strategy, "base", None),
        *(getattr(strategy, "parts", None) or ()),
        *(getattr(strategy, "stages", None) or ()),
    ):
        if part is not None:
            yield from within(part)
