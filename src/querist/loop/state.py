"""State of a campaign: a fold of its log, and nothing that is not in the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import singledispatchmethod
from typing import Any, NamedTuple

from querist.core.events import (
    Asked,
    Event,
    ItemsAdded,
    Opened,
    Queued,
    RecipeChanged,
    Retracted,
    Skipped,
    Stepped,
    Told,
)
from querist.core.types import Round
from querist.loop.queue import Queue, TaskState
from querist.loop.rounds import round_from_json

IMPORTED = "import"  # the annotator's name of labels that were there before


class Vote(NamedTuple):
    """The standing answer of one annotator about one item."""

    value: Any
    by: str
    at: float
    task_id: str
    seconds: float | None
    position: int


class Belief(NamedTuple):
    """What the votes on one item add up to."""

    value: Any
    confidence: float
    votes: int


class Trial(NamedTuple):
    """The run of one strategy with one model: its number, and the rounds there were before."""

    number: int = 0
    since: int = 0


FIRST = Trial()


class State:
    """The fold. `apply` is the only way in; everything else reads."""

    def __init__(self) -> None:
        self.position = 0
        self.opened: Opened | None = None
        self.recipe: dict[str, Any] = {}
        self.arrivals: list[ItemsAdded] = []
        self.queues = {"train": Queue(), "holdout": Queue()}
        self.tasks: dict[str, TaskState] = {}
        self.by_item: dict[str, list[str]] = {}
        self.votes: dict[str, dict[str, Vote]] = {}
        self.skips: dict[str, list[Skipped]] = {}
        self.rounds: list[Round] = []
        self.steps: list[Stepped] = []
        self.changes: list[RecipeChanged] = []
        self.batches: list[Queued] = []
        self.bought = 0
        self.trial = FIRST
        self._watchers: list[Callable[[str], None]] = []
        self._rule = self._apply  # bound once: binding anew costs a third of each event

    def watch(self, callback: Callable[[str], None]) -> None:
        """Call back with the id of each item whose standing changed."""
        self._watchers.append(callback)

    def fold(self, rows: Iterable[tuple[int, Event]]) -> None:
        """Apply every event, in order."""
        for position, event in rows:
            self.apply(position, event)

    def apply(self, position: int, event: Event) -> None:
        """Apply one event."""
        self.position = position
        self._rule(event)

    def is_queued(self, item_id: str) -> bool:
        """Whether the item waits in a queue or is in somebody's hands."""
        return any(not self.tasks[task_id].done for task_id in self.by_item.get(item_id, ()))

    def queue_of(self, task_id: str) -> Queue:
        """The queue a task belongs to."""
        return self.queues[job_of(self.tasks[task_id].why.arm)]

    def belief(self, item_id: str) -> Belief | None:
        """Majority of the votes on an item; a tie goes to the latest vote."""
        votes = self.votes.get(item_id)
        if not votes:
            return None
        latest = list(votes.values())
        if len(latest) == 1:
            return Belief(latest[0].value, 1.0, 1)
        counts = Counter(repr(vote.value) for vote in latest)
        most = max(counts.values())
        winner = next(v.value for v in reversed(latest) if counts[repr(v.value)] == most)
        return Belief(winner, most / len(latest), len(latest))

    @singledispatchmethod
    def _apply(self, event: Event) -> None:
        raise TypeError(f"no rule to fold a {event.kind!r} event")

    @_apply.register
    def _(self, event: Opened) -> None:
        self.opened = event
        self.recipe = dict(event.recipe)

    @_apply.register
    def _(self, event: RecipeChanged) -> None:
        self.recipe[event.name] = event.new
        self.changes.append(event)
        if event.name in ("strategy", "model"):
            self.trial = Trial(self.trial.number + 1, len(self.rounds))

    @_apply.register
    def _(self, event: ItemsAdded) -> None:
        self.arrivals.append(event)

    @_apply.register
    def _(self, event: Queued) -> None:
        if event.replaces:
            queue = self.queues["train"]
            queue.lapse(event.at)
            for task_id in queue.withdraw():
                self._touch(self.tasks[task_id].why.item_id)
        number, since = self.trial
        turn = self.rounds[event.round] if since <= event.round < len(self.rounds) else None
        stood_in = turn is not None and bool(turn.fallback)
        for item in event.items:
            instead = stood_in and item.arm == "open"
            task = TaskState(item, event.round, event.model_version, number, instead)
            self.tasks[item.task_id] = task
            self.by_item.setdefault(item.item_id, []).append(item.task_id)
            self.queues[job_of(item.arm)].push(task)
            self._touch(item.item_id)
        self.batches.append(event)

    @_apply.register
    def _(self, event: Asked) -> None:
        for task_id in event.task_ids:
            self.queue_of(task_id).lapse(event.at)
            self.queue_of(task_id).lend(task_id, event.by, event.at + event.lease)
            self._touch(self.tasks[task_id].why.item_id)

    @_apply.register
    def _(self, event: Told) -> None:
        votes = self.votes.setdefault(event.item_id, {})
        if event.by not in votes and event.by != IMPORTED:
            self.bought += 1
        votes.pop(event.by, None)  # so that a changed answer counts as the latest
        votes[event.by] = Vote(
            event.value, event.by, event.at, event.task_id, event.seconds, self.position
        )
        for task_id in self.by_item.get(event.item_id, ()):
            self.queue_of(task_id).close(task_id)
        self._touch(event.item_id)

    @_apply.register
    def _(self, event: Skipped) -> None:
        self.skips.setdefault(event.item_id, []).append(event)
        for task_id in self.by_item[event.item_id]:
            self.tasks[task_id].skipped_by.add(event.by)
        task = self.tasks[event.task_id]
        if not task.done and task.held_by in ("", event.by):
            self.queue_of(event.task_id).reopen(event.task_id)
        self._touch(event.item_id)

    @_apply.register
    def _(self, event: Retracted) -> None:
        votes = self.votes.get(event.item_id, {})
        if votes.pop(event.by, None) is None:
            return  # two processes took the same answer back at once
        self.bought -= event.by != IMPORTED
        if not votes:
            del self.votes[event.item_id]
            if event.task_id:
                self.queue_of(event.task_id).reopen(event.task_id)
        self._touch(event.item_id)

    @_apply.register
    def _(self, event: Stepped) -> None:
        self.steps.append(event)
        self.rounds.append(round_from_json(event.round))

    def _touch(self, item_id: str) -> None:
        for callback in self._watchers:
            callback(item_id)


def job_of(arm: str) -> str:
    """The job an arm belongs to: holdout items are labelled as their own job.

    Examples
    --------
    >>> job_of("control"), job_of("holdout")
    ('train', 'holdout')
    """
    return "holdout" if arm == "holdout" else "train"
