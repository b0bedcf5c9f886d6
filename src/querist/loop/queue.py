"""The queue: tasks in serving order, and the leases on those handed out."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from querist.core.events import QueuedItem


@dataclass(slots=True)
class TaskState:
    """One task: why it was queued, who holds it, who passed on it.

    `trial` is the number of the trial of strategy and model it belongs to; `stood_in` whether
    another strategy picked it, since the campaign's own had lost to the control slice. `batch`
    counts the times something was queued before; `last_by` held it last, and may go on with it
    after the lease while nobody else has taken it.
    """

    why: QueuedItem
    round: int
    model_version: int | None
    trial: int = 0
    stood_in: bool = False
    batch: int = 0
    held_by: str = ""
    last_by: str = ""
    until: float = 0.0
    done: bool = False
    skipped_by: set[str] = field(default_factory=set)


class Queue:
    """Open tasks of one job, in serving order; those given back come first.

    Examples
    --------
    >>> why = QueuedItem("t", "a", "open", "Margin", 0.1, 0, 1.0, 9)
    >>> queue = Queue()
    >>> queue.push(TaskState(why, 0, None))
    >>> list(queue.waiting())
    ['t']
    >>> queue.lend("t", "ann", until=600.0)
    >>> queue.lapse(now=10.0); list(queue.waiting())
    []
    >>> queue.lapse(now=700.0); list(queue.waiting())
    ['t']
    """

    def __init__(self) -> None:
        self.tasks: dict[str, TaskState] = {}
        self.held: set[str] = set()
        self._first: dict[str, None] = {}
        self._rest: dict[str, None] = {}
        self._leases: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._first) + len(self._rest)

    def push(self, task: TaskState) -> None:
        """Put a task at the end."""
        task_id = task.why.task_id
        self.tasks[task_id] = task
        self._rest[task_id] = None

    def lend(self, task_id: str, by: str, until: float) -> None:
        """Hand a task to an annotator until a time (seconds since 1970)."""
        task = self.tasks[task_id]
        self._discard(task_id)
        task.held_by, task.last_by, task.until = by, by, until
        self.held.add(task_id)
        heapq.heappush(self._leases, (until, task_id))

    def reopen(self, task_id: str) -> None:
        """Put a task back at the end (passed on, or its answer was retracted)."""
        task = self.tasks[task_id]
        self._discard(task_id)
        task.done, task.held_by, task.last_by = False, "", ""
        self._rest[task_id] = None

    def give_back(self, task_id: str) -> None:
        """Put a task that was held before all that wait."""
        self.reopen(task_id)
        del self._rest[task_id]
        self._first[task_id] = None

    def close(self, task_id: str) -> None:
        """A task is answered, or withdrawn."""
        task = self.tasks[task_id]
        self._discard(task_id)
        task.done, task.held_by = True, ""

    def lapse(self, now: float) -> None:
        """Give back every task whose lease ended by `now`."""
        while self._leases and self._leases[0][0] <= now:
            until, task_id = heapq.heappop(self._leases)
            task = self.tasks[task_id]
            if task.held_by and task.until == until:
                task.held_by = ""
                self.held.discard(task_id)
                self._first[task_id] = None

    def waiting(self) -> Iterator[str]:
        """Ids of the tasks nobody holds, in serving order."""
        yield from self._first
        yield from self._rest

    def _discard(self, task_id: str) -> None:
        self._first.pop(task_id, None)
        self._rest.pop(task_id, None)
        self.held.discard(task_id)
