"""The default log: one SQLite file, one group-committing writer thread, readers never blocked."""

from __future__ import annotations

import queue
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from querist.core.errors import BadInput, Conflict, LogError, QueristError
from querist.core.events import Event
from querist.logs.chain import Row, chain, check_chain, check_expect, event_at, payloads_of
from querist.logs.sqlite_file import HEAD, busy, connect, prepare, said, transaction

_PAGE = 4096  # rows a reader takes at a time: no read transaction outlives a page
_GROUP = 1024  # appends one transaction takes at most


class SQLiteLog:
    """An append-only log in one SQLite file, shared by threads and processes.

    `append` returns once its events are on disk. Appends that arrive while the disk is
    busy share the next transaction, so many writers cost few fsyncs.

    Parameters
    ----------
    path : str or path
        The file; made when it is not there. Its folder must be.

    Raises
    ------
    LogError
        When the file cannot be opened, is damaged, or is not a log of querist.
    NewerLog
        When a newer querist made it.

    Examples
    --------
    >>> import tempfile
    >>> from querist.core.events import Told
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = SQLiteLog(f"{folder}/spam.db")
    ...     print(log.append([Told(item_id="a", value="spam")], expect=0))
    ...     print([event.value for _, event in log.read()], log.verify())
    ...     log.close()
    1
    ['spam'] 1
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        self._readers = _Readers(self.path)
        self._writer = _Writer(self.path)
        # a log nobody holds any more, or the end of the program, closes it
        self._close = weakref.finalize(self, _close, self._writer, self._readers)

    @property
    def position(self) -> int:
        """Position of the last event; 0 for an empty log."""
        with self._readers.borrow() as connection:
            return int(connection.execute(HEAD).fetchone()[0])

    @property
    def commits(self) -> int:
        """Transactions this log committed; appends share them."""
        return self._writer.commits

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> int:
        """Append all events or none, durably, and return the position of the last one.

        Raises
        ------
        Conflict
            When `expect` is given and the log does not end there.
        BadInput
            When an event cannot be written as JSON.
        LogFull
            When the disk is full; the log is as it was and can be used again.
        LogError
            When the log is closed, damaged, or cannot be written.
        """
        return self._writer.submit(_Append(payloads_of(events), expect))

    def read(self, after: int = 0) -> Iterator[tuple[int, Event]]:
        """Positions and events after a position, in order, up to the end."""
        for position, payload, _ in self.rows(after):
            yield position, event_at(position, payload)

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Position, JSON text and hash of each row after a position."""
        full = True
        while full:
            with self._readers.borrow() as connection:
                page = connection.execute(
                    "SELECT position, payload, hash FROM events WHERE position > ? "
                    "ORDER BY position LIMIT ?",
                    (after, _PAGE),
                ).fetchall()
            yield from page
            if full := len(page) == _PAGE:
                after = page[-1][0]

    def verify(self) -> int:
        """Walk the hash chain; return the last position or raise TamperedLog."""
        with self._readers.borrow() as connection, transaction(connection, "BEGIN"):
            head = connection.execute(HEAD).fetchone()
            # as bytes: text that is no longer UTF-8 is a broken row, not a failed read
            rows = connection.execute(
                "SELECT position, CAST(payload AS BLOB), hash FROM events ORDER BY position"
            )
            return check_chain(
                ((at, bytes(raw).decode(errors="replace"), digest) for at, raw, digest in rows),
                head,
            )

    def close(self) -> None:
        """Finish the appends under way, then let go of the file."""
        self._close()


def from_url(url: str) -> SQLiteLog:
    """Open the log of a URL ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

    Examples
    --------
    >>> from_url("sqlite://spam.db")
    Traceback (most recent call last):
    querist.core.errors.BadInput: 'sqlite://spam.db' names no file; write \
sqlite:///relative.db or sqlite:////absolute.db
    """
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        raise BadInput(
            f"{url!r} names no file; write sqlite:///relative.db or sqlite:////absolute.db"
        )
    return SQLiteLog(path)


@dataclass(frozen=True)
class _Append:
    payloads: list[str]
    expect: int | None
    done: Future[int] = field(default_factory=Future)


class _Writer:
    """The one thread of a log that writes."""

    def __init__(self, path: Path) -> None:
        self.commits = 0
        self._path = path
        self._connection = connect(path, mode="rwc")
        try:
            prepare(self._connection, path)
        except BaseException:
            self._connection.close()
            raise
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: queue.SimpleQueue[_Append | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="querist-log", daemon=True)
        self._thread.start()

    def submit(self, append: _Append) -> int:
        with self._lock:
            if self._closed:
                raise LogError(f"the log {self._path} is closed; open it again to append")
            self._waiting.put(append)
        return append.done.result()

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            group = []
            append = self._waiting.get()
            while append is not None:
                group.append(append)
                if len(group) == _GROUP or self._waiting.empty():
                    break
                append = self._waiting.get()
            open_ = append is not None
            if group:
                self._write(group)
        self._connection.close()

    def _write(self, group: list[_Append]) -> None:
        try:
            outcomes = self._commit(group)
        except Exception as error:
            if len(group) > 1 and not busy(error):  # one bad append must not fail the others
                for append in group:
                    self._write([append])
                return
            outcomes = [_caused(said(error, self._path), error) for _ in group]
        for append, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Exception):
                append.done.set_exception(outcome)
            else:
                append.done.set_result(outcome)

    def _commit(self, group: list[_Append]) -> list[int | QueristError]:
        """Write a group in one transaction: the last position of each append, or its Conflict."""
        outcomes: list[int | QueristError] = []
        rows: list[Row] = []
        with transaction(self._connection, "BEGIN IMMEDIATE"):
            position, digest = self._connection.execute(HEAD).fetchone()
            for append in group:
                try:
                    check_expect(append.expect, position)
                except Conflict as conflict:
                    outcomes.append(conflict)
                    continue
                if append.payloads:
                    rows += chain(position, digest, append.payloads)
                    position, _, digest = rows[-1]
                outcomes.append(position)
            if rows:
                self._connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
                self._connection.execute(
                    "UPDATE meta SET position = ?, hash = ?", (position, digest)
                )
        self.commits += bool(rows)
        return outcomes


def _caused(error: QueristError, cause: Exception) -> QueristError:
    error.__cause__ = cause
    return error


class _Readers:
    """Idle read connections: each is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] | None = []

    @contextmanager
    def borrow(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._idle is None:
                raise LogError(f"the log {self._path} is closed; open it again to read")
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = connect(self._path)
            yield connection
        except sqlite3.Error as error:
            raise said(error, self._path) from error
        finally:
            with self._lock:
                if self._idle is not None and connection is not None:
                    self._idle.append(connection)
                    connection = None
            if connection is not None:
                connection.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle or [], None
        for connection in idle:
            connection.close()


def _close(writer: _Writer, readers: _Readers) -> None:
    readers.close()
    writer.close()  # the last connection to go folds the WAL into the file
