"""What other programs are told of a campaign: facts made from the events of its log.

Most facts are one event in other words. That a batch is over is not in the log; it is counted
here, in tables that move on in the same transaction as the place in the log.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from functools import singledispatch
from typing import Any, NamedTuple

from querist.core.events import (
    Event,
    QuestionChanged,
    Queued,
    RecipeChanged,
    Retracted,
    Stepped,
    Told,
)

KINDS = ("answered", "retracted", "batch.done", "trained", "stop.suggested", "settings.changed")

TABLES = """
CREATE TABLE reading (campaign TEXT, position INTEGER, batches INTEGER, stopping INTEGER);
CREATE TABLE batch (number INTEGER PRIMARY KEY, round INTEGER, job TEXT, size INTEGER,
    answered INTEGER);
CREATE TABLE task (task_id TEXT PRIMARY KEY, item_id TEXT, batch INTEGER, open INTEGER);
CREATE INDEX task_of_item ON task (item_id);
CREATE INDEX task_of_batch ON task (batch);
"""


class Fact(NamedTuple):
    """One thing to tell: its kind, one of `KINDS`, and what there is to say."""

    kind: str
    data: dict[str, Any]


def facts_of(event: Event, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    """The facts of one event; the counts kept in `db` move on with it.

    Parameters
    ----------
    event : Event
        The next event of the log.
    position : int
        Its position.
    db : sqlite3.Connection
        Holds `TABLES`, with one row in `reading`; inside a transaction.

    Examples
    --------
    >>> db = sqlite3.connect(":memory:")
    >>> _ = db.executescript(TABLES)
    >>> _ = db.execute("INSERT INTO reading VALUES ('c', 0, 0, 0)")
    >>> told = Told(at=5.0, task_id="b0-1", item_id="m7", value="spam", by="ann", seconds=2.5)
    >>> for kind, data in facts_of(told, 12, db):
    ...     print(kind, data["position"], data["item_id"], data["value"])
    answered 12 m7 spam
    """
    yield from _facts(event, position, db)


@singledispatch
def _facts(event: Event, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    return iter(())


@_facts.register
def _(event: Queued, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    if event.replaces:
        for (number,) in db.execute(
            "SELECT number FROM batch WHERE job = 'train' ORDER BY number"
        ).fetchall():
            yield _over(number, position, event.at, db)
    (number,) = db.execute("SELECT batches FROM reading").fetchone()
    db.execute("UPDATE reading SET batches = batches + 1")
    if event.items:
        job = "holdout" if event.items[0].arm == "holdout" else "train"
        db.execute(
            "INSERT INTO batch VALUES (?, ?, ?, ?, 0)", (number, event.round, job, len(event.items))
        )
        db.executemany(
            "INSERT OR REPLACE INTO task VALUES (?, ?, ?, 1)",
            [(item.task_id, item.item_id, number) for item in event.items],
        )


@_facts.register
def _(event: Told, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    said = {"position": position, "task_id": event.task_id, "item_id": event.item_id}
    said |= {"value": event.value, "by": event.by, "seconds": event.seconds, "at": event.at}
    yield Fact("answered", said)
    # a label nobody asked for answers one of the tasks about its item
    which, name = ("task_id", event.task_id) if event.task_id else ("item_id", event.item_id)
    found = db.execute(
        f"SELECT task_id, batch FROM task WHERE {which} = ? AND open ORDER BY rowid LIMIT 1",
        (name,),
    ).fetchone()
    if found is None:
        return
    task_id, number = found
    db.execute("UPDATE task SET open = 0 WHERE task_id = ?", (task_id,))
    db.execute("UPDATE batch SET answered = answered + 1 WHERE number = ?", (number,))
    whole = "SELECT answered = size FROM batch WHERE number = ?"
    if db.execute(whole, (number,)).fetchone()[0]:
        yield _over(number, position, event.at, db)


@_facts.register
def _(event: Retracted, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    said = {"position": position, "task_id": event.task_id, "item_id": event.item_id}
    yield Fact("retracted", {**said, "by": event.by, "at": event.at})
    found = db.execute(
        "SELECT batch FROM task WHERE task_id = ? AND NOT open", (event.task_id,)
    ).fetchone()
    if found is not None:
        db.execute("UPDATE task SET open = 1 WHERE task_id = ?", (event.task_id,))
        db.execute("UPDATE batch SET answered = answered - 1 WHERE number = ?", found)


@_facts.register
def _(event: Stepped, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    turn = event.round
    if turn.get("model_version") is not None:
        names = ("labels", "bought", "spent", "model_version", "metrics", "measured_on", "notes")
        said = {"round": turn["number"], **{name: turn.get(name) for name in names}}
        yield Fact("trained", {"position": position, "at": event.at, **said})
    verdict: Mapping[str, Any] = turn.get("verdicts", {}).get("stop", {})
    stop = bool(verdict.get("stop"))
    (before,) = db.execute("SELECT stopping FROM reading").fetchone()
    if stop and not before:  # once, not with every round trained after it
        said = {"round": turn["number"], "reason": verdict.get("reason")}
        yield Fact("stop.suggested", {"position": position, "at": event.at, **said})
    db.execute("UPDATE reading SET stopping = ?", (stop,))


@_facts.register
def _(event: RecipeChanged, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    said = {"name": event.name, "old": event.old, "new": event.new, "by": event.by}
    yield Fact("settings.changed", {"position": position, "at": event.at, **said})


@_facts.register
def _(event: QuestionChanged, position: int, db: sqlite3.Connection) -> Iterator[Fact]:
    said = {"name": "question", "old": dict(event.old), "new": dict(event.new), "by": event.by}
    yield Fact("settings.changed", {"position": position, "at": event.at, **said})


def _over(number: int, position: int, at: float, db: sqlite3.Connection) -> Fact:
    """A batch is over: nothing of it is left to answer, or a newer ranking took its place."""
    round_, job, size, answered = db.execute(
        "SELECT round, job, size, answered FROM batch WHERE number = ?", (number,)
    ).fetchone()
    db.execute("DELETE FROM task WHERE batch = ?", (number,))
    db.execute("DELETE FROM batch WHERE number = ?", (number,))
    said = {"batch": number, "round": round_, "job": job, "size": size, "answered": answered}
    complete = {"complete": answered == size}
    return Fact("batch.done", {"position": position, "at": at, **said, **complete})
