"""What the work process says: a few lines in the campaign's folder, for whoever serves it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

FILE = "work.log"
LARGEST = 256 * 1024  # bytes; then the older half goes


def note(folder: Path, says: str) -> None:
    """Write a line; several processes may, since a short line is appended in one piece."""
    path = folder / FILE
    line = json.dumps({"at": round(time.time(), 3), "pid": os.getpid(), "says": says[:2000]})
    with path.open("ab") as file:
        file.write(line.encode() + b"\n")
        size = file.tell()
    if size > LARGEST:
        kept = path.read_bytes()[-LARGEST // 2 :].partition(b"\n")[2]
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(kept)
        fresh.replace(path)


def last_words(folder: Path, n: int = 1) -> list[dict[str, Any]]:
    """The last lines, newest last: when, which process, what it said."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - 4096 * n, 0))
            lines = file.read().splitlines()[-n:]
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:  # cut off by a crash, or by where reading began
            continue
    return found
