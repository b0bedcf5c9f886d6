from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from querist.core.errors import LogError, NewerLog
from querist.server.people_file import NAME, PeopleFile


@pytest.fixture
def file(tmp_path):
    made = PeopleFile(tmp_path)
    yield made
    made.close()


def add(db, name):
    db.execute("INSERT INTO users VALUES (?, ?, 'owner', 0, NULL)", (name, name))


def names(file):
    return [name for (name,) in file.rows("SELECT name FROM users ORDER BY name")]


def test_reading_makes_no_file(file):
    assert names(file) == []
    assert file.mark == ""
    assert not file.path.exists()


def test_a_block_that_fails_leaves_nothing(file):
    with file.write() as db:
        add(db, "ann")
    with pytest.raises(RuntimeError), file.write() as db:
        add(db, "bob")
        raise RuntimeError
    assert names(file) == ["ann"]


def test_only_its_owner_may_read_the_file(file):
    with file.write() as db:
        add(db, "ann")
    for path in file.path.parent.glob(f"{NAME}*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_what_one_process_writes_another_reads_at_once(file, tmp_path):
    other = PeopleFile(tmp_path)
    assert names(other) == []
    with file.write() as db:
        add(db, "ann")
    assert names(other) == ["ann"]
    with other.write() as db:
        add(db, "bob")
    assert names(file) == ["ann", "bob"]
    assert file.mark == other.mark != ""
    other.close()


def test_many_may_make_the_file_at_the_same_moment(tmp_path):
    files = [PeopleFile(tmp_path) for _ in range(8)]
    start, failed = threading.Barrier(8), []

    def work(k):
        start.wait()
        try:
            names(files[k])
            with files[k].write() as db:
                add(db, f"p{k}")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(names(files[0])) == 8
    assert len({file.mark for file in files}) == 1
    for file in files:
        file.close()


def test_the_audit_can_be_added_to_and_not_changed(file):
    line = "INSERT INTO audit (at, kind, name, by, address, detail) VALUES (0, ?, '', '', '', '')"
    with file.write() as db:
        db.execute(line, ("login",))
        db.execute(line, ("refused",))
    for change in (
        "UPDATE audit SET kind = 'x'",
        "UPDATE audit SET at = 5 WHERE kind = 'refused'",
        "DELETE FROM audit WHERE kind = 'login'",
        "DELETE FROM audit",
    ):
        with pytest.raises(LogError, match="append-only"), file.write() as db:
            db.execute(change)
    assert file.rows("SELECT kind FROM audit ORDER BY id") == [("login",), ("refused",)]


@pytest.mark.parametrize("action", ["read", "write"])
def test_foreign_damaged_and_newer_files_are_named(file, action):
    def use():
        if action == "read":
            file.rows("SELECT 1 FROM users")
        else:
            with file.write():
                pass

    file.path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LogError, match="damaged"):
        use()
    file.path.unlink()
    other = sqlite3.connect(file.path)
    other.execute("CREATE TABLE apples (n)")
    other.close()
    with pytest.raises(LogError, match="holds no people"):
        use()
    file.path.unlink()
    with file.write() as db:
        db.execute("UPDATE meta SET schema = 99")
    file.close()
    with pytest.raises(NewerLog, match="schema 99"):
        use()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    file = PeopleFile(tmp_path / "missing")
    with pytest.raises(LogError, match=r"cannot make .*people\.sqlite"), file.write():
        pass


def test_another_program_that_comes_and_goes_does_not_leave_this_one_behind(file):
    """A lost lock would let it remove the write-ahead log under our feet."""
    with file.write() as db:
        add(db, "ann")
    file.close()
    assert names(file) == ["ann"]  # the reader is open before the writer is
    with file.write() as db:
        add(db, "bob")
    for name in ("eve", "joe"):
        done = "db.execute(\"INSERT INTO users VALUES (?, ?, 'owner', 0, NULL)\", (name, name))"
        code = f"import sqlite3; name = {name!r}; db = sqlite3.connect({str(file.path)!r}); {done}"
        subprocess.run([sys.executable, "-c", f"{code}; db.commit(); db.close()"], check=True)
        assert name in names(file)
