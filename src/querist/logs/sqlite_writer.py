"""The writing side of the SQLite log: short transactions, and one sync of the disk for many."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path

from querist.core.errors import Conflict, LogBusy, LogError, QueristError
from querist.core.events import Event
from querist.logs.chain import Row, chain, check_expect, event_at, payloads_of
from querist.logs.sqlite_file import HEAD, PATIENCE, busy, connect, prepare, said

_GROUP = 1024  # appends one transaction takes at most
_FIRST_NAP, _LAST_NAP = 0.0002, 0.004  # seconds between looks at a file another program holds
# pages of the WAL before they are folded into the file: folding stops a writer for two syncs,
# and most pages of a log are written again and again, so four times the default costs little
_FOLD_AFTER = 4000


@dataclass(eq=False)
class _Append:
    payloads: list[str]
    expect: int | None
    outcome: int | QueristError | None = None
    ticket: int = 0


class Writer:
    """The one connection of a log that writes; whoever holds `turn` uses it.

    A commit leaves the events in the write-ahead log, where they outlive the program;
    `Disk.settle` makes them outlive the machine.
    """

    def __init__(self, path: Path) -> None:
        self.commits = 0
        self.path = path
        self._closed = False
        self._end = 0
        self._turn = threading.Lock()
        self._waiting: deque[_Append] = deque()
        self._connection = connect(path, mode="rwc")
        try:
            prepare(self._connection, path)
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {_FOLD_AFTER}")
            self._connection.execute("PRAGMA busy_timeout = 0")  # `_begin` waits in its own way
            self.disk = Disk(path)
        except BaseException:
            self._connection.close()
            raise

    def append(self, payloads: list[str], expect: int | None) -> int:
        """Commit with all who wait, then see to it that it is durable."""
        mine = _Append(payloads, expect)
        self._waiting.append(mine)
        with self._turn:
            while mine.outcome is None:
                try:
                    self._check_open()
                except LogError:
                    self._waiting.remove(mine)
                    raise
                self._write()
        if isinstance(mine.outcome, QueristError):
            raise mine.outcome
        if payloads:
            self.disk.settle(mine.ticket)
        assert mine.outcome is not None
        return mine.outcome

    @contextmanager
    def session(self, patience: float = PATIENCE) -> Iterator[Session]:
        """Hold the log for a block: its events are committed together, or not at all."""
        if not self._turn.acquire(timeout=patience):
            raise LogBusy(f"a thread of this program kept {self.path} to itself; try again")
        try:
            self._check_open()
            try:
                self._begin(patience)
                session = Session(self._connection, *self._head())
                yield session
                self._commit(session.rows)
                session.ticket = self.disk.written
            except sqlite3.Error as error:
                raise said(error, self.path) from error
            finally:
                self._leave()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Finish the appends under way, then let go of the file."""
        with self._turn:
            while self._waiting and not self._closed:
                self._write()
            self._closed = True
            try:
                self.disk.close()
            finally:
                self._connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise LogError(f"the log {self.path} is closed; open it again to append")
        self.disk.check()

    def _begin(self, patience: float = PATIENCE) -> None:
        """Take the file for writing; programs that share it hold it for moments only."""
        end, nap = time.monotonic() + patience, _FIRST_NAP
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not busy(error) or time.monotonic() >= end:
                    raise
            time.sleep(nap)
            nap = min(2 * nap, _LAST_NAP)

    def _leave(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _write(self) -> None:
        """Commit what waits in one transaction; each append learns its own outcome."""
        group: list[_Append] = []
        try:
            try:
                self._begin()
            finally:  # whoever came while another program held the file comes along
                while self._waiting and len(group) < _GROUP:
                    group.append(self._waiting.popleft())
            self._write_group(group)
        except Exception as error:
            self._leave()
            if len(group) > 1 and not busy(error):  # one bad append must not fail the others
                self._write_alone(group)
            else:
                _answer(group, said(error, self.path), error)
        finally:
            self._leave()
            _answer(group, LogError("the write was cut off; read the log to see if it stands"))

    def _write_alone(self, group: list[_Append]) -> None:
        for append in group:
            try:
                self._begin()
                self._write_group([append])
            except Exception as error:
                _answer([append], said(error, self.path), error)
            finally:
                self._leave()

    def _write_group(self, group: list[_Append]) -> None:
        outcomes: list[int | QueristError] = []
        rows: list[Row] = []
        position, digest = self._head()
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
        self._commit(rows)
        for append, outcome in zip(group, outcomes, strict=True):
            append.outcome, append.ticket = outcome, self.disk.written

    def _head(self) -> tuple[int, str]:
        """Where the log ends; what others wrote counts as not yet durable."""
        position, digest = self._connection.execute(HEAD).fetchone()
        if position != self._end:
            self._end = position
            self.disk.written += 1
        return position, digest

    def _commit(self, rows: Sequence[Row]) -> None:
        if rows:
            position, _, digest = rows[-1]
            self._connection.executemany("INSERT INTO events VALUES (?, ?, ?)", rows)
            self._connection.execute("UPDATE meta SET position = ?, hash = ?", (position, digest))
        self._connection.execute("COMMIT")
        if rows:
            self._end = position
            self.commits += 1
            self.disk.written += 1


class Session:
    """A log held for writing: what is read here is the newest there is.

    Attributes
    ----------
    position : int
        Where the log ends, the events of this session included.
    ticket : int
        Once the session is over: what `SQLiteLog.settle` takes to make it durable.
    """

    def __init__(self, connection: sqlite3.Connection, position: int, digest: str) -> None:
        self._connection = connection
        self.position, self._digest = position, digest
        self._stored = position
        self.rows: list[Row] = []
        self.ticket = 0

    def read(self, after: int) -> Iterator[tuple[int, Event]]:
        """Positions and events in the file after a position, in order."""
        if after < self._stored:
            for position, payload in self._connection.execute(
                "SELECT position, payload FROM events WHERE position > ? ORDER BY position",
                (after,),
            ):
                yield position, event_at(position, payload)

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> int:
        """Add events, and return the position of the last one.

        Raises
        ------
        Conflict
            When `expect` is given and is not where the log ends.
        BadInput
            When an event cannot be written as JSON; none of these is added then.
        """
        check_expect(expect, self.position)
        fresh = chain(self.position, self._digest, payloads_of(events))
        if fresh:
            self.rows += fresh
            self.position, _, self._digest = fresh[-1]
        return self.position


class Disk:
    """Makes commits durable: one sync of the write-ahead log serves all who wait for it.

    Commits are made with synchronous=NORMAL: SQLite itself syncs the header of the write-ahead
    log when it begins a new one, the log before it folds it into the file, and the file after.
    What it leaves out is the sync at each commit, and that is what `settle` does: see
    docs/decisions/0021-one-sync-for-many.md.
    """

    def __init__(self, path: Path) -> None:
        self.written = 0  # commits so far, those of others included as far as seen
        self._path = path
        self._safe = 0  # commits that are durable
        self._syncing = self._failed = False
        self._change = threading.Condition()
        # as long as the connection is open nobody takes this file away. Letting go of it drops
        # no lock of SQLite's: those are on the log itself and on its -shm file
        self._file = os.open(f"{path}-wal", os.O_RDWR | getattr(os, "O_BINARY", 0))
        self._sync_folder()

    def settle(self, ticket: int) -> None:
        """Return once the commits up to the ticket are on disk.

        Raises
        ------
        LogError
            When the disk did not take them.
        """
        with self._change:
            while self._syncing and self._safe < ticket:
                self._change.wait()
            if self._safe >= ticket:
                return
            self.check()
            self._syncing, upto, done = True, self.written, self._safe
        try:
            _sync(self._file)
            done = upto
        except OSError as error:
            self._failed = True  # a second try may say yes to what is lost already
            raise self._lost() from error
        finally:
            with self._change:
                self._syncing, self._safe = False, done
                self._change.notify_all()

    def check(self) -> None:
        """Raise LogError when the disk has failed before."""
        if self._failed:
            raise self._lost()

    def close(self) -> None:
        """Make what was committed durable, for those as well who still wait, and let go of it.

        Raises
        ------
        LogError
            When the disk does not take it; a disk that failed before has said so already.
        """
        try:
            if not self._failed:
                self.settle(self.written)  # nobody is at the file then, and nobody comes to it
        finally:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _lost(self) -> LogError:
        return LogError(
            f"the disk did not take what was written to {self._path}: what was answered last may "
            "be lost after a power cut; check the disk, and open the log again"
        )

    def _sync_folder(self) -> None:
        """Make the names of the files durable, where a folder can be synced."""
        if os.name == "posix":
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


_sync = getattr(os, "fdatasync", os.fsync)


def _answer(group: Sequence[_Append], error: QueristError, cause: Exception | None = None) -> None:
    """Give an error to everyone in a group who has no answer yet."""
    for append in group:
        if append.outcome is None:
            append.outcome = copy(error)
            append.outcome.__cause__ = cause
