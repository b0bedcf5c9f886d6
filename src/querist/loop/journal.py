"""The journal: a log and the state folded from it, kept in step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar, runtime_checkable

from querist.core.errors import Conflict, LogBusy
from querist.core.events import Event
from querist.core.protocols import Log
from querist.loop.state import State

T = TypeVar("T")


class Session(Protocol):
    """A log held for writing by one writer: what it reads is the newest there is."""

    position: int
    ticket: int

    def read(self, after: int) -> Iterator[tuple[int, Event]]:
        """Positions and events after a position, in order."""

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> int:
        """Add events, to be committed, all or none, when the session ends."""


@runtime_checkable
class HeldLog(Protocol):
    """A log that one writer may hold for many appends, and make durable later."""

    def writing(self, patience: float = ...) -> AbstractContextManager[Any]:
        """Hold the log for a block, as a `Session`; LogBusy when others hold it for too long."""

    def settle(self, ticket: int | None = None) -> None:
        """Return once what was committed up to a ticket, by default all of it, is durable."""


class Journal:
    """Writes events and folds them, its own and those of other processes, in log order.

    `lock` guards the state; hold it over a look and the write that depends on it.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.state = State()
        self.lock = threading.RLock()
        self._held_log = log if isinstance(log, HeldLog) else None
        self._session: Session | None = None
        self._listeners: list[Callable[[int, Event], None]] = []
        self._unsaid: list[tuple[int, Event]] = []
        self.sync()

    def listen(self, callback: Callable[[int, Event], None]) -> None:
        """Call back with each position and event once it is committed, in order, from now on."""
        self._listeners.append(callback)

    def sync(self) -> None:
        """Fold what others wrote since the last look."""
        with self.lock:
            if self._session is None:  # who holds the log has the newest state
                self._fold(self.log.read(after=self.state.position))

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> None:
        """Write the events durably, then fold up to them.

        Raises
        ------
        Conflict
            When `expect` is given and the log has moved past it; nothing is written.
        """
        if not events:
            return
        with self.lock:
            if self._session is not None:
                last = self._session.append(events, expect=expect)
            else:
                last = self.log.append(events, expect=expect)
            first = self.state.position + 1
            if last == self.state.position + len(events):
                self._fold(enumerate(events, start=first))
            else:
                self.sync()

    def decide(self, look: Callable[[], tuple[Sequence[Event], T]]) -> T:
        """Write what `look` decides on the newest state; it looks again when outrun.

        `look` gives the events to write and what this returns. So nothing is ever decided on
        a state that another process has changed by the time the events stand in the log.
        """
        while True:
            with self.lock:
                self.sync()
                events, answer = look()
                try:
                    self.append(events, expect=self.state.position)
                except Conflict:
                    continue
                return answer

    @contextmanager
    def together(self, patience: float = 60.0) -> Iterator[None]:
        """Hold the log for a block: what is decided in it is decided on one state, written once.

        Raises LogBusy before the block begins when others hold the log for `patience` seconds.

        Nothing is durable before `settle`. When the block or its write fails, nothing of it
        stands, and the state is folded anew. A log that cannot be held writes each decision by
        itself, as outside of the block.
        """
        if not self.lock.acquire(timeout=patience):
            raise LogBusy("a thread of this program kept the journal to itself; try again")
        try:
            if self._session is not None or self._held_log is None:
                yield
                return
            before = self.state.position
            try:
                with self._held_log.writing(patience) as session:
                    self._fold(session.read(after=before))
                    before = self.state.position
                    self._session = session
                    yield
                self._session = None
                self._say()
            except BaseException:
                self._session = None
                self._unsaid.clear()
                if self.state.position != before:
                    self.state.clear()
                    self._fold(self.log.read(), news_after=before)
                raise
        finally:
            self.lock.release()

    def settle(self) -> None:
        """Return once all that was written is durable."""
        if self._held_log is not None:
            self._held_log.settle()

    def _fold(self, rows: Iterable[tuple[int, Event]], news_after: int = 0) -> None:
        for position, event in rows:
            self.state.apply(position, event)
            if self._listeners and position > news_after:
                self._unsaid.append((position, event))
        if self._session is None:
            self._say()

    def _say(self) -> None:
        """Tell the listeners what stands by now."""
        news, self._unsaid = self._unsaid, []
        for position, event in news:
            for callback in self._listeners:
                callback(position, event)
