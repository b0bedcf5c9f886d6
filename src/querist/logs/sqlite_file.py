"""SQLite files: connections, transactions, errors in plain words; and the schema of a log."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from querist.core.errors import (
    BadInput,
    LogBusy,
    LogError,
    LogFull,
    NewerLog,
    QueristError,
    TamperedLog,
)
from querist.core.events import GENESIS

SCHEMA = 1
PATIENCE = 60.0  # seconds to wait for other writers of the file

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_EVENTS = "events (position INTEGER PRIMARY KEY, payload TEXT NOT NULL, hash TEXT NOT NULL)"
_META = "meta (schema INTEGER, querist TEXT, position INTEGER, hash TEXT)"  # one row
HEAD = "SELECT position, hash FROM meta"


def path_of(url: str) -> Path:
    """The file that a URL ``sqlite:///relative.db`` or ``sqlite:////absolute.db`` names.

    Raises
    ------
    BadInput
        When it names none.

    Examples
    --------
    >>> path_of("sqlite:///spam.db").name, path_of("sqlite:////var/spam.db").is_absolute()
    ('spam.db', True)
    """
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        raise BadInput(
            f"{url!r} names no file; write sqlite:///relative.db or sqlite:////absolute.db"
        )
    return Path(path)


def connect(path: Path, mode: str = "rw", patience: float = PATIENCE) -> sqlite3.Connection:
    """Open a connection that waits for other writers and never starts transactions by itself."""
    try:
        return sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=patience,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise trouble(error, path) from error


def make_private(path: Path) -> None:
    """Make a file that its owner alone may read, unless it is there.

    A file that is there is not opened: closing it again would take the locks that SQLite holds
    on it for this process, and another one could remove its write-ahead log.

    Raises
    ------
    LogError
        When it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise LogError(
            f"cannot make {path} ({error.strerror}); it needs a folder that may be written"
        ) from error


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, or check those of an old one.

    Raises
    ------
    NewerLog
        When the schema is newer than this querist.
    LogError
        When the file is no log of querist.
    """
    try:
        tables = _tables_of(connection)
        if tables and not {"events", "meta"} <= tables:
            raise LogError(
                f"{path} is an SQLite file but not a log of querist: it holds the tables "
                f"{', '.join(sorted(tables))}; give another file name"
            )
        write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")  # and `Disk` does the rest
        if not tables:
            with transaction(connection, "BEGIN IMMEDIATE"):
                if not _tables_of(connection):  # nobody else made them meanwhile
                    _make(connection)
        schema, writer = connection.execute("SELECT schema, querist FROM meta").fetchone()
    except sqlite3.Error as error:
        raise said(error, path) from error
    check_schema(path, schema, SCHEMA, writer)


def check_schema(path: Path, schema: int, known: int, writer: str) -> None:
    """Raise NewerLog when a file has a schema beyond the one this querist knows."""
    if schema > known:
        raise NewerLog(
            f"{path} has schema {schema}, made by querist {writer}; this one knows schemas up to "
            f"{known}. Upgrade with: pip install -U querist"
        )


def statements(script: str) -> Iterator[str]:
    r"""The statements of a script one by one: `executescript` would commit in between.

    Examples
    --------
    >>> list(statements("CREATE TABLE a (n);\nCREATE TABLE b (n)"))
    ['CREATE TABLE a (n);\n', 'CREATE TABLE b (n)\n']
    """
    held = ""
    for line in script.strip().splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):  # those of a trigger stay together
            yield held
            held = ""
    if held:
        yield held


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Commit at the end of the block, or undo it all when the block fails."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def said(error: Exception, path: Path) -> QueristError:
    """Turn an error of SQLite about a log into one that says what to do."""
    if _errorcode(error) & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        return TamperedLog(
            f"{path} holds rows past its recorded end: it was changed from outside; "
            "restore it from a backup"
        )
    return trouble(error, path)


def trouble(error: Exception, path: Path) -> QueristError:
    """Turn an error of SQLite about any file into one that says what to do."""
    if isinstance(error, QueristError):
        return error
    code = _errorcode(error) & 0xFF
    if code == sqlite3.SQLITE_FULL or _errorcode(error) == sqlite3.SQLITE_IOERR_SHMSIZE:
        return LogFull(
            f"no room to write {path}: nothing of this write was kept; "
            "free some disk space and try again"
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return LogError(
            f"{path} is damaged or not an SQLite file ({error}); restore it from a backup, "
            "or give another file name"
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return LogError(f"cannot open {path}; check that its folder is there and may be written")
    if busy(error):
        return LogBusy(f"another program kept {path} locked; close it and try again")
    return LogError(f"cannot use {path}: {error}")


def busy(error: Exception) -> bool:
    """Whether another program held the file for too long."""
    return _errorcode(error) & 0xFF in _BUSY


def _errorcode(error: Exception) -> int:
    """The extended result code of SQLite; 0 where the error has none."""
    return int(getattr(error, "sqlite_errorcode", 0))


def _tables_of(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


def _make(connection: sqlite3.Connection) -> None:
    connection.execute(f"CREATE TABLE {_EVENTS}")
    connection.execute(f"CREATE TABLE {_META}")
    connection.execute(
        "INSERT INTO meta VALUES (?, ?, 0, ?)", (SCHEMA, version("querist"), GENESIS)
    )


def write_ahead(connection: sqlite3.Connection, patience: float = PATIENCE) -> None:
    """Switch to write-ahead logging; several programs may be opening the new file at once."""
    end = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # SQLite does not wait by itself here
            if not busy(error) or time.monotonic() > end:
                raise
            time.sleep(0.005)
