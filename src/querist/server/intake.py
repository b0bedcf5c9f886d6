"""Items that come in over HTTP: checked, kept as a file of the pool, told to the log."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.loop.config import read_config
from querist.loop.folder import add_for
from querist.server.campaigns import Here, Open
from querist.server.guard import Owner
from querist.server.wire import Body, answer, read, takes

MOST = 100_000  # items of one call
FORMS = {
    "text/csv": ".csv",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "text/tab-separated-values": ".tsv",
}

router = APIRouter()


class Items(Body):
    """New items: objects with the columns of the campaign, where id and text go by these names."""

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)]


@router.post("/items", openapi_extra=takes(Items))
async def items(request: Request, here: Here, who: Owner) -> Response:
    """Append items to the pool: {"items": [...]}, or a CSV, TSV or JSONL body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in FORMS:
        content, suffix = await request.body(), FORMS[kind]
    else:
        body = await read(request, Items)
        content, suffix = await asyncio.to_thread(_lines, here, body.items), ".jsonl"
    longer, added = await asyncio.to_thread(_add, here, content, suffix)
    await here.take_in(longer)
    return answer({"added": added, "total": len(longer)})


def _lines(here: Open, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as JSON lines, under the column names of the campaign."""
    columns = read_config(here.folder)["data"]
    if "text" not in columns and here.pool.kind == "text":  # a bare list of texts
        other = sorted({name for row in rows for name in row} - {"text"})
        if other or any(not isinstance(row.get("text"), str) for row in rows):
            raise BadInput(
                'the items of this campaign are bare texts: each is {"text": ...} and nothing '
                f"else{f', but {other} came' * bool(other)}"
            )
        return "\n".join(json.dumps(row["text"]) for row in rows).encode()
    known = {name: columns[name] for name in ("id", "text") if isinstance(columns.get(name), str)}
    return "\n".join(
        json.dumps({known.get(name, name): value for name, value in row.items()}) for row in rows
    ).encode()


def _add(here: Open, content: bytes, suffix: str) -> tuple[Pool, int]:
    with tempfile.TemporaryDirectory(prefix="querist-") as folder:
        path = Path(folder) / f"items{suffix}"
        path.write_bytes(content)
        try:
            return add_for(here.desk, here.folder, path)
        except BadInput as error:  # the path means nothing to whoever sent the items
            raise BadInput(str(error).replace(str(path), "the items")) from error
