"""people.sqlite: its tables, its transactions, and its errors in plain words."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from querist.core.errors import LogError, QueristError
from querist.logs.sqlite_file import (
    check_schema,
    connect,
    make_private,
    statements,
    transaction,
    trouble,
    write_ahead,
)

NAME = "people.sqlite"
SCHEMA = 1
PATIENCE = 20.0  # seconds to wait for another program that writes

_TABLES = """
CREATE TABLE meta (schema INTEGER NOT NULL, querist TEXT NOT NULL, mark TEXT NOT NULL);
CREATE TABLE users (
    name TEXT PRIMARY KEY, looks TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
    made REAL NOT NULL, disabled REAL);
CREATE TABLE invitations (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, role TEXT NOT NULL, name TEXT,
    by TEXT NOT NULL, made REAL NOT NULL, expires REAL NOT NULL,
    used REAL, used_by TEXT, withdrawn REAL);
CREATE TABLE keys (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, kind TEXT NOT NULL,
    user TEXT NOT NULL REFERENCES users (name), label TEXT NOT NULL,
    made REAL NOT NULL, used REAL, expires REAL, revoked REAL);
CREATE INDEX keys_of_user ON keys (user, kind);
CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, by TEXT NOT NULL, address TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX audit_by_kind ON audit (kind, id);
CREATE TRIGGER audit_is_kept BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit WHEN old.kind <> 'refused'
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
"""


class NotGranted(QueristError):
    """A wish about people that cannot be granted; `status` is the HTTP status that says so.

    Examples
    --------
    >>> NotGranted("there must stay an owner", 409).status
    409
    """

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said)
        self.status = status


class PeopleFile:
    """The file of users, invitations, keys and the audit, shared by threads and processes.

    It is made at the first write, readable by its owner alone. Reads never wait for writers.

    Parameters
    ----------
    folder : path
        The folder that is served.
    clock : callable
        Seconds since 1970; tests give their own.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = PeopleFile(Path(folder))
    ...     print(file.rows("SELECT name FROM users"), file.path.exists())
    ...     with file.write() as db:
    ...         _ = db.execute("INSERT INTO users VALUES ('ann', 'ann', 'owner', 0, NULL)")
    ...     print(file.rows("SELECT name FROM users"))
    ...     file.close()
    [] False
    [('ann',)]
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = folder.absolute() / NAME
        self.clock = clock
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._mark = ""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query; none while there is no file."""
        with self._reading:
            try:
                if self._reader is None:
                    if not os.path.exists(self.path):
                        return []
                    reader = _connect(self.path)
                    if not _check(reader, self.path):
                        reader.close()
                        return []
                    self._reader = reader
                return self._reader.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise trouble(error, self.path) from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: committed at the end of the block, undone when the block fails."""
        with self._writing:
            try:
                if self._writer is None:
                    self._writer = _make(self.path)
                with transaction(self._writer, "BEGIN IMMEDIATE"):
                    yield self._writer
            except sqlite3.Error as error:
                raise trouble(error, self.path) from error

    @property
    def mark(self) -> str:
        """A random word of this file: cookies of several servers on one host stay apart by it."""
        if not self._mark:
            found = self.rows("SELECT mark FROM meta")
            self._mark = str(found[0][0]) if found else ""
        return self._mark

    def close(self) -> None:
        """Let go of the file."""
        with self._writing, self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None


def _connect(path: Path) -> sqlite3.Connection:
    connection = connect(path, patience=PATIENCE)
    connection.execute("PRAGMA synchronous = FULL")  # a revocation outlives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _make(path: Path) -> sqlite3.Connection:
    """A connection that writes; the first one makes the file and its tables."""
    make_private(path)
    connection = _connect(path)
    try:
        write_ahead(connection, PATIENCE)
        with transaction(connection, "BEGIN IMMEDIATE"):
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in statements(_TABLES):
                    connection.execute(statement)
                row = (SCHEMA, version("querist"), secrets.token_hex(4))
                connection.execute("INSERT INTO meta VALUES (?, ?, ?)", row)
        _check(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> bool:
    """Whether the file holds its tables already: another process may be making them."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not tables:
        return False
    if not {"meta", "users", "keys"} <= tables:
        raise LogError(f"{path} is an SQLite file but holds no people; give it another name")
    schema, writer = connection.execute("SELECT schema, querist FROM meta").fetchone()
    check_schema(path, schema, SCHEMA, writer)
    return True
