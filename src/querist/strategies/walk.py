"""A strategy and all that it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any


def unmet(strategy: Any, given: Set[str]) -> list[str]:
    """Needs of a strategy, sorted, of which neither themselves nor their stand-ins are `given`.

    Examples
    --------
    >>> from querist.strategies import Margin
    >>> unmet(Margin(), {"decision"}), unmet(Margin(), {"vectors"})
    ([], ['proba'])
    """
    return sorted(need for need in strategy.needs if not {need, strategy.instead.get(need)} & given)


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
