import gc
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from querist.core.errors import BadInput, Conflict, LogError, LogFull, NewerLog, TamperedLog
from querist.core.events import GENESIS, Told, link
from querist.logs.memory import MemoryLog
from querist.logs.sqlite import SQLiteLog, from_url
from querist.testing.logs import LogContract, every_event, told


class TestSQLiteLog(LogContract):
    shared = True

    def make_log(self, tmp_path: Path) -> SQLiteLog:
        return SQLiteLog(tmp_path / "odd name #1 %20.db")

    def tamper(self, tmp_path: Path, position: int, payload: str | None) -> None:
        with_sql(
            tmp_path / "odd name #1 %20.db",
            "DELETE FROM events WHERE position = ?"
            if payload is None
            else f"UPDATE events SET payload = '{payload}' WHERE position = ?",
            (position,),
        )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


@pytest.fixture
def log(path):
    log = SQLiteLog(path)
    yield log
    log.close()


def with_sql(path, statement, values=()):
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def hold_write_lock(path):
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def values(log):
    return [event.value for _, event in log.read()]


def start(target, *args):
    thread = threading.Thread(target=target, args=args)
    thread.start()
    return thread


def wait_until_waiting(log, appends):
    while len(log._writer._waiting) < appends:
        time.sleep(0.001)


def append_from_threads(log, batches, expect=None):
    """Append batches so that they wait together; what each caller got."""
    got = {}

    def append(number, batch, expect=None):
        try:
            got[number] = log.append(batch, expect=expect)
        except Exception as error:
            got[number] = error

    lock = hold_write_lock(log.path)
    first = start(append, "first", told("first"))
    wait_until_waiting(log, 1)  # for the file, and the others for it
    threads = [start(append, number, batch, expect) for number, batch in enumerate(batches)]
    wait_until_waiting(log, 1 + len(batches))
    lock.execute("ROLLBACK")
    lock.close()
    for thread in [first, *threads]:
        thread.join()
    return got


def test_waiting_appends_share_a_transaction(log):
    got = append_from_threads(log, [told(number) for number in range(16)])
    assert sorted(got.values()) == list(range(1, 18))
    assert log.commits <= 3
    assert log.verify() == 17


def test_sixteen_threads_need_fewer_commits_than_appends(log):
    def write():
        for number in range(100):
            log.append(told(number))

    threads = [start(write) for _ in range(16)]
    for thread in threads:
        thread.join()
    assert log.position == log.verify() == 1600
    assert log.commits < 1200


def test_conflict_in_a_group_is_for_its_caller_only(log):
    got = append_from_threads(log, [told(number) for number in range(4)], expect=1)
    assert got.pop("first") == 1
    assert sorted(map(str, got.values()))[0] == "2"  # the first of the group found the end there
    assert [type(answer) for answer in got.values()].count(Conflict) == 3
    assert log.position == log.verify() == 2


def test_one_bad_append_does_not_fail_its_group(log):
    huge = [Told(value="x" * 200_000)]
    limit(log, 200_000)
    got = append_from_threads(log, [told("a"), huge, told("b")])
    assert isinstance(got[1], LogError)
    assert sorted(got[key] for key in ("first", 0, 2)) == [1, 2, 3]
    assert sorted(values(log)) == ["a", "b", "first"]


def limit(log, length):
    """Let SQLite itself refuse longer texts."""
    log._writer._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, length)


def test_readers_and_position_do_not_wait_for_a_writer(log):
    log.append(told("a"))
    lock = hold_write_lock(log.path)
    started = time.monotonic()
    assert values(log) == ["a"]
    assert log.position == log.verify() == 1
    assert time.monotonic() - started < 20  # waiting would take a minute
    lock.execute("ROLLBACK")
    lock.close()


def test_writer_waits_for_another_program(log):
    lock = hold_write_lock(log.path)
    got = []
    thread = start(lambda: got.append(log.append(told("a"))))
    time.sleep(0.1)
    assert got == []
    lock.execute("ROLLBACK")
    lock.close()
    thread.join()
    assert got == [1]


def test_full_file_keeps_nothing_and_goes_on(log):
    log.append(told("a"))
    connection = log._writer._connection
    connection.execute("PRAGMA max_page_count = 8")
    with pytest.raises(LogFull, match="free some disk space"):
        log.append([Told(value="x" * 1000) for _ in range(100)])
    assert values(log) == ["a"]
    assert log.append(told("small")) == 2
    connection.execute("PRAGMA max_page_count = 1000")
    assert log.append([Told(value="x" * 1000) for _ in range(100)]) == log.verify() == 102


@pytest.fixture
def tiny_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux can make a tiny file system")
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount a tiny file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_full_disk(tiny_disk):
    log = SQLiteLog(tiny_disk / "log.db")
    kept = 0
    with pytest.raises(LogFull):
        while True:
            kept = log.append([Told(value="x" * 5000)])
    assert log.position == log.verify() == kept > 0
    subprocess.run(["mount", "-o", "remount,size=4m", str(tiny_disk)], check=True)
    assert log.append([Told(value="x" * 50_000)]) == log.verify() == kept + 1
    log.close()


@pytest.mark.parametrize("free", [0, 8, 24, 40])
def test_full_disk_at_opening(tiny_disk, free):
    (tiny_disk / "fill").write_bytes(b"x" * (256 - free) * 1024)
    with pytest.raises(LogFull):
        SQLiteLog(tiny_disk / "log.db").append(told("a"))
    (tiny_disk / "fill").unlink()
    log = SQLiteLog(tiny_disk / "log.db")
    assert log.append(told("a")) == log.position
    log.close()


def test_close_folds_the_wal_into_the_file(path):
    log = SQLiteLog(path)
    log.append(every_event())
    list(log.read())
    log.close()
    assert [entry.name for entry in path.parent.iterdir()] == ["log.db"]
    with pytest.raises(LogError, match="closed"):
        list(log.read())
    with pytest.raises(LogError, match="closed"):
        log.verify()


def test_close_answers_appends_under_way(path):
    log = SQLiteLog(path)
    lock = hold_write_lock(path)
    got = []
    threads = [start(lambda: got.append(log.append(told("a")))) for _ in range(3)]
    wait_until_waiting(log, 3)
    closing = start(log.close)
    lock.execute("ROLLBACK")
    lock.close()
    for thread in [*threads, closing]:
        thread.join()
    assert sorted(got) == [1, 2, 3]


def test_a_log_nobody_holds_closes_itself(path):
    log = SQLiteLog(path)
    log.append(told("a"))
    del log
    gc.collect()
    assert [entry.name for entry in path.parent.iterdir()] == ["log.db"]


def test_the_end_of_the_program_closes_the_log(path):
    script = (
        "import sys; from querist.logs.sqlite import SQLiteLog; from querist.core.events import "
        "Told; log = SQLiteLog(sys.argv[1]); log.append([Told(value=1)])"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)
    assert [entry.name for entry in path.parent.iterdir()] == ["log.db"]
    with_log = SQLiteLog(path)
    assert values(with_log) == [1]
    with_log.close()


def test_reading_in_pages_while_others_write(log):
    log.append(told(*range(5000)))
    reading = log.read()
    assert next(reading)[0] == 1
    log.append(told("late"))
    assert [position for position, _ in reading] == list(range(2, 5002))


def test_rows_equal_those_in_memory(log):
    memory = MemoryLog()
    for each in (log, memory):
        each.append(every_event())
    assert list(log.rows()) == list(memory.rows())
    assert list(log.rows(after=7)) == list(memory.rows(after=7))


def test_a_whole_tail_put_in_is_found(log, path):
    log.append(told("a"))
    [(_, payload, digest)] = log.rows()
    with_sql(path, "INSERT INTO events VALUES (2, ?, ?)", (payload, link(digest, payload)))
    with pytest.raises(TamperedLog, match="row 2 is one too many"):
        log.verify()
    with pytest.raises(TamperedLog, match="changed from outside"):
        log.append(told("b"))


def test_appending_does_not_hide_a_missing_end(log, path):
    log.append(told(*"abc"))
    with_sql(path, "DELETE FROM events WHERE position = 3")
    log.append(told("d"))
    with pytest.raises(TamperedLog, match="row 3 is missing"):
        log.verify()


def test_a_rewritten_chain_is_found_by_its_head(log, path):
    log.append(told("a"))
    [(_, payload, _)] = log.rows()
    forged = payload.replace('"a"', '"b"')
    with_sql(path, "UPDATE events SET payload = ?, hash = ?", (forged, link(GENESIS, forged)))
    with pytest.raises(TamperedLog, match="row 1 is not the row written last"):
        log.verify()


def test_text_that_is_no_longer_utf8_is_found(log, path):
    log.append(told(*"ab"))
    with_sql(path, "UPDATE events SET payload = CAST(X'7BFF7D' AS TEXT) WHERE position = 2")
    with pytest.raises(TamperedLog, match="row 2 "):
        log.verify()
    with pytest.raises(LogError):
        list(log.read())


def test_newer_event_and_newer_schema(log, path):
    log.append(told("a"))
    with_sql(path, """UPDATE events SET payload = '{"kind":"told","v":3}'""")
    with pytest.raises(NewerLog, match="version 3"):
        list(log.read())
    with_sql(path, "UPDATE meta SET schema = 99")
    with pytest.raises(NewerLog, match="schema 99"):
        SQLiteLog(path)


def test_not_a_database(path):
    path.write_bytes(b"id,text\n1,spam\n" * 100)
    with pytest.raises(LogError, match="not an SQLite file"):
        SQLiteLog(path)


def test_damaged_file(path):
    log = SQLiteLog(path)
    log.append(told(*range(2000)))
    log.close()
    raw = bytearray(path.read_bytes())
    raw[8192:] = b"\xff" * (len(raw) - 8192)
    path.write_bytes(raw)
    with pytest.raises(LogError, match="restore it from a backup"):
        broken = SQLiteLog(path)
        list(broken.read())
    gc.collect()


def test_somebody_elses_database_is_left_alone(path):
    with_sql(path, "CREATE TABLE films (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(LogError, match="it holds the tables films"):
        SQLiteLog(path)
    assert path.read_bytes() == before


def test_missing_folder(tmp_path):
    with pytest.raises(LogError, match="check that its folder is there"):
        SQLiteLog(tmp_path / "nowhere" / "log.db")


def test_deleted_file_is_not_made_again_by_a_reader(log, path):
    for entry in path.parent.iterdir():
        entry.unlink()
    with pytest.raises(LogError, match="cannot open"):
        list(log.read())


def test_url(path):
    log = from_url(f"sqlite:///{path}")
    assert log.path == path
    log.close()
    for bad in ("sqlite://log.db", "sqlite:///"):
        with pytest.raises(BadInput, match=r"sqlite:///relative\.db"):
            from_url(bad)
