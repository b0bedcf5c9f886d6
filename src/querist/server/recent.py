"""Who answered what last: kept as the log grows, so that no request walks all labels."""

from __future__ import annotations

import time
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from querist.core.events import Event, Retracted, Told
from querist.loop.state import State

HOUR = 3600.0
AWAY = 300.0  # seconds without an answer after which somebody was not at work


@dataclass
class Doings:
    """Standing answers of one person: items, oldest first, and the times of the answers."""

    items: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def add(self, item_id: str, at: float) -> None:
        """An answer was given, or given anew."""
        self.drop(item_id)
        self.items[item_id] = at
        insort(self.times, at)

    def drop(self, item_id: str) -> None:
        """An answer was taken back."""
        at = self.items.pop(item_id, None)
        if at is not None:
            del self.times[bisect_left(self.times, at)]

    def since(self, start: float) -> int:
        """How many answers were given since a time."""
        return len(self.times) - bisect_left(self.times, start)

    def pace(self, now: float) -> float | None:
        """Answers a minute at work within the last hour; None before there are three."""
        times = self.times[bisect_left(self.times, now - HOUR) :]
        gaps = gaps_at_work(times)
        return round(60 * len(gaps) / sum(gaps), 1) if len(gaps) > 1 and sum(gaps) > 0 else None


class Recent:
    """The answers of each person, in the order they came.

    Examples
    --------
    >>> recent = Recent(State())
    >>> recent.take_in([(1, Told(at=5.0, item_id="a", value="spam", by="ann"))])
    >>> recent.take_in([(2, Told(at=6.0, item_id="b", value="ham", by="ann"))])
    >>> recent.last("ann", 5), recent.of("ann").since(6.0)
    (['b', 'a'], 1)
    """

    def __init__(self, state: State) -> None:
        self._people: dict[str, Doings] = {}
        told = [
            (vote.position, item_id, vote.by, vote.at)
            for item_id, votes in state.votes.items()
            for vote in votes.values()
        ]
        for _, item_id, by, at in sorted(told):
            self._doings(by).add(item_id, at)

    def take_in(self, news: Iterable[tuple[int, Event]]) -> None:
        """Follow the log."""
        for _, event in news:
            if isinstance(event, Told):
                self._doings(event.by).add(event.item_id, event.at)
            elif isinstance(event, Retracted):
                self._doings(event.by).drop(event.item_id)

    def of(self, name: str) -> Doings:
        """What somebody did."""
        return self._people.get(name) or Doings()

    def last(self, name: str, n: int) -> list[str]:
        """Items somebody answered last, newest first."""
        return list(islice(reversed(self.of(name).items), n))

    def _doings(self, by: str) -> Doings:
        return self._people.setdefault(by, Doings())


def gaps_at_work(times: Sequence[float]) -> list[float]:
    """Seconds between answers that follow each other; who paused for longer was away.

    Examples
    --------
    >>> gaps_at_work([0.0, 4.0, 10.0, 4000.0, 4003.0])
    [4.0, 6.0, 3.0]
    """
    return [b - a for a, b in pairwise(times) if b - a <= AWAY]


def midnight(now: float) -> float:
    """When the day of a time began, on this machine's clock.

    Examples
    --------
    >>> 0 <= time.time() - midnight(time.time()) < 90_000
    True
    """
    return time.mktime((*time.localtime(now)[:3], 0, 0, 0, 0, 0, -1))
