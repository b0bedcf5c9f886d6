"""querist handover from a shell: one pass, settings in campaign.toml, wrong calls."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture
def table(tmp_path):
    """The URL of the table, and a connection to it."""
    path = tmp_path / "tasks.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield f"sqlite:///{path}", db


def test_pass_by_pass(querist, folder, table):
    url, db = table
    first = querist("handover", folder, "--db", url, "--depth", 4, "--once", "--json").json
    assert (first["taken"], first["pending"]) == (0, 4)
    db.execute("UPDATE querist_tasks SET value = 'spam' WHERE rowid = 1")
    db.execute("UPDATE querist_tasks SET value = 'spma' WHERE rowid = 2")
    ran = querist("handover", folder, "--db", url, "--depth", 4, "--once", "--by", "handover")
    assert ran.out == "1 taken up, 4 pending, 1 done, 0 withdrawn, 0 skipped, 1 refused\n"
    assert querist("status", folder, "--json").json["annotators"]["handover"] == 1


def test_settings_may_stand_in_the_campaign(querist, folder, table):
    url, _ = table
    with (folder / "campaign.toml").open("a") as config:
        config.write(f'\n[handover]\ndb = "{url}"\ndepth = 3\nby = "gpt"\n')
    assert querist("handover", folder, "--once", "--json").json["pending"] == 3
    assert querist("status", folder, "--json").json["queue"]["leased"] == 3
    assert querist("change", folder, "--budget", 25).code == 0, "other settings stay what they are"
    assert querist("handover", folder, "--once", "--json").json["pending"] == 3


def test_the_work_process_hands_over_by_itself(folder, table):
    """Rows are put there while it runs, answers taken up, the rest given back at its end."""
    url, db = table
    with (folder / "campaign.toml").open("a") as config:
        config.write(f'\n[handover]\ndb = "{url}"\ndepth = 3\n')
    command = [str(Path(sys.executable).parent / "querist"), "work", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def wait_for(query: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                if db.execute(query).fetchone()[0]:
                    return
            except sqlite3.OperationalError as error:
                assert "no such table" in str(error)
            time.sleep(0.05)
        raise AssertionError(query)

    try:
        wait_for("SELECT count(*) = 3 FROM querist_tasks WHERE status = 'pending'")
        db.execute("UPDATE querist_tasks SET value = 'spam' WHERE rowid = 1")
        wait_for("SELECT status = 'done' FROM querist_tasks WHERE rowid = 1")
    finally:
        process.terminate()
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    wait_for("SELECT count(*) = 0 FROM querist_tasks WHERE status = 'pending'")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "which database?"),
        (("--db", "tasks.db"), "sqlite:///relative.db"),
        (("--db", "postgresql://localhost/tasks"), "later version"),
        (("--db", "sqlite:///:memory:", "--depth", "0"), "depth is how many"),
    ],
)
def test_a_wrong_call_says_what_to_do(querist, folder, tmp_path, monkeypatch, args, said):
    monkeypatch.chdir(tmp_path)
    ran = querist("handover", folder, *args, "--once")
    assert ran.code == 2 and said in ran.err


def test_a_file_that_is_no_database_says_so(querist, folder, tmp_path):
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look like one\n" * 50)
    ran = querist("handover", folder, "--db", f"sqlite:///{tmp_path / 'notes.txt'}", "--once")
    assert ran.code == 1 and "cannot use the database" in ran.err


def test_an_unknown_setting_is_refused(querist, folder):
    with (folder / "campaign.toml").open("a") as config:
        config.write('\n[handover]\ndatabase = "sqlite:///tasks.db"\n')
    ran = querist("handover", folder, "--once")
    assert ran.code == 2 and "got database" in ran.err
