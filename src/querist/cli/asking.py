"""Labelling from a shell or a script: ask, tell, skip, retract."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson, By, Folder
from querist.cli.output import hint, say, say_json, say_table
from querist.core.errors import BadInput, QueristError

if TYPE_CHECKING:
    from querist.loop.desk import Desk

SHAPE = '{"task_id": "b0-1", "value": "spam"}'
FIELDS = {"task", "value", "by", "seconds", "key"}

TaskId = Annotated[str, typer.Argument(metavar="TASK", help="Id of a task, or of an item.")]


def ask(
    folder: Folder,
    n: Annotated[int, typer.Option("-n", help="How many tasks at most.")] = 1,
    by: By = "me",
    lease: Annotated[float, typer.Option(help="Seconds until others may have the task.")] = 600,
    job: Annotated[str, typer.Option(help="train, or holdout: the labels that measure.")] = "train",
    item: Annotated[list[str] | None, typer.Option(help="Ask for this item by its id.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take tasks from the queue, for as long as a lease.

    Nobody else gets them meanwhile. With --json one task a line: {"task_id", "item_id", "item"}.
    """
    with _desk(folder) as desk:
        tasks = desk.request(item, by, lease) if item else desk.ask(n, by, lease, job)
    if as_json:
        for task in tasks:
            say_json({"task_id": task.task_id, "item_id": task.item_id, "item": task.item})
    elif tasks:
        say_table(("task", "item", "content"), [(t.task_id, t.item_id, t.item) for t in tasks])
    if not tasks:
        hint(f"no {job} task is free; see what is due with: querist status {folder}")


def tell(
    folder: Folder,
    task: Annotated[str | None, typer.Argument(help="Id of the task; with VALUE.")] = None,
    value: Annotated[str | None, typer.Argument(help="The answer, as text.")] = None,
    by: By = "me",
    as_json: AsJson = False,
) -> None:
    """Record answers: TASK VALUE, or JSON lines on stdin.

    A line is {"task_id": "b0-1", "value": "spam"}; it may also hold "seconds", "by", "key".
    Prints a JSON line for each answer once it is on disk, {"task_id", "ok": true, "position"}, or
    "ok": false with the error. A bad line never stops the others; telling an answer twice
    changes nothing. Exit code 1 when a line was refused.
    """
    if task is not None and value is None:
        raise BadInput(
            f"what is the answer to {task!r}? Give TASK VALUE, or JSON lines on standard input"
        )
    given = None if task is None else json.dumps({"task_id": task, "value": value})
    refused = 0
    with _desk(folder) as desk:
        for number, line in _lines() if given is None else [(1, given)]:
            said = _tell(desk, number, line, by)
            refused += not said["ok"]
            say_json(said)
    if refused:
        raise typer.Exit(1)


def skip(
    folder: Folder,
    task: TaskId,
    reason: Annotated[str, typer.Option(help="Why, in your words.")] = "",
    by: By = "me",
    as_json: AsJson = False,
) -> None:
    """Pass on a task; others may have it, no label is spent."""
    with _desk(folder) as desk:
        desk.skip(task, reason, by)
    _done(as_json, task, "skipped")


def retract(folder: Folder, task: TaskId, by: By = "me", as_json: AsJson = False) -> None:
    """Take an answer back; the task is open again."""
    with _desk(folder) as desk:
        desk.retract(task, by)
    _done(as_json, task, "retracted")


@contextmanager
def _desk(folder: Path) -> Iterator[Desk]:
    from querist.loop.folder import open_desk

    desk = open_desk(folder)
    try:
        yield desk
    finally:
        desk.journal.log.close()


def _done(as_json: bool, task: str, what: str) -> None:
    if as_json:
        say_json({"task_id": task, "ok": True})
    else:
        say(f"{task} {what}")


def _lines() -> Iterator[tuple[int, str | bytes]]:
    """Line numbers and lines; as bytes, since a line that is not UTF-8 must not stop the others."""
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            yield number, line


def _tell(desk: Desk, number: int, line: str | bytes, by: str) -> dict[str, Any]:
    """The result of one line, which never raises for what the line holds."""
    task: Any = None
    try:
        answer = _object(line)
        task = answer.pop("task_id", None) or answer.get("item_id")
        told = _answer(answer, {"task": task, "by": by})
        position = desk.tell([told])[0]
    except QueristError as error:
        return {"task_id": task, "ok": False, "line": number, "error": str(error)}
    return {"task_id": task, "ok": True, "position": position}


def _object(line: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise BadInput(f"the line is not JSON ({error}); write {SHAPE}") from None
    if not isinstance(found, dict):
        raise BadInput(f"the line holds {found!r:.60}, which is no JSON object; write {SHAPE}")
    return found


def _answer(given: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `tell` that a line holds; what `ask` printed may stand there as well."""
    given = {**told, **{name: v for name, v in given.items() if name not in ("item_id", "item")}}
    if given["task"] is None or "value" not in given:
        raise BadInput(f'the line lacks "task_id" or "value"; write {SHAPE}')
    unknown = sorted(set(given) - FIELDS)
    if unknown:
        raise BadInput(f"unknown fields {unknown}; a line may hold {sorted(FIELDS - {'task'})}")
    for name in ("task", "by", "key"):
        if not isinstance(given.get(name, ""), str):
            raise BadInput(f"{name!r} is a text; got {given[name]!r}")
    seconds = given.get("seconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, (int, float))):
        raise BadInput(f"'seconds' is a number; got {seconds!r}")
    return given
