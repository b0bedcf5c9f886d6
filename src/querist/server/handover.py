"""Database hand-over: the tasks of a campaign as rows that another program fills.

Nothing is kept between two passes but the log and the table, so either side may be cut off at
any moment: the next pass brings them together again. An answer is written to the log first, under
a key made from its row, and marked done after; so it stands once, however often a pass is cut off
in between.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from querist.core.errors import BadInput, BadLabel, QueristError
from querist.core.events import campaign_mark
from querist.core.protocols import Question
from querist.loop.desk import Desk
from querist.server.task_rows import Filled, Offer, TaskRows, Verdict

NAME = "handover"
_LONGEST = 500  # characters of an error

Say = Callable[[str], None]


class Handover:
    """Keeps a table filled with pending tasks, and takes up what others write into it.

    Parameters
    ----------
    desk : Desk
        The campaign's.
    rows : TaskRows
        The table.
    name : str
        What the campaign is called in the table.
    depth : int
        How many tasks are pending at a time.
    by : str
        Who holds the tasks, and who answers where a row does not say.
    lease : float
        Seconds after which others may have the tasks, should this not run any more.
    """

    def __init__(
        self,
        desk: Desk,
        rows: TaskRows,
        name: str,
        *,
        depth: int = 200,
        by: str = NAME,
        lease: float = 600.0,
    ) -> None:
        if depth < 1:
            raise BadInput(f"depth is how many tasks are pending, 1 or more; got {depth}")
        self.desk = desk
        self.rows = rows
        self.depth = depth
        self.by = by
        self.lease = lease
        self._renewed = 0.0
        self._question = ""
        opened = desk.journal.state.opened
        assert opened is not None
        rows.claim(campaign_mark(opened), name)

    def run(self, stop: threading.Event, every: float = 0.5, say: Say = lambda line: None) -> None:
        """Pass after pass until `stop` is set; then give back what nobody has filled."""
        said = ""
        while not stop.is_set():
            try:
                self.once()
                said = ""
            except QueristError as error:
                if str(error) != said:  # what stays true is said once
                    said = str(error)
                    say(f"hand-over: {said}")
            stop.wait(every)
        self.leave()

    def once(self) -> int:
        """Take up what was filled, bring table and queue together, top up; answers taken up."""
        taken = 0
        while filled := self.rows.filled():
            taken += self._take_up(filled)
        self._reconcile()
        return taken

    def leave(self) -> None:
        """Take up what was filled, and give the other tasks back to the queue."""
        while filled := self.rows.filled():
            self._take_up(filled)
        self._give_back(self.rows.open(), "given back: the hand-over ended")

    def _take_up(self, filled: list[Filled]) -> int:
        """Judge filled rows, write the good answers to the log, then the outcome to the table."""
        self.desk.journal.sync()
        verdicts, judged = [], []
        for row in filled:
            try:
                if row.status == "skip":
                    self._skip(row)
                    verdicts.append(Verdict(row, "skipped"))
                else:
                    judged.append((row, self._answer(row)))
            except QueristError as error:
                verdicts.append(_refused(row, error))
        # the tasks are held under one name and answered under others: hands were looked at above
        results = self.desk.judge([answer for _, answer in judged], strict=False)
        for (row, _), result in zip(judged, results, strict=True):
            if isinstance(result, QueristError):
                verdicts.append(_refused(row, result))
            else:
                verdicts.append(Verdict(row, "done"))
        self.rows.settle(verdicts)
        return sum(verdict.status == "done" for verdict in verdicts)

    def _skip(self, row: Filled) -> None:
        reason = row.comment if isinstance(row.comment, str) else ""
        self.desk.skip(row.task_id, reason, self.by)

    def _answer(self, row: Filled) -> dict[str, Any]:
        """The answer a row holds, as the desk takes it.

        Raises
        ------
        BadInput
            When the task is not this hand-over's to answer any more.
        """
        state = self.desk.journal.state
        task = state.tasks.get(row.task_id)
        if task is None:
            raise BadInput(f"no task goes by the id {row.task_id!r}; rows are put here by querist")
        by = self.by if row.by is None else row.by
        item_id = task.why.item_id
        key = f"row {row.task_id} {row.fills}"
        if (by, item_id, key) not in state.keys:
            if not task.done and task.held_by not in ("", self.by):
                raise BadInput("the lease ran out and somebody else has the task now")
            others = state.votes.get(item_id, {}).keys() - {by}
            if task.done and others:
                raise BadInput(f"{min(others)!r} has answered this meanwhile")
        return {
            "task": row.task_id,
            "value": value_of(row.value, self.desk.question),
            "by": by,
            "seconds": row.seconds,
            "comment": "" if row.comment is None else row.comment,
            "key": key,
        }

    def _reconcile(self) -> None:
        """Give back what a newer ranking replaced, keep the rest, and top up."""
        self.desk.journal.sync()
        state = self.desk.journal.state
        question = json.dumps(self.desk.question.to_json(), ensure_ascii=False)
        if question != self._question:  # a class was added, say
            self.rows.ask_anew(question)
            self._question = question
        rows = self.rows.open()
        self._give_back(self._outranked(rows), "a newer ranking took its place")
        rows = self.rows.open()
        lost = self._renew(rows)
        gone = [t for t in rows if t not in state.tasks or state.tasks[t].done or t in lost]
        self.rows.withdraw(gone, "answered or asked elsewhere")
        held = [t for t in state.queues["train"].held if state.tasks[t].held_by == self.by]
        if missing := [t for t in held if t not in rows]:  # cut off before the row was there
            self.desk.release(missing, self.by)
        if (wanted := self.depth - len(rows) + len(gone)) > 0:
            tasks = self.desk.ask(wanted, self.by, self.lease, "train")
            self.rows.offer(
                Offer(t.task_id, t.item_id, _json(t.item), self._question) for t in tasks
            )

    def _outranked(self, task_ids: Iterable[str]) -> list[str]:
        """The tasks that would have been replaced, had they waited when the queue was ranked."""
        state = self.desk.journal.state
        newest = len(state.batches) - 1
        while newest > 0 and not state.batches[newest].replaces:
            newest -= 1
        found = []
        for task_id in task_ids:
            task = state.tasks.get(task_id)
            if task is None or task.done or task.held_by != self.by or task.batch >= newest:
                continue
            item_id = task.why.item_id
            if not (task.skipped_by or state.votes.get(item_id) or state.by_item[item_id][1:]):
                found.append(task_id)
        return found

    def _give_back(self, task_ids: Iterable[str], why: str) -> None:
        if unfilled := self.rows.withdraw(task_ids, why):
            self.desk.release(unfilled, self.by)

    def _renew(self, task_ids: Iterable[str]) -> set[str]:
        """Lengthen the leases in time; the tasks that were lost."""
        now = time.time()
        if now - self._renewed < self.lease / 3:
            return set()
        self._renewed = now
        wanted = list(task_ids)
        return set(self.desk.renew(wanted, self.by, self.lease)[1]) if wanted else set()


def value_of(raw: Any, question: Question) -> Any:
    """The answer that a cell of the table holds: a number, a label, or JSON.

    Raises
    ------
    BadLabel
        When the cell holds bytes.

    Examples
    --------
    >>> from querist.core.questions import Choice, Choices
    >>> value_of("spam", Choice(["spam", "ham"])), value_of('"spam"', Choice(["spam", "ham"]))
    ('spam', 'spam')
    >>> value_of('["a"]', Choices(["a", "b"]))
    ['a']
    """
    if isinstance(raw, bytes):
        raise BadLabel("a value is a text, a number or JSON; bytes came")
    if not isinstance(raw, str) or raw in getattr(question, "labels", ()):
        return raw
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw


def _refused(row: Filled, error: QueristError) -> Verdict:
    status = "pending" if row.status == "skip" else row.status
    return Verdict(row, status, " ".join(str(error).split())[:_LONGEST])


def _json(item: Any) -> str:
    return json.dumps(item, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
