"""The desk: hands out tasks and takes answers in. It never thinks, so a click never waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from querist.core.errors import BadInput, NotServed, QueristError, UnknownTask
from querist.core.events import (
    Asked,
    Event,
    Noted,
    QuestionChanged,
    Queued,
    QueuedItem,
    Released,
    Retracted,
    Skipped,
)
from querist.core.protocols import Question
from querist.core.questions import with_label
from querist.core.types import Task
from querist.loop.answers import Answer as Answer
from querist.loop.answers import Place, Sheet, check_by, find
from querist.loop.growth import Growth
from querist.loop.journal import Journal
from querist.loop.mistakes import with_class
from querist.loop.reasons import reasons
from querist.loop.settings import OPENING, changes, plan_change

Keep = Callable[[Mapping[str, Any]], None]


class Desk:
    """Ask and tell over one journal, for any number of annotators and processes.

    Parameters
    ----------
    keep : callable, optional
        Keeps changed settings outside the log too, such as in the file a campaign opens from.
    """

    def __init__(self, journal: Journal, growth: Growth, keep: Keep | None = None) -> None:
        self.journal = journal
        self.growth = growth
        self.keep = keep

    @property
    def question(self) -> Question:
        """What is asked, as it stands."""
        return self.growth.question

    def ask(self, n: int, by: str, lease: float, job: str) -> list[Task]:
        """Lend up to `n` waiting tasks of a job to `by`; none while the campaign is paused."""
        queues = self.journal.state.queues
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise BadInput(f"n is how many tasks to hand out, 1 or more; got {n!r}")
        if job not in queues:
            raise BadInput(f"job is one of {sorted(queues)}; got {job!r}")
        _check_lease(by, lease)

        def look() -> tuple[list[Event], list[str]]:
            state, now = self.journal.state, time.time()
            for queue in queues.values():
                queue.lapse(now)
            tasks = state.tasks
            known = (
                t for t in state.open_to(by, job, now) if self.growth.has(tasks[t].why.item_id)
            )
            free = list(islice(known, self._affordable(n)))
            return [Asked(at=now, task_ids=tuple(free), by=by, lease=lease)] if free else [], free

        return self._shown(self.journal.decide(look))

    def request(self, item_ids: Sequence[str], by: str, lease: float) -> list[Task]:
        """Lend tasks for items the owner names, past the strategy."""
        wanted = list(dict.fromkeys(map(str, item_ids)))
        _check_lease(by, lease)

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
            asked = Asked(at=now, task_ids=tuple(names), by=by, lease=lease)
            return [queued, asked] if names else [], names

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

    def tell(self, answers: Iterable[Answer], strict: bool = False) -> list[int]:
        """Write the answers, all or none; those that stand already are left alone.

        Gives the log position of each answer. The same key of the same person about the same
        item is the same answer again, whatever was said since.

        Raises
        ------
        LeaseLost
            With `strict`, for a task that is not in the hands of whoever answers.
        """
        positions = []
        for place in self._judged(list(answers), strict, all_or_none=True):
            if isinstance(place, QueristError):
                raise place
            positions.append(place)
        return positions

    def judge(self, answers: Iterable[Answer], strict: bool = True) -> list[int | QueristError]:
        """Judge each answer by itself and write the good ones at once.

        Gives, for each, its log position or the error that refused it.
        """
        return self._judged(list(answers), strict, all_or_none=False)

    def _judged(
        self, answers: list[Answer], strict: bool, all_or_none: bool
    ) -> list[int | QueristError]:
        def look() -> tuple[list[Event], tuple[int, list[Place | QueristError]]]:
            state = self.journal.state
            sheet = Sheet(state, self.growth, strict)
            places = [sheet.mark(answer) for answer in answers]
            refused = all_or_none and any(isinstance(place, QueristError) for place in places)
            return [] if refused else sheet.events, (state.position, places)

        before, places = self.journal.decide(look)
        return [
            place
            if isinstance(place, QueristError)
            else place.at + (0 if place.written else before)
            for place in places
        ]

    def skip(self, task: Task | str, reason: str, by: str) -> None:
        """Record that `by` passed on a task."""
        check_by(by)

        def look() -> tuple[list[Event], None]:
            task_id, item_id = self._find(task, by)
            if not task_id:
                raise UnknownTask(f"item {item_id!r} was never asked, so nobody can skip it")
            if by in self.journal.state.tasks[task_id].skipped_by:
                return [], None
            event = Skipped(at=time.time(), task_id=task_id, item_id=item_id, by=by, reason=reason)
            return [event], None

        self.journal.decide(look)

    def retract(self, task: Task | str, by: str, lease: float | None = None) -> Task | None:
        """Take back what `by` said of an item.

        With `lease` its task, where it is open again, goes back into his hands at once: nobody
        else can take it in between.
        """
        if lease is not None:
            _check_lease(by, lease)

        def look() -> tuple[list[Event], str]:
            state, now = self.journal.state, time.time()
            _, item_id = self._find(task, by)
            vote = state.votes.get(item_id, {}).get(by)
            if vote is None:
                raise UnknownTask(f"{by!r} has no answer on item {item_id!r} to take back")
            events: list[Event] = [
                Retracted(at=now, task_id=vote.task_id, item_id=item_id, by=by),
            ]
            held = "" if lease is None else state.reopens(item_id, by)
            if held and lease is not None:
                events.append(Asked(at=now, task_ids=(held,), by=by, lease=lease))
            return events, held

        held = self.journal.decide(look)
        return self._shown([held])[0] if held else None

    def renew(self, task_ids: Sequence[str], by: str, lease: float) -> tuple[list[str], list[str]]:
        """Lengthen leases of `by`, also those that ran out while nobody else took the task.

        Gives the ids of the tasks that are in his hands now, and of those he has lost.
        """
        wanted = list(dict.fromkeys(map(str, task_ids)))
        _check_lease(by, lease)

        def look() -> tuple[list[Event], list[str]]:
            now = time.time()
            kept = [task_id for task_id in wanted if self._may_renew(task_id, by, now)]
            return [Asked(at=now, task_ids=tuple(kept), by=by, lease=lease)] if kept else [], kept

        renewed = self.journal.decide(look)
        kept = set(renewed)
        return renewed, [task_id for task_id in wanted if task_id not in kept]

    def _may_renew(self, task_id: str, by: str, now: float) -> bool:
        task = self.journal.state.tasks.get(task_id)
        if task is None or task.done or task.last_by != by:
            return False
        return task.held_by in ("", by)

    def release(self, task_ids: Sequence[str] | None, by: str) -> int:
        """Give tasks back unanswered, all that `by` holds with None; how many there were.

        They are the next to be handed out, but for those that a newer ranking has replaced.
        """
        check_by(by)
        wanted = None if task_ids is None else dict.fromkeys(map(str, task_ids))

        def look() -> tuple[list[Event], int]:
            state = self.journal.state
            if wanted is None:
                held = [t for queue in state.queues.values() for t in queue.held]
                held.sort(key=lambda t: (state.tasks[t].batch, _place(t)))
            else:
                held = [task_id for task_id in wanted if task_id in state.tasks]
            own = tuple(task_id for task_id in held if state.tasks[task_id].held_by == by)
            return [Released(at=time.time(), task_ids=own, by=by)] if own else [], len(own)

        return self.journal.decide(look)

    def note(self, task: Task | str, text: str, by: str, flag: bool = False) -> None:
        """Keep a comment of `by` on an item; with `flag` somebody else should look at it."""
        check_by(by)
        if not isinstance(text, str) or not (text.strip() or flag):
            raise BadInput(f"a note is a text, which only a flag may leave out; got {text!r}")

        def look() -> tuple[list[Event], None]:
            task_id, item_id = self._find(task, by)
            noted = Noted(
                at=time.time(), task_id=task_id, item_id=item_id, by=by, text=text, flag=bool(flag)
            )
            return [noted], None

        self.journal.decide(look)

    def change(self, name: str, value: Any, by: str) -> None:
        """Set one of the settings that need no model; the log keeps old and new.

        They are overlap, depth, order, suggestions, blind_why, paused, guidelines, and budget,
        price, batch, until, pick_limit, control_until.

        Raises
        ------
        BadInput
            For a value that is not allowed, and for any other setting.
        """
        check_by(by)

        def look() -> tuple[list[Event], dict[str, Any]]:
            recipe, n = self.journal.state.recipe, len(self.growth.pool)
            new = plan_change(recipe, self.question, n, name, value)
            return changes(recipe, new, by), new

        if self.keep is not None:
            with self.journal.lock:
                self.journal.sync()
                _, new = look()  # refused before anything is kept
            if name in OPENING:  # first: who opens the campaign in between agrees with what comes
                self.keep({name: value if name == "until" else new[name]})
        self.journal.decide(look)

    def add_class(self, name: str, by: str) -> None:
        """Add a label to the question, behind those it has; every answer so far stays.

        The next round trains with it. Mistakes between it and others cost 1, where mistakes
        have costs.

        Raises
        ------
        BadInput
            For a question without labels, and a name that is blank or there already.
        """
        check_by(by)

        def look() -> tuple[list[Event], dict[str, Any]]:
            now, state = time.time(), self.journal.state
            new = with_label(self.question, name).to_json()
            events: list[Event] = [QuestionChanged(at=now, old=state.question, new=new, by=by)]
            costs = state.recipe.get("mistakes")
            kept = {} if costs is None else {"mistakes": with_class(costs)}
            return [*events, *changes(state.recipe, kept, by)], {"question": new, **kept}

        kept = self.journal.decide(look)
        if self.keep is not None:  # after the log, which decides where the two differ
            self.keep(kept)

    def why(self, item_id: str) -> str:
        """In plain words: why an item was asked, by which model, who labelled it, and when.

        Raises
        ------
        UnknownTask
            When the pool holds no such item.
        """
        with self.journal.lock:
            self.journal.sync()
            return reasons(self.journal.state, self.growth, item_id)

    def _affordable(self, n: int) -> int:
        """How many of `n` tasks may be handed out: none in a pause, and what the budget pays for.

        Tasks in somebody's hands may all be answered, so they count as spent.
        """
        state = self.journal.state
        if state.recipe.get("paused"):
            return 0
        budget: int | None = state.recipe.get("budget")
        if budget is None:
            return n
        out = sum(len(queue.held) for queue in state.queues.values())
        return max(min(n, budget - state.bought - out), 0)

    def _shown(self, task_ids: Sequence[str]) -> list[Task]:
        """The tasks as their annotator sees them."""
        tasks, pool, view = self.journal.state.tasks, self.growth.pool, self.question.view
        told = [tasks[task_id] for task_id in task_ids]
        rows = pool.rows([task.why.item_id for task in told])
        return [
            Task(
                task.why.task_id,
                task.why.item_id,
                pool.show(row),
                view,
                round=task.round,
                until=task.until,
                arm=task.why.arm,
                guess=task.why.guess,
                sure=task.why.sure,
            )
            for task, row in zip(told, rows.tolist(), strict=True)
        ]

    def _find(self, task: Task | str, by: str) -> tuple[str, str]:
        return find(self.journal.state, self.growth, task, by)


def _check_lease(by: str, lease: float) -> None:
    check_by(by)
    number = isinstance(lease, (int, float)) and not isinstance(lease, bool)
    if not (number and 0 < lease < float("inf")):
        raise BadInput(f"lease is a time in seconds, above 0; got {lease!r}")


def _place(task_id: str) -> tuple[int, ...]:
    """Place of a task in its batch: ``b3-12.2`` is the second copy of the twelfth."""
    return tuple(int(part) for part in task_id.rpartition("-")[2].split(".") if part.isdigit())
