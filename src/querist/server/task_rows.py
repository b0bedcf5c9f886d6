"""The table of a database hand-over: pending tasks as rows that any program may fill.

`TaskRows` is all the hand-over knows of a database; SQLite is the first that offers it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from querist.core.errors import BadInput, LogError, Unsupported
from querist.logs.sqlite_file import (
    PATIENCE,
    busy,
    path_of,
    statements,
    transaction,
    write_ahead,
)

PAGE = 1_000  # filled rows taken up at once

_TABLES = """
CREATE TABLE querist_campaign (id TEXT NOT NULL, name TEXT NOT NULL);
CREATE TABLE querist_tasks (
    task_id TEXT PRIMARY KEY, item_id TEXT NOT NULL, item TEXT NOT NULL, question TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending', value, "by" TEXT, seconds, comment TEXT,
    offered_at REAL NOT NULL, filled_at REAL, error TEXT, fills INTEGER NOT NULL DEFAULT 0);
CREATE INDEX querist_tasks_status ON querist_tasks (status);
CREATE TRIGGER querist_tasks_filled AFTER UPDATE OF value, status ON querist_tasks
WHEN new.value IS NOT old.value BEGIN
    UPDATE querist_tasks SET fills = fills + 1 WHERE task_id = new.task_id;
END;
CREATE TRIGGER querist_tasks_done BEFORE UPDATE OF value ON querist_tasks
WHEN old.status = 'done' BEGIN
    SELECT raise(ABORT, 'querist: this task is done; its answer is changed in querist');
END
"""


class Offer(NamedTuple):
    """A task to be filled."""

    task_id: str
    item_id: str
    item: str
    question: str


class Filled(NamedTuple):
    """A row that somebody filled, or set to 'skip'; `fills` counts how often."""

    task_id: str
    status: str
    value: Any
    by: Any
    seconds: Any
    comment: Any
    fills: int


class Verdict(NamedTuple):
    """What came of a filled row: its new status, and the error when it was refused."""

    row: Filled
    status: str
    error: str = ""


class TaskRows(Protocol):
    """The table, in some database. Every method is one transaction."""

    def claim(self, campaign: str, name: str) -> None:
        """Make the table, or see to it that it is this campaign's."""

    def filled(self) -> list[Filled]:
        """Rows that wait to be taken up, the first offered first."""

    def settle(self, verdicts: Iterable[Verdict]) -> None:
        """Write what came of rows, where they still hold what was judged."""

    def open(self) -> dict[str, bool]:
        """Ids of the pending tasks, and whether somebody has filled each."""

    def offer(self, tasks: Iterable[Offer]) -> None:
        """Put tasks up to be filled, anew if they were there before."""

    def withdraw(self, task_ids: Iterable[str], why: str) -> list[str]:
        """Take back those that are not filled; gives their ids."""

    def ask_anew(self, question: str) -> None:
        """Put the question as it stands now beside every pending task."""

    def counts(self) -> dict[str, int]:
        """Rows by status, and refused ones among the pending."""

    def close(self) -> None:
        """Let go of the database."""


def open_rows(url: str) -> TaskRows:
    """The table in the database that a URL names.

    Raises
    ------
    BadInput
        When the URL names no database.
    Unsupported
        For a database that is not offered yet.

    Examples
    --------
    >>> open_rows("postgresql://localhost/tasks")
    Traceback (most recent call last):
    querist.core.errors.Unsupported: tasks in PostgreSQL come with a later version; ...
    """
    scheme, colon, _ = url.partition("://")
    if colon and scheme in ("postgres", "postgresql"):
        raise Unsupported(
            "tasks in PostgreSQL come with a later version; use sqlite:///tasks.db for now"
        )
    return SQLiteRows(path_of(url))


class SQLiteRows:
    """The table in an SQLite file, which other programs may have open at the same time."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        with self._plainly():
            self._db = sqlite3.connect(
                self.path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
            )
            # text that is not UTF-8 is one bad answer, not the end of all reading
            self._db.text_factory = lambda raw: raw.decode(errors="replace")
            write_ahead(self._db)
            self._db.execute("PRAGMA synchronous = FULL")

    def claim(self, campaign: str, name: str) -> None:
        """Make the table, or see to it that it is this campaign's."""
        with self._writing() as db:
            found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'querist_campaign'")
            if found.fetchone() is None:
                for statement in statements(_TABLES):
                    db.execute(statement)
                db.execute("INSERT INTO querist_campaign VALUES (?, ?)", (campaign, name))
            known = db.execute("SELECT id, name FROM querist_campaign").fetchone()
            if known is None or known[0] != campaign:
                other = "another campaign" if known is None else f"the campaign {known[1]!r}"
                raise BadInput(f"{self.path} holds the tasks of {other}; give each its own file")

    def filled(self) -> list[Filled]:
        """Rows that wait to be taken up, the first offered first."""
        with self._plainly():
            rows = self._db.execute(
                'SELECT task_id, status, value, "by", seconds, comment, fills FROM querist_tasks '
                "WHERE status = 'skip' OR (status IN ('pending', 'withdrawn') "
                "AND value IS NOT NULL) ORDER BY offered_at, rowid LIMIT ?",
                (PAGE,),
            ).fetchall()
        return [Filled(*row) for row in rows]

    def settle(self, verdicts: Iterable[Verdict]) -> None:
        """Write what came of rows, where they still hold what was judged."""
        now = time.time()
        with self._writing() as db:
            for (task_id, status, *_, fills), new, error in verdicts:
                same = "WHERE task_id = ? AND status = ? AND fills = ?"
                if error:  # open again for a better answer, without the bad one
                    db.execute(
                        f"UPDATE querist_tasks SET status = ?, error = ?, value = NULL {same}",
                        (new, error, task_id, status, fills),
                    )
                else:
                    db.execute(
                        f"UPDATE querist_tasks SET status = ?, error = NULL, filled_at = ? {same}",
                        (new, now, task_id, status, fills),
                    )

    def open(self) -> dict[str, bool]:
        """Ids of the pending tasks, and whether somebody has filled each."""
        with self._plainly():
            return {
                task_id: bool(filled)
                for task_id, filled in self._db.execute(
                    "SELECT task_id, value IS NOT NULL FROM querist_tasks WHERE status = 'pending'"
                )
            }

    def offer(self, tasks: Iterable[Offer]) -> None:
        """Put tasks up to be filled, anew if they were there before."""
        now = time.time()
        with self._writing() as db:
            for task in tasks:
                put = db.execute(
                    "INSERT INTO querist_tasks (task_id, item_id, item, question, offered_at) "
                    "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = 'pending', "
                    "item = excluded.item, question = excluded.question, "
                    "offered_at = excluded.offered_at WHERE status != 'pending'",
                    (*task, now),
                )
                if put.rowcount:  # apart from the status, which keeps the answer of a done task
                    db.execute(
                        'UPDATE querist_tasks SET value = NULL, "by" = NULL, seconds = NULL, '
                        "comment = NULL, filled_at = NULL, error = NULL WHERE task_id = ?",
                        (task.task_id,),
                    )

    def withdraw(self, task_ids: Iterable[str], why: str) -> list[str]:
        """Take back those that are not filled; gives their ids."""
        with self._writing() as db:
            return [
                task_id
                for task_id in task_ids
                if db.execute(
                    "UPDATE querist_tasks SET status = 'withdrawn', error = ? "
                    "WHERE task_id = ? AND status = 'pending' AND value IS NULL",
                    (why, task_id),
                ).rowcount
            ]

    def ask_anew(self, question: str) -> None:
        """Put the question as it stands now beside every pending task."""
        with self._writing() as db:
            db.execute(
                "UPDATE querist_tasks SET question = ? WHERE status = 'pending' AND question != ?",
                (question, question),
            )

    def counts(self) -> dict[str, int]:
        """Rows by status, and refused ones among the pending."""
        with self._plainly():
            found = dict(
                self._db.execute("SELECT status, count(*) FROM querist_tasks GROUP BY status")
            )
            refused = self._db.execute(
                "SELECT count(*) FROM querist_tasks WHERE status = 'pending' AND error IS NOT NULL"
            ).fetchone()[0]
        names = ("pending", "done", "withdrawn", "skipped")
        return {**{name: found.get(name, 0) for name in names}, "refused": refused}

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._plainly(), transaction(self._db, "BEGIN IMMEDIATE"):
            yield self._db

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Errors of SQLite in plain words."""
        try:
            yield
        except sqlite3.Error as error:
            what = (
                f"another program kept {self.path} locked for {PATIENCE:.0f} s; it must end its "
                "transactions sooner"
                if busy(error)
                else f"cannot use the database {self.path}: {error}"
            )
            raise LogError(what) from error
