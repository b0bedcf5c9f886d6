"""The audit: who came in, who was turned away, who changed what, and from where."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import asdict, dataclass

from querist.server.people_file import PeopleFile

REFUSED = "refused"
KEPT = 10_000  # refusals that are kept; everything else stays for good
LOUD = 30  # refusals written one by one in a minute; further ones are counted
_MINUTE = 60.0


@dataclass(frozen=True)
class Entry:
    """One line of the audit.

    Attributes
    ----------
    kind : str
        joined, returned, login, logout, refused, invited, withdrawn, role, disabled, token made,
        token revoked, session ended.
    name : str
        Whom it is about; empty where nobody is known.
    by : str
        Who did it.
    """

    id: int
    at: float
    kind: str
    name: str
    by: str
    address: str
    detail: str

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


def enter(
    db: sqlite3.Connection,
    at: float,
    kind: str,
    *,
    name: str = "",
    by: str = "",
    address: str = "",
    detail: str = "",
) -> None:
    """Write a line within the transaction of what it tells about: both stand, or neither."""
    db.execute(
        "INSERT INTO audit (at, kind, name, by, address, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (at, kind, name, by or name, address, detail),
    )


class Audit:
    """Reads the audit, and writes refusals without letting them fill the disk.

    Somebody who tries tokens by the thousand writes 30 lines and one count a minute, and the
    oldest refusals go when there are more than 10,000.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = PeopleFile(Path(folder), clock=lambda: 0.0)
    ...     audit = Audit(file)
    ...     for _ in range(1000):
    ...         audit.refused("203.0.113.9", "wrong token")
    ...     audit.flush()
    ...     lines = audit.entries()
    ...     print(len(lines), lines[0].detail)
    ...     file.close()
    31 and 970 more
    """

    def __init__(self, file: PeopleFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._minute = -1.0
        self._written = 0
        self._uncounted = 0

    def refused(self, address: str, detail: str, name: str = "") -> None:
        """Remember that somebody was turned away."""
        now = self._file.clock()
        with self._lock:
            if now - self._minute >= _MINUTE or self._minute < 0:
                more, self._uncounted = self._uncounted, 0
                self._minute, self._written = now, 0
            else:
                more = 0
            self._written += 1
            if self._written > LOUD:
                self._uncounted += 1
                return
        self._write(now, more, [(address, detail, name)])

    def came(self, address: str, detail: str, name: str = "") -> None:
        """Remember a login that opened no session of a person."""
        with self._file.write() as db:
            enter(db, self._file.clock(), "login", name=name, address=address, detail=detail)

    def flush(self) -> None:
        """Write the count of refusals that were not written one by one."""
        with self._lock:
            more, self._uncounted = self._uncounted, 0
        if more:
            self._write(self._file.clock(), more, [])

    def entries(self, n: int = 200, before: int | None = None) -> list[Entry]:
        """The newest lines, newest first; those before a line's id to go on."""
        rows = self._file.rows(
            "SELECT id, at, kind, name, by, address, detail FROM audit WHERE id < ? "
            "ORDER BY id DESC LIMIT ?",
            (2**62 if before is None else before, n),
        )
        return [Entry(*row) for row in rows]

    def _write(self, now: float, more: int, lines: list[tuple[str, str, str]]) -> None:
        with self._file.write() as db:
            if more:
                enter(db, now, REFUSED, detail=f"and {more} more")
            for address, detail, name in lines:
                enter(db, now, REFUSED, name=name, address=address, detail=detail)
            db.execute(
                "DELETE FROM audit WHERE kind = ? AND id <= (SELECT id FROM audit "
                "WHERE kind = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (REFUSED, REFUSED, KEPT),
            )
