"""A log that lives and dies with the process: for tests, notebooks and simulations."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from querist.core.errors import BadInput, LogError
from querist.core.events import GENESIS, Event
from querist.logs.chain import Row, chain, check_chain, check_expect, event_at, payloads_of


class MemoryLog:
    """An append-only log in memory, safe to share between threads.

    It holds the same rows as the SQLite log, so what is read back is the same too:
    later changes to an appended value do not show, tuples come back as lists.

    Examples
    --------
    >>> from querist.core.events import Told
    >>> log = MemoryLog()
    >>> log.append([Told(item_id="a", value="spam"), Told(item_id="b", value="ham")])
    2
    >>> [(position, event.value) for position, event in log.read(after=1)]
    [(2, 'ham')]
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: list[Row] = []
        self._head = (0, GENESIS)
        self._closed = False

    @property
    def position(self) -> int:
        """Position of the last event; 0 for an empty log."""
        return self._head[0]

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> int:
        """Append all events or none and return the position of the last one.

        Raises
        ------
        Conflict
            When `expect` is given and the log does not end there.
        BadInput
            When an event cannot be written as JSON.
        """
        payloads = payloads_of(events)
        with self._lock:
            if self._closed:
                raise LogError("the log is closed; open a new one to append")
            position, digest = self._head
            check_expect(expect, position)
            if payloads:
                rows = chain(position, digest, payloads)
                self._rows += rows
                self._head = (rows[-1][0], rows[-1][2])
            return self._head[0]

    def read(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Positions and events after a position, in order, up to the end."""
        for position, payload, _ in self.rows(after):
            yield position, event_at(position, payload)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Position, JSON text and hash of each row after a position."""
        at = max(after, 0)
        while at < len(self._rows):
            yield self._rows[at]
            at += 1

    def verify(self) -> int:
        """Walk the hash chain; return the last position or raise TamperedLog."""
        with self._lock:
            rows, head = list(self._rows), self._head
        return check_chain(rows, head)

    def close(self) -> None:
        """Refuse further appends; what was appended can still be read."""
        self._closed = True


def from_url(url: str) -> MemoryLog:
    """Open a new log for the URL ``memory://``.

    Examples
    --------
    >>> from_url("memory://").position
    0
    """
    if url not in ("memory://", "memory:"):
        raise BadInput(
            f"a log in memory has no name or place, but the URL is {url!r}; say memory://"
        )
    return MemoryLog()
