"""Labels, answers and the log taken out as files, streamed, so that size does not matter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.concurrency import iterate_in_threadpool
from starlette.responses import Response, StreamingResponse

from querist.core.events import event_to_json
from querist.loop.standing import label_row
from querist.loop.state import State
from querist.server.campaigns import Here, Open
from querist.server.errors import Refused
from querist.server.guard import Owner
from querist.server.wire import dumps

PIECE = 500  # items looked up between two writes of the clerk
LABELS = ("id", "value", "confidence", "votes", "arm", "probability")
ANSWERS = ("id", "value", "by", "at", "seconds", "task_id", "arm", "probability", "round")
WARNING = (
    "the labels were chosen to teach the model, so the set is not representative of the pool: "
    "for shares and test scores use the rows of the arm 'control' (and 'holdout'), or weigh by "
    "probability"
)
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
}

Pieces = AsyncIterator[list[dict[str, Any]]]

router = APIRouter()


@router.get("/export")
async def export(
    here: Here,
    who: Owner,
    format: Literal["csv", "jsonl", "json"] = "csv",
    what: Annotated[Literal["labels", "answers", "log"], Query()] = "labels",
) -> Response:
    """One row a labelled item (labels), an answer (answers) or an event (log)."""
    if what == "log":
        if format != "jsonl":
            raise Refused(422, "the log comes as JSON lines only: format=jsonl")
        parts: AsyncIterator[bytes] = iterate_in_threadpool(_events(here))
    else:
        columns = LABELS if what == "labels" else ANSWERS
        shape = {"csv": _csv, "jsonl": _lines, "json": _json}[format]
        parts = shape(columns, _rows(here, what), what)
    name = f"{here.name}-{what}.{format}".encode("ascii", "replace").decode().replace('"', "_")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(parts, media_type=MEDIA[format], headers=headers)


async def _rows(here: Open, what: str) -> AsyncIterator[list[dict[str, Any]]]:
    """The rows piece by piece; each item as it stands when its turn comes."""
    item_ids = await here.clerk.look(lambda state: list(state.votes))
    shape = _labels if what == "labels" else answer_rows

    for start in range(0, len(item_ids), PIECE):
        some = item_ids[start : start + PIECE]

        def look(state: State, some: Sequence[str] = some) -> list[dict[str, Any]]:
            return [row for item_id in some for row in shape(state, item_id)]

        yield await here.clerk.look(look)


def _labels(state: State, item_id: str) -> list[dict[str, Any]]:
    row = label_row(state, item_id)
    return [] if row is None else [row]


def answer_rows(state: State, item_id: str) -> list[dict[str, Any]]:
    """Every standing answer about an item, with who gave it and why it was asked."""
    rows = []
    for vote in state.votes.get(item_id, {}).values():
        task = state.tasks.get(vote.task_id)
        rows.append(
            {
                "id": item_id,
                "value": vote.value,
                "by": vote.by,
                "at": vote.at,
                "seconds": vote.seconds,
                "task_id": vote.task_id,
                "arm": task.why.arm if task else "given",
                "probability": task.why.probability if task else None,
                "round": task.round if task else None,
            }
        )
    return rows


async def _csv(columns: Sequence[str], pieces: Pieces, what: str) -> AsyncIterator[bytes]:
    yield _csv_text([dict(zip(columns, columns, strict=True))], columns)
    async for rows in pieces:
        yield _csv_text(rows, columns)


def _csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return text.getvalue().encode(errors="replace")


def _cell(value: Any) -> Any:
    """A value as a cell: several labels as JSON, nothing as nothing.

    Examples
    --------
    >>> _cell(["a", "b"]), _cell(None), _cell(-1.5)
    ('["a", "b"]', '', -1.5)
    """
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


async def _lines(columns: Sequence[str], pieces: Pieces, what: str) -> AsyncIterator[bytes]:
    async for rows in pieces:
        yield b"".join(dumps(row) + b"\n" for row in rows)


async def _json(columns: Sequence[str], pieces: Pieces, what: str) -> AsyncIterator[bytes]:
    yield b'{"%s":[' % what.encode()
    before = b""
    async for rows in pieces:
        yield b"".join((before if at == 0 else b",") + dumps(row) for at, row in enumerate(rows))
        before = b"," if rows else before
    yield b'],"warning":' + dumps(WARNING) + b"}"


def _events(here: Open) -> Iterator[bytes]:
    for position, event in here.desk.journal.log.read():
        form = {"position": position, **json.loads(event_to_json(event))}
        yield json.dumps(form, ensure_ascii=True).encode() + b"\n"
