"""Answers as they come in: read, checked, and turned into what the log is to hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from querist.core.errors import BadInput, LeaseLost, QueristError, UnknownTask
from querist.core.events import Event, Noted, Told
from querist.core.types import Task
from querist.loop.growth import Growth
from querist.loop.state import State

Answer = Mapping[str, Any] | Sequence[Any]
FIELDS = ("task", "value", "by", "seconds", "key", "guidelines", "suggested", "comment")


class Place(NamedTuple):
    """Where an answer stands: `at` is a position of the log, or counts the events to be written."""

    at: int
    written: bool


class Sheet:
    """Judges answers one after the other, each as if those before it were written already.

    Parameters
    ----------
    strict : bool
        Refuse an answer to a task that is not in the hands of whoever answers.

    Attributes
    ----------
    events : list of Event
        What is to be written for the good ones.
    """

    def __init__(self, state: State, growth: Growth, strict: bool) -> None:
        self.events: list[Event] = []
        self._state = state
        self._growth = growth
        self._strict = strict
        self._now = time.time()
        self._keys: dict[tuple[str, str, str], int] = {}
        self._told: dict[tuple[str, str], tuple[Any, int]] = {}
        self._closed: set[str] = set()

    def mark(self, answer: Answer) -> Place | QueristError:
        """Where one answer will stand, or why it is refused; a refused one leaves no trace."""
        try:
            return self._mark(**fields_of(answer))
        except QueristError as error:
            return error

    def _mark(
        self,
        task: Task | str,
        value: Any,
        by: str = "me",
        seconds: float | None = None,
        key: str = "",
        guidelines: int = 0,
        suggested: Any = None,
        comment: str = "",
    ) -> Place:
        check_by(by)
        task_id, item_id = find(self._state, self._growth, task, by)
        named = (by, item_id, key)
        if key and named in self._state.keys:  # a retry, whatever was said since
            return Place(self._state.keys[named], written=True)
        if key and named in self._keys:
            return Place(self._keys[named], written=False)
        value = self._growth.question.check(value)
        vote = self._state.votes.get(item_id, {}).get(by)
        before = self._told.get((item_id, by))
        if not key and before is not None and before[0] == value:
            return Place(before[1], written=False)
        if not key and before is None and vote is not None and vote.value == value:
            return Place(vote.position, written=True)
        if self._strict and vote is None and before is None:
            by_task = (task.task_id if isinstance(task, Task) else str(task)) == task_id
            self._check_hands(task_id, item_id, by, by_task)
        told = Told(
            at=self._now,
            task_id=task_id,
            item_id=item_id,
            value=value,
            by=by,
            seconds=seconds,
            key=key,
            guidelines=guidelines,
            suggested=suggested,
        )
        self.events.append(told)
        place = len(self.events)
        self._told[item_id, by] = value, place
        self._closed.add(task_id)
        if key:
            self._keys[named] = place
        if comment.strip():
            noted = Noted(at=self._now, task_id=task_id, item_id=item_id, by=by, text=comment)
            self.events.append(noted)
        return Place(place, written=False)

    def _check_hands(self, task_id: str, item_id: str, by: str, by_task: bool) -> None:
        """Raise LeaseLost when the task answered is not in the hands of `by`.

        A label nobody asked for must not take an item out of other hands either.
        """
        task = self._state.tasks.get(task_id)
        if task is None or (not by_task and task.done):
            return
        wanted = "ask for another one; this answer was not recorded"
        if task.done or task_id in self._closed:
            if self._state.votes.get(item_id) or task_id in self._closed:
                raise LeaseLost(
                    f"task {task_id!r} has been answered by somebody else meanwhile: {wanted}",
                    "answered",
                )
            raise LeaseLost(
                f"the lease of task {task_id!r} ran out and the queue was ranked anew without it: "
                f"{wanted}",
                "lease_expired",
            )
        if task.held_by not in ("", by) and task.until > self._now:
            raise LeaseLost(f"task {task_id!r} is in other hands by now: {wanted}", "held")
        if by_task and (task.held_by != by or task.until <= self._now):
            raise LeaseLost(
                f"task {task_id!r} is not in the hands of {by!r}, or its lease has run out: renew "
                "it while nobody else has taken it, or ask again; this answer was not recorded",
                "lease_expired",
            )


def find(state: State, growth: Growth, task: Task | str, by: str = "") -> tuple[str, str]:
    """Task id ("" when the item was not asked) and item id of a task or an item id.

    Of the tasks of an item that one is meant which `by` answered, or else holds, or else might
    take; if there is none, the newest.

    Raises
    ------
    UnknownTask
        When no task and no item goes by that id.
    """
    name = task.task_id if isinstance(task, Task) else str(task)
    known = state.tasks.get(name)
    if known is not None:
        if isinstance(task, Task) and task.item_id != known.why.item_id:
            raise UnknownTask(
                f"task {name!r} asks about item {known.why.item_id!r} here, not about "
                f"{task.item_id!r}: it comes from another campaign"
            )
        return name, known.why.item_id
    if not growth.has(name):
        raise UnknownTask(
            f"no task and no item goes by the id {name!r}; pass a task from ask(), its "
            "task_id, or the id of an item of the pool"
        )
    tasks = state.by_item.get(name, [""])
    if (vote := state.votes.get(name, {}).get(by)) is not None:
        return vote.task_id, name
    if len(tasks) == 1:
        return tasks[0], name
    order = {by: 0, "": 1}
    still = [task_id for task_id in tasks if not state.tasks[task_id].done]
    return min(still, key=lambda t: order.get(state.tasks[t].held_by, 2), default=tasks[-1]), name


def check_by(by: str) -> None:
    """Raise BadInput unless `by` is a name."""
    if not isinstance(by, str) or not by.strip():
        raise BadInput(f"by names who asks or answers; got {by!r}")


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "seconds": (
        lambda v: v is None or (_is_number(v) and 0 <= v < float("inf")),
        "is the time the annotator took, 0 or more",
    ),
    "key": (lambda v: isinstance(v, str), "is a text that names the answer"),
    "guidelines": (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
        "is the version that was shown, 0 for none",
    ),
    "comment": (lambda v: isinstance(v, str), "is a text"),
}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def fields_of(answer: Answer) -> dict[str, Any]:
    """An answer as named fields, from a mapping or from a tuple in that order.

    Raises
    ------
    BadInput
        When task or value is missing, or a field is of a wrong kind.

    Examples
    --------
    >>> fields_of({"task_id": "b0-1", "item": "hi", "value": "spam"})
    {'value': 'spam', 'task': 'b0-1'}
    >>> fields_of(("b0-1", "spam", "ann"))
    {'task': 'b0-1', 'value': 'spam', 'by': 'ann'}
    """
    if isinstance(answer, Mapping):
        fields = {name: answer[name] for name in FIELDS if name in answer}
        if "task_id" in answer:
            fields.setdefault("task", answer["task_id"])
    elif isinstance(answer, Sequence) and not isinstance(answer, str):
        fields = dict(zip(FIELDS, answer, strict=False))
    else:
        fields = {}
    if not {"task", "value"} <= set(fields):
        raise BadInput(
            f"an answer names its task and its value, as {{'task': ..., 'value': ...}} or "
            f"(task, value), but got {answer!r}"
        )
    for name, (fits, what) in _KINDS.items():
        if name in fields and not fits(fields[name]):
            raise BadInput(f"{name} of an answer {what}; got {fields[name]!r}")
    return fields
