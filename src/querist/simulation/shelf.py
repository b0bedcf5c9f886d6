"""Finished runs on disk: one line each, written through before the next, found by key."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Shelf:
    """A file of JSON lines, one a finished run, that a kill at any moment leaves readable.

    A line is written at once and forced to the disk before `put` returns. A line torn by a
    kill or a full disk is passed over when reading; its run counts as missing. Several
    processes may write the same file: of two lines with one key the first stands.

    Parameters
    ----------
    path : Path
        The file; it need not exist.

    Examples
    --------
    >>> import tempfile
    >>> shelf = Shelf(Path(tempfile.mkdtemp()) / "runs.jsonl")
    >>> shelf.put("a", {"score": 0.5})
    >>> shelf.read()
    {'a': {'score': 0.5}}
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any]:
        """What was put, by key."""
        found: dict[str, Any] = {}
        if not self.path.exists():
            return found
        with self.path.open("rb") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # torn: the run is done again
                if isinstance(entry, dict) and {"key", "run"} <= entry.keys():
                    found.setdefault(entry["key"], entry["run"])
        return found

    def put(self, key: str, run: Mapping[str, Any]) -> None:
        """Add a run; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"key": key, "run": run}, ensure_ascii=False).encode() + b"\n"
        if self._torn():
            line = b"\n" + line
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            left = memoryview(line)
            while left:
                left = left[os.write(handle, left) :]
            os.fsync(handle)
        finally:
            os.close(handle)

    def _torn(self) -> bool:
        """Whether the last line lacks its end."""
        if not self.path.exists() or not self.path.stat().st_size:
            return False
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
