"""State of a campaign: a fold of its log, and nothing that is not in the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from querist.core.events import (
    Asked,
    Event,
    ItemsAdded,
    Noted,
    Opened,
    QuestionChanged,
    Queued,
    RecipeChanged,
    Released,
    Retracted,
    Skipped,
    Stepped,
    Told,
)
from querist.core.types import Round
from querist.loop.live import LIVE
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
        self.question: dict[str, Any] = {}
        self.recipe: dict[str, Any] = {}
        self.arrivals: list[ItemsAdded] = []
        self.queues = {"train": Queue(), "holdout": Queue()}
        self.tasks: dict[str, TaskState] = {}
        self.by_item: dict[str, list[str]] = {}
        self.votes: dict[str, dict[str, Vote]] = {}
        self.skips: dict[str, list[Skipped]] = {}
        self.notes: dict[str, list[Noted]] = {}
        self.keys: dict[tuple[str, str, str], int] = {}  # who, item, key -> position of the answer
        self.rounds: list[Round] = []
        self.steps: list[Stepped] = []
        self.changes: list[RecipeChanged] = []
        self.regrown: list[QuestionChanged] = []
        self.batches: list[Queued] = []
        self.bought = 0
        self.trial = FIRST
        self._ranked = 0  # the batch that replaced the ranking last
        self._watchers: list[Callable[[str], None]] = []
        self._rules: dict[type[Event], Callable[[Any], None]] = {
            Opened: self._opened,
            RecipeChanged: self._recipe_changed,
            QuestionChanged: self._question_changed,
            ItemsAdded: self._items_added,
            Queued: self._queued,
            Asked: self._asked,
            Told: self._told,
            Skipped: self._skipped,
            Retracted: self._retracted,
            Released: self._released,
            Noted: self._noted,
            Stepped: self._stepped,
        }

    def watch(self, callback: Callable[[str], None]) -> None:
        """Call back with the id of each item whose standing changed."""
        self._watchers.append(callback)

    def fold(self, rows: Iterable[tuple[int, Event]]) -> None:
        """Apply every event, in order."""
        for position, event in rows:
            self.apply(position, event)

    def clear(self) -> None:
        """Forget everything, to be folded anew; watchers hear of every item that stood."""
        watchers = self._watchers
        stood = {**self.by_item, **self.votes, **self.skips}
        self.__init__()  # type: ignore[misc]
        self._watchers = watchers
        for item_id in stood:
            self._touch(item_id)

    def apply(self, position: int, event: Event) -> None:
        """Apply one event."""
        rule = self._rules.get(type(event))
        if rule is None:
            raise TypeError(f"no rule to fold a {event.kind!r} event")
        self.position = position
        rule(event)

    def is_queued(self, item_id: str) -> bool:
        """Whether the item waits in a queue or is in somebody's hands."""
        return any(not self.tasks[task_id].done for task_id in self.by_item.get(item_id, ()))

    def queue_of(self, task_id: str) -> Queue:
        """The queue a task belongs to."""
        return self.queues[job_of(self.tasks[task_id].why.arm)]

    def open_to(self, by: str, job: str, now: float) -> Iterator[str]:
        """Ids of the tasks of a job that `by` may take at the time `now`, in serving order.

        Nobody gets an item he has answered, holds, passed on or is given here already.
        """
        queue, tasks, given = self.queues[job], self.tasks, set[str]()
        queue.lapse(now)
        for task_id in queue.waiting():
            task = tasks[task_id]
            item_id = task.why.item_id
            if by in task.skipped_by or by in self.votes.get(item_id, ()) or item_id in given:
                continue
            copies = self.by_item[item_id]
            if len(copies) > 1 and any(tasks[copy].held_by == by for copy in copies):
                continue
            given.add(item_id)
            yield task_id

    def is_fresh(self, task_id: str) -> bool:
        """Whether a waiting task is one that a new ranking may replace.

        Nobody passed on it, and nobody answered or holds another task of its item.
        """
        task = self.tasks[task_id]
        item_id = task.why.item_id
        if task.skipped_by or self.votes.get(item_id):
            return False
        copies = self.by_item[item_id]
        return len(copies) == 1 or not any(self.tasks[copy].held_by for copy in copies)

    def fresh(self) -> Iterator[str]:
        """Ids of the waiting training tasks that a new ranking may replace, in serving order."""
        return (task_id for task_id in self.queues["train"].waiting() if self.is_fresh(task_id))

    def further(self) -> int:
        """How many waiting training tasks ask for a further opinion on an item."""
        tasks = (self.tasks[task_id] for task_id in self.queues["train"].waiting())
        return sum(not task.skipped_by and not self.is_fresh(task.why.task_id) for task in tasks)

    def reopens(self, item_id: str, by: str) -> str:
        """The task that would be open again if `by` took back his answer on an item; "" for none.

        His own, unless the item has as many answers beside his as were wanted of it.
        """
        votes = self.votes.get(item_id, {})
        task = self.tasks.get(votes[by].task_id) if by in votes else None
        if task is None:
            return ""
        copies = [t for t in self.by_item[item_id] if self.tasks[t].batch == task.batch]
        closed = [t for t in copies if self.tasks[t].done]
        if len(votes) - 1 + len(copies) - len(closed) >= len(copies):
            return ""
        own = task.why.task_id
        return own if own in closed else closed[0]

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

    def _opened(self, event: Opened) -> None:
        self.opened = event
        self.question = dict(event.question)
        self.recipe = {**LIVE, **event.recipe}

    def _recipe_changed(self, event: RecipeChanged) -> None:
        self.recipe[event.name] = event.new
        self.changes.append(event)
        if event.name in ("strategy", "model"):
            self.trial = Trial(self.trial.number + 1, len(self.rounds))

    def _items_added(self, event: ItemsAdded) -> None:
        self.arrivals.append(event)

    def _queued(self, event: Queued) -> None:
        if event.replaces:
            queue = self.queues["train"]
            queue.lapse(event.at)
            for task_id in list(self.fresh()):
                queue.close(task_id)
                self._touch(self.tasks[task_id].why.item_id)
            self._ranked = len(self.batches)
        (number, since), batch = self.trial, len(self.batches)
        turn = self.rounds[event.round] if since <= event.round < len(self.rounds) else None
        stood_in = turn is not None and bool(turn.fallback)
        for item in event.items:
            instead = stood_in and item.arm == "open"
            task = TaskState(item, event.round, event.model_version, number, instead, batch)
            self.tasks[item.task_id] = task
            self.by_item.setdefault(item.item_id, []).append(item.task_id)
            self.queues[job_of(item.arm)].push(task)
            self._touch(item.item_id)
        self.batches.append(event)

    def _asked(self, event: Asked) -> None:
        for task_id in event.task_ids:
            self.queue_of(task_id).lapse(event.at)
            self.queue_of(task_id).lend(task_id, event.by, event.at + event.lease)
            self._touch(self.tasks[task_id].why.item_id)

    def _told(self, event: Told) -> None:
        votes = self.votes.setdefault(event.item_id, {})
        closed = self._closes(event, event.by in votes)
        if event.by not in votes and event.by != IMPORTED:
            self.bought += 1
        votes.pop(event.by, None)  # so that a changed answer counts as the latest
        votes[event.by] = Vote(
            event.value, event.by, event.at, event.task_id, event.seconds, self.position
        )
        if event.key:
            self.keys.setdefault((event.by, event.item_id, event.key), self.position)
        if closed:
            self.queue_of(closed).close(closed)
        self._touch(event.item_id)

    def _closes(self, event: Told, again: bool) -> str:
        """The one task that an answer closes: its own, else another of the item; "" for none."""
        own = self.tasks.get(event.task_id)
        if own is not None and not own.done and not again:
            return event.task_id
        still = [t for t in self.by_item.get(event.item_id, ()) if not self.tasks[t].done]
        if again:  # a changed answer is no further one
            still = [t for t in still if self.tasks[t].held_by == event.by]
        order = {event.by: 0, "": 1}  # his own, then a waiting one, then one in other hands
        return min(still, key=lambda t: order.get(self.tasks[t].held_by, 2), default="")

    def _skipped(self, event: Skipped) -> None:
        self.skips.setdefault(event.item_id, []).append(event)
        for task_id in self.by_item[event.item_id]:
            self.tasks[task_id].skipped_by.add(event.by)
        task = self.tasks[event.task_id]
        if not task.done and task.held_by in ("", event.by):
            self.queue_of(event.task_id).reopen(event.task_id)
        self._touch(event.item_id)

    def _retracted(self, event: Retracted) -> None:
        votes, reopened = self.votes.get(event.item_id, {}), self.reopens(event.item_id, event.by)
        if votes.pop(event.by, None) is None:
            return  # two processes took the same answer back at once
        self.bought -= event.by != IMPORTED
        if not votes:
            del self.votes[event.item_id]
        if reopened:
            self.queue_of(reopened).reopen(reopened)
        self._touch(event.item_id)

    def _released(self, event: Released) -> None:
        for task_id in event.task_ids:
            task, queue = self.tasks[task_id], self.queue_of(task_id)
            if task.held_by != event.by:
                continue  # it lapsed, and may be in other hands
            queue.give_back(task_id)
            # had it waited, the newer ranking would have replaced it
            outranked = task.batch < self._ranked and queue is self.queues["train"]
            if outranked and self.is_fresh(task_id):
                queue.close(task_id)
            self._touch(task.why.item_id)

    def _noted(self, event: Noted) -> None:
        self.notes.setdefault(event.item_id, []).append(event)

    def _question_changed(self, event: QuestionChanged) -> None:
        self.question = dict(event.new)
        self.regrown.append(event)

    def _stepped(self, event: Stepped) -> None:
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
