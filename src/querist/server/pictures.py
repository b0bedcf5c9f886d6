"""Images of the pool, and no other file."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from starlette.responses import FileResponse, Response

from querist.core.errors import NotServed, UnknownTask
from querist.core.protocols import Pool
from querist.pools.joined import Joined

KEPT = {"Cache-Control": "private, max-age=86400"}
TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
}


def picture(pool: Pool, root: Path, item_id: str) -> Response:
    """The image of an item.

    Raises
    ------
    UnknownTask
        When the pool holds no such item, or the item is no image.
    NotServed
        When its file lies outside the campaign's folder.
    """
    row = int(pool.rows([item_id])[0])
    if pool.kind != "image":
        raise UnknownTask(f"item {item_id!r} is no image: this is a pool of {pool.kind} items")
    path = _path(pool, row)
    if path is None:
        _, _, encoded = str(pool.show(row)).partition("base64,")
        return Response(base64.b64decode(encoded), headers=KEPT, media_type="image/png")
    found = path.resolve()  # links are followed before the place is judged
    kind = TYPES.get(found.suffix.lower())
    if kind is None or not found.is_relative_to(root.resolve()):
        raise NotServed(f"the image of item {item_id!r} lies outside the campaign's folder")
    if not found.is_file():
        raise UnknownTask(f"the image file of item {item_id!r} is gone")
    return FileResponse(found, media_type=kind, headers=KEPT)


def _path(pool: Pool, row: int) -> Path | None:
    """The file of a row; None when the images are an array."""
    if isinstance(pool, Joined):
        starts = np.cumsum([0, *(len(part) for part in pool.parts)])
        part = int(np.searchsorted(starts, row, side="right")) - 1
        return _path(pool.parts[part], row - int(starts[part]))
    paths = getattr(pool, "paths", None)
    return None if paths is None else Path(paths[row])
