"""The default log: one SQLite file, writers that share commits and syncs, readers never blocked."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from querist.core.errors import LogError
from querist.core.events import Event
from querist.logs.chain import Row, check_chain, event_at, payloads_of
from querist.logs.sqlite_file import HEAD, PATIENCE, connect, path_of, said, transaction
from querist.logs.sqlite_writer import Session, Writer

_PAGE = 4096  # rows a reader takes at a time: no read transaction outlives a page


class SQLiteLog:
    """An append-only log in one SQLite file, shared by threads and processes.

    `append` returns once its events are on disk. Appends that arrive while the log is busy
    share the next transaction, and all who wait for the disk share one sync of it.

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
        self._writer = Writer(self.path)
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
        return self._writer.append(payloads_of(events), expect)

    def writing(self, patience: float = PATIENCE) -> AbstractContextManager[Session]:
        """Hold the log for a block: nobody else writes, and all of it stands or none does.

        Whoever else holds it is waited for, `patience` seconds long; then it is LogBusy.
        What the session appends outlives the program when the block ends, and the machine once
        `settle` has been called with the session's ticket.

        Examples
        --------
        >>> import tempfile
        >>> from querist.core.events import Told
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     log = SQLiteLog(f"{folder}/spam.db")
        ...     with log.writing() as session:
        ...         _ = session.append([Told(item_id="a", value="spam")])
        ...         _ = session.append([Told(item_id="b", value="ham")])
        ...     log.settle(session.ticket)
        ...     print(log.position, log.commits)
        ...     log.close()
        2 1
        """
        return self._writer.session(patience)

    def settle(self, ticket: int | None = None) -> None:
        """Return once what was committed up to a ticket, by default all of it, is on disk.

        Raises
        ------
        LogError
            When the disk did not take it.
        """
        disk = self._writer.disk
        disk.settle(disk.written if ticket is None else ticket)

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
    return SQLiteLog(path_of(url))


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


def _close(writer: Writer, readers: _Readers) -> None:
    readers.close()
    writer.close()  # the last connection to go folds the WAL into the file
