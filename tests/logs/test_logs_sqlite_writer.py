"""Sessions of the SQLite log, and the sync that many share."""

import os
import threading
import time

import pytest

from querist.core.errors import BadInput, Conflict, LogError, LogFull
from querist.core.events import Told
from querist.logs import sqlite_writer
from querist.logs.sqlite import SQLiteLog
from querist.testing.logs import told


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path):
    log = SQLiteLog(path)
    yield log
    log.close()


def values(log):
    return [event.value for _, event in log.read()]


def test_a_session_is_one_commit_and_shows_only_when_it_is_over(log):
    log.append(told("before"))
    with log.writing() as session:
        assert [event.value for _, event in session.read(after=0)] == ["before"]
        assert session.append(told("a", "b")) == 3
        assert session.append(told("c")) == session.position == 4
        assert session.append([]) == 4
        assert values(log) == ["before"]
    log.settle(session.ticket)
    assert values(log) == ["before", "a", "b", "c"]
    assert log.commits == 2
    assert log.verify() == 4


def test_an_empty_session_writes_nothing(log):
    with log.writing() as session:
        assert list(session.read(after=0)) == []
    log.settle()
    assert log.position == log.commits == 0


def test_what_fails_in_a_session_undoes_all_of_it(log):
    log.append(told("before"))
    with pytest.raises(KeyError), log.writing() as session:
        session.append(told("a"))
        raise KeyError("b")
    assert log.append(told("after")) == log.verify() == 2
    assert values(log) == ["before", "after"]


def test_a_refused_append_leaves_the_rest_of_its_session_alone(log):
    with log.writing() as session:
        session.append(told("a"))
        with pytest.raises(BadInput):
            session.append([*told("b"), Told(value=float("nan"))])
        with pytest.raises(Conflict):
            session.append(told("c"), expect=0)
        session.append(told("d"), expect=1)
    assert values(log) == ["a", "d"]
    assert log.verify() == 2


def test_others_wait_for_a_session(path, log):
    other = SQLiteLog(path)
    order = []

    def append():
        other.append(told("other"))
        order.append("other")

    def same_log():
        log.append(told("same"))
        order.append("same")

    with log.writing() as session:
        threads = [threading.Thread(target=act) for act in (append, same_log)]
        for thread in threads:
            thread.start()
        session.append(told("session"))
        time.sleep(0.05)
        order.append("session")
    for thread in threads:
        thread.join()
    assert order[0] == "session" and sorted(order[1:]) == ["other", "same"]
    assert values(log)[0] == "session"
    assert other.verify() == 3
    other.close()


def test_a_full_file_undoes_a_session(log):
    log.append(told("a"))
    connection = log._writer._connection
    connection.execute("PRAGMA max_page_count = 8")
    with pytest.raises(LogFull), log.writing() as session:
        session.append([Told(value="x" * 1000) for _ in range(100)])
    connection.execute("PRAGMA max_page_count = 1000")
    assert log.append(told("b")) == log.verify() == 2


def test_a_session_of_a_closed_log_is_refused(log):
    log.close()
    with pytest.raises(LogError, match="closed"), log.writing():
        pass


class CountedDisk:
    """How often the disk was synced; each sync is the real one."""

    def __init__(self, monkeypatch):
        self.syncs = 0
        real = sqlite_writer._sync

        def sync(file):
            self.syncs += 1
            real(file)

        monkeypatch.setattr(sqlite_writer, "_sync", sync)


def test_a_sync_for_many(log, monkeypatch):
    disk = CountedDisk(monkeypatch)
    tickets = []
    for number in range(10):
        with log.writing() as session:
            session.append(told(number))
        tickets.append(session.ticket)
    assert disk.syncs == 0
    for ticket in reversed(tickets):
        log.settle(ticket)
    log.settle()
    assert disk.syncs == 1
    log.append(told("durable when it returns"))
    assert disk.syncs == 2


def test_what_another_program_committed_is_made_durable_too(path, log, monkeypatch):
    """An answer may rest on what another server wrote and has not synced yet."""
    other = SQLiteLog(path)
    with other.writing() as session:
        session.append(told("a"))
    disk = CountedDisk(monkeypatch)
    with log.writing() as session:
        assert [event.value for _, event in session.read(after=0)] == ["a"]
    log.settle(session.ticket)
    assert disk.syncs == 1
    log.settle(session.ticket)
    assert disk.syncs == 1
    other.close()


def test_waiting_threads_share_a_sync(log, monkeypatch):
    disk = CountedDisk(monkeypatch)
    threads = [
        threading.Thread(target=lambda: [log.append(told(n)) for n in range(50)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.position == log.verify() == 400
    assert disk.syncs < 300


def test_close_waits_for_those_at_the_disk(path, monkeypatch):
    """One append is in the middle of its sync, one has committed and waits for the next."""
    log = SQLiteLog(path)
    slow, entered, got = threading.Event(), threading.Event(), []
    real = sqlite_writer._sync

    def sync(file):
        entered.set()
        assert slow.wait(10)
        real(file)

    monkeypatch.setattr(sqlite_writer, "_sync", sync)
    appends = [threading.Thread(target=lambda: got.append(log.append(told("a")))) for _ in range(2)]
    closing = threading.Thread(target=log.close)
    for thread in appends:
        thread.start()
    assert entered.wait(10)
    while log.position < 2:
        time.sleep(0.001)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    slow.set()
    for thread in [*appends, closing]:
        thread.join()
    assert sorted(got) == [1, 2]


def test_what_close_made_durable_is_settled(log, monkeypatch):
    disk = CountedDisk(monkeypatch)
    with log.writing() as session:
        session.append(told("a"))
    log.close()
    log.settle(session.ticket)
    assert disk.syncs == 1


def test_close_says_once_that_the_disk_failed(path):
    log = SQLiteLog(path)
    with log.writing() as session:
        session.append(told("a"))
    os.close(log._writer.disk._file)
    log._writer.disk._file, end = os.pipe()  # no pipe can be synced
    with pytest.raises(LogError, match="did not take what was written"):
        log._writer.close()
    log.close()
    os.close(end)


def test_a_disk_that_failed_once_is_not_believed_again(path):
    log = SQLiteLog(path)
    log.append(told("a"))
    os.close(log._writer.disk._file)  # so that the next sync fails
    for _ in range(2):
        with pytest.raises(LogError, match="did not take what was written"):
            log.append(told("b"))
    log._writer.disk._file = -1
    log.close()
    log = SQLiteLog(path)
    assert log.position == log.verify() == 2  # the first was committed, the second refused
    log.close()
