"""The desk: hands out tasks and takes answers in. It never thinks, so a click never waits."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from querist.core.errors import BadInput, NotServed, UnknownTask
from querist.core.events import Asked, Event, Queued, QueuedItem, Retracted, Skipped, Told
from querist.core.protocols import Question
from querist.core.types import Task
from querist.loop.growth import Growth
from querist.loop.journal import Journal

Answer = Mapping[str, Any] | Sequence[Any]
_FIELDS = ("task", "value", "by", "seconds", "key")


class Desk:
    """Ask and tell over one journal, for any number of annotators and processes."""

    def __init__(self, journal: Journal, growth: Growth, question: Question) -> None:
        self.journal = journal
        self.growth = growth
        self.question = question

    def ask(self, n: int, by: str, lease: float, job: str) -> list[Task]:
        """Lend up to `n` waiting tasks of a job to `by`."""
        queues = self.journal.state.queues
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise BadInput(f"n is how many tasks to hand out, 1 or more; got {n!r}")
        if job not in queues:
            raise BadInput(f"job is one of {sorted(queues)}; got {job!r}")

        def look() -> tuple[list[Event], list[str]]:
            now = time.time()
            for queue in queues.values():
                queue.lapse(now)
            tasks = self.journal.state.tasks
            known = (
                t for t in queues[job].available(by, now) if self.growth.has(tasks[t].why.item_id)
            )
            free = list(islice(known, self._affordable(n)))
            return [_lent(free, by, lease, now)] if free else [], free

        return self._shown(self.journal.decide(look))

    def request(self, item_ids: Sequence[str], by: str, lease: float) -> list[Task]:
        """Lend tasks for items the owner names, past the strategy."""
        wanted = list(dict.fromkeys(map(str, item_ids)))

        def look() -> tuple[list[Event], list[str]]:
            state, now = self.journal.state, time.time()
            self._check_free(wanted)
            batch = len(state.batches)
            items = tuple(
                QueuedItem(f"b{batch}-{k}", item_id, "requested", by, None, k, None, 1)
                for k, item_id in enumerate(wanted)
            )
            names = [item.task_id for item in items]
            queued = Queued(at=now, round=len(state.rounds) - 1, replaces=False, items=items)
            return [queued, _lent(names, by, lease, now)] if names else [], names

        return self._shown(self.journal.decide(look))

    def _check_free(self, item_ids: Sequence[str]) -> None:
        state, ledger = self.journal.state, self.growth.ledger
        for item_id, row in zip(item_ids, self.growth.pool.rows(item_ids), strict=True):
            if (role := ledger.role_of(int(row))) in ("holdout", "stop"):
                raise NotServed(
                    f"item {item_id!r} is reserved ({role}): it measures the model, so nobody may "
                    "choose it for training. Label holdout items with ask(job='holdout')"
                )
            if state.votes.get(item_id) or state.is_queued(item_id):
                raise BadInput(f"item {item_id!r} is labelled or queued already")

    def tell(self, answers: Iterable[Answer]) -> list[int]:
        """Write the answers, all or none; those that stand already are left alone.

        Gives the log position of each standing answer.
        """
        with self.journal.lock:
            self.journal.sync()
            told = [self._told(**_fields(answer)) for answer in answers]
            self.journal.append([event for event, stands in told if not stands])
            state = self.journal.state
            standing = [state.votes.get(event.item_id, {}).get(event.by) for event, _ in told]
            # taken back by another process in the meantime: it stands no more
            return [vote.position if vote else state.position for vote in standing]

    def skip(self, task: Task | str, reason: str, by: str) -> None:
        """Record that `by` passed on a task."""
        _check_by(by)

        def look() -> tuple[list[Event], None]:
            task_id, item_id = self._find(task)
            if not task_id:
                raise UnknownTask(f"item {item_id!r} was never asked, so nobody can skip it")
            if by in self.journal.state.tasks[task_id].skipped_by:
                return [], None
            event = Skipped(at=time.time(), task_id=task_id, item_id=item_id, by=by, reason=reason)
            return [event], None

        self.journal.decide(look)

    def retract(self, task: Task | str, by: str) -> None:
        """Take back what `by` said of an item."""

        def look() -> tuple[list[Event], None]:
            _, item_id = self._find(task)
            vote = self.journal.state.votes.get(item_id, {}).get(by)
            if vote is None:
                raise UnknownTask(f"{by!r} has no answer on item {item_id!r} to take back")
            event = Retracted(at=time.time(), task_id=vote.task_id, item_id=item_id, by=by)
            return [event], None

        self.journal.decide(look)

    def queue_holdout(self) -> None:
        """Give every holdout item a task of its own job."""

        def look() -> tuple[list[Event], None]:
            state, rows = self.journal.state, self.growth.ledger.holdout_queue()
            batch = len(state.batches)
            items = tuple(
                QueuedItem(f"b{batch}-{k}", item_id, "holdout", "Random", None, k, 1.0, len(rows))
                for k, item_id in enumerate(self.growth.pool.ids(rows))
            )
            number = len(state.rounds) - 1
            event = Queued(at=time.time(), round=number, replaces=False, items=items)
            return [event] if items else [], None

        self.journal.decide(look)

    def _affordable(self, n: int) -> int:
        """How many of `n` tasks the budget still pays for, beside those in somebody's hands."""
        state = self.journal.state
        budget: int | None = state.recipe.get("budget")
        if budget is None:
            return n
        out = sum(len(queue.held) for queue in state.queues.values())
        return max(min(n, budget - state.bought - out), 0)

    def _shown(self, task_ids: Sequence[str]) -> list[Task]:
        """The tasks as their annotator sees them."""
        tasks, pool = self.journal.state.tasks, self.growth.pool
        item_ids = [tasks[task_id].why.item_id for task_id in task_ids]
        return [
            Task(task_id, item_id, pool.show(int(row)), self.question.view)
            for task_id, item_id, row in zip(task_ids, item_ids, pool.rows(item_ids), strict=True)
        ]

    def _told(
        self,
        task: Task | str,
        value: Any,
        by: str = "me",
        seconds: float | None = None,
        key: str = "",
    ) -> tuple[Told, bool]:
        """The event of an answer, and whether the same answer stands already."""
        _check_by(by)
        task_id, item_id = self._find(task)
        value = self.question.check(value)
        vote = self.journal.state.votes.get(item_id, {}).get(by)
        told = Told(
            at=time.time(),
            task_id=task_id,
            item_id=item_id,
            value=value,
            by=by,
            seconds=seconds,
            key=key,
        )
        return told, vote is not None and vote.value == value

    def _find(self, task: Task | str) -> tuple[str, str]:
        """Task id ("" when the item was not asked) and item id of a task or an item id."""
        name = task.task_id if isinstance(task, Task) else str(task)
        known = self.journal.state.tasks.get(name)
        if known is not None:
            if isinstance(task, Task) and task.item_id != known.why.item_id:
                raise UnknownTask(
                    f"task {name!r} asks about item {known.why.item_id!r} here, not about "
                    f"{task.item_id!r}: it comes from another campaign"
                )
            return name, known.why.item_id
        try:
            self.growth.pool.rows([name])
        except UnknownTask:
            raise UnknownTask(
                f"no task and no item goes by the id {name!r}; pass a task from ask(), its "
                "task_id, or the id of an item of the pool"
            ) from None
        tasks = self.journal.state.by_item.get(name, [""])
        return tasks[-1], name


def _lent(task_ids: Sequence[str], by: str, lease: float, now: float) -> Asked:
    _check_by(by)
    if not lease > 0:
        raise BadInput(f"lease is a time in seconds, above 0; got {lease!r}")
    return Asked(at=now, task_ids=tuple(task_ids), by=by, lease=lease)


def _check_by(by: str) -> None:
    if not isinstance(by, str) or not by.strip():
        raise BadInput(f"by names who asks or answers; got {by!r}")


def _fields(answer: Answer) -> dict[str, Any]:
    """An answer as named fields, from a mapping or from a tuple in that order.

    Examples
    --------
    >>> _fields({"task_id": "b0-1", "item": "hi", "value": "spam"})
    {'value': 'spam', 'task': 'b0-1'}
    >>> _fields(("b0-1", "spam", "ann"))
    {'task': 'b0-1', 'value': 'spam', 'by': 'ann'}
    """
    if isinstance(answer, Mapping):
        fields = {name: answer[name] for name in _FIELDS if name in answer}
        if "task_id" in answer:
            fields.setdefault("task", answer["task_id"])
    elif isinstance(answer, Sequence) and not isinstance(answer, str):
        fields = dict(zip(_FIELDS, answer, strict=False))
    else:
        fields = {}
    if not {"task", "value"} <= set(fields):
        raise BadInput(
            f"an answer names its task and its value, as {{'task': ..., 'value': ...}} or "
            f"(task, value), but got {answer!r}"
        )
    return fields
