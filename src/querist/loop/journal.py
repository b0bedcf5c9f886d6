"""The journal: a log and the state folded from it, kept in step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from querist.core.errors import Conflict
from querist.core.events import Event
from querist.core.protocols import Log
from querist.loop.state import State

T = TypeVar("T")


class Journal:
    """Writes events and folds them, its own and those of other processes, in log order.

    `lock` guards the state; hold it over a look and the write that depends on it.
    """

    def __init__(self, log: Log) -> None:
        self.log = log
        self.state = State()
        self.lock = threading.RLock()
        self.sync()

    def sync(self) -> None:
        """Fold what others wrote since the last look."""
        with self.lock:
            self.state.fold(self.log.read(after=self.state.position))

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
            last = self.log.append(events, expect=expect)
            if last == self.state.position + len(events):
                for event in events:
                    self.state.apply(self.state.position + 1, event)
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
