"""The database hand-over, with other programs writing by plain sqlite3 at the same time."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from querist.core.errors import BadInput
from querist.core.events import Told
from querist.core.questions import Choices, Number
from querist.loop.folder import open_desk, open_folder
from querist.server.handover import Handover
from querist.server.task_rows import open_rows

from .conftest import wait_for

FILLER = Path(__file__).parent / "fill_rows.py"


@pytest.fixture
def hand_over(tmp_path):
    """Open a campaign folder and its table: hand_over(folder, depth=5, ...)."""
    opened = []

    def start(folder, name="tasks.db", **settings) -> Handover:
        desk = open_desk(folder)
        rows = open_rows(f"sqlite:///{tmp_path / name}")
        opened.extend([desk.journal.log, rows])
        return Handover(desk, rows, folder.name, **settings)

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def db(tmp_path):
    """The other program's connection."""
    found = sqlite3.connect(tmp_path / "tasks.db", timeout=10, isolation_level=None)
    found.row_factory = sqlite3.Row
    yield found
    found.close()


def rows(db, status="pending"):
    found = db.execute(
        "SELECT * FROM querist_tasks WHERE status = ? ORDER BY offered_at, rowid", (status,)
    )
    return [dict(row) for row in found]


def fill(db, task_id, value, **more):
    put = ", ".join(f'"{name}" = ?' for name in ("value", *more))
    done = db.execute(
        f"UPDATE querist_tasks SET {put} WHERE task_id = ?", (value, *more.values(), task_id)
    )
    assert done.rowcount == 1


def told(folder) -> list[Told]:
    with closing(open_desk(folder).journal.log) as log:
        return [event for _, event in log.read() if isinstance(event, Told)]


def test_pending_tasks_are_rows_and_filled_rows_are_answers(folder, hand_over, db):
    found = hand_over(folder, depth=5)
    assert found.once() == 0
    pending = rows(db)
    assert len(pending) == 5
    first = pending[0]
    assert json.loads(first["item"]) and json.loads(first["question"])["labels"] == ["spam", "ham"]
    assert first["value"] is None and first["offered_at"] > 0
    fill(db, first["task_id"], "spam", by="gpt", seconds=0.5, comment="quite sure")
    fill(db, pending[1]["task_id"], '"ham"')
    assert found.once() == 2
    (one, two) = told(folder)
    assert (one.item_id, one.value, one.by, one.seconds) == (
        first["item_id"],
        "spam",
        "gpt",
        0.5,
    )
    assert (two.value, two.by) == ("ham", "handover")
    assert found.desk.journal.state.notes[one.item_id][0].text == "quite sure"
    done = rows(db, "done")
    assert len(done) == 2 and all(row["filled_at"] and not row["error"] for row in done)
    assert len(rows(db)) == 5, "topped up"
    assert found.once() == 0 and len(told(folder)) == 2, "taken up once"


def test_a_bad_value_is_refused_in_its_row_which_stays_open(folder, hand_over, db):
    found = hand_over(folder, depth=9)
    found.once()
    bad = ["", "maybe", 7, 2.5, b"spam", "null", "[" * 100_000, '["spam"]', "SPAM"]
    tasks = [row["task_id"] for row in rows(db)]
    for task_id, value in zip(tasks, bad, strict=True):
        fill(db, task_id, value)
    assert found.once() == 0 and told(folder) == []
    for row in rows(db):
        assert row["value"] is None and row["error"], row
    assert "Did you mean" not in rows(db)[0]["error"] and "spam, ham" in rows(db)[0]["error"]
    assert found.rows.counts()["refused"] == 9
    fill(db, tasks[0], "ham")
    assert found.once() == 1
    assert rows(db, "done")[0]["error"] is None


def test_bad_fields_beside_a_good_value_are_refused(folder, hand_over, db):
    found = hand_over(folder, depth=4)
    found.once()
    tasks = [row["task_id"] for row in rows(db)]
    fill(db, tasks[0], "spam", seconds=-1)
    fill(db, tasks[1], "spam", seconds="long")
    fill(db, tasks[2], "spam", by="  ")
    db.execute(
        "UPDATE querist_tasks SET value = CAST(x'ff73' AS TEXT) WHERE task_id = ?", (tasks[3],)
    )
    assert found.once() == 0 and told(folder) == []
    errors = {row["task_id"]: row["error"] for row in rows(db)}
    assert "seconds" in errors[tasks[0]] and "seconds" in errors[tasks[1]]
    assert "by names who" in errors[tasks[2]] and "not an allowed label" in errors[tasks[3]]


@pytest.mark.parametrize(
    ("question", "good", "value", "bad"),
    [
        (Choices(["a", "b"]), '["b", "a"]', ["a", "b"], "a"),
        (Choices(["a", "b"]), "[]", [], '["c"]'),
        (Number(low=0), 2, 2.0, -1),
        (Number(low=0), "2.5", 2.5, "1e999"),
    ],
)
def test_every_kind_of_question(make_folder, hand_over, db, question, good, value, bad):
    folder = make_folder("asked", question=question)
    found = hand_over(folder, depth=1)
    found.once()
    (row,) = rows(db)
    fill(db, row["task_id"], bad)
    assert found.once() == 0 and rows(db)[0]["error"]
    fill(db, row["task_id"], good)
    assert found.once() == 1
    assert told(folder)[0].value == value


def test_a_row_may_be_passed_on(folder, hand_over, db):
    found = hand_over(folder, depth=1)
    found.once()
    (row,) = rows(db)
    db.execute("UPDATE querist_tasks SET status = 'skip', comment = 'no text'")
    found.once()
    assert rows(db, "skipped")[0]["task_id"] == row["task_id"]
    (skip,) = found.desk.journal.state.skips[row["item_id"]]
    assert (skip.by, skip.reason) == ("handover", "no text")
    assert rows(db)[0]["item_id"] != row["item_id"], "another one instead"


def test_a_done_row_cannot_be_changed(folder, hand_over, db):
    found = hand_over(folder, depth=1)
    found.once()
    (row,) = rows(db)
    fill(db, row["task_id"], "spam")
    found.once()
    with pytest.raises(sqlite3.IntegrityError, match="this task is done"):
        fill(db, row["task_id"], "ham")


def test_nobody_else_gets_what_is_handed_over(folder, hand_over, db):
    found = hand_over(folder, depth=6)
    found.once()
    handed = {row["item_id"] for row in rows(db)}
    others = found.desk.ask(10, "ann", 600.0, "train")
    assert len(others) == 4 and not handed & {task.item_id for task in others}


def test_rows_of_an_older_ranking_are_withdrawn(folder, hand_over, db):
    found = hand_over(folder, depth=8)
    found.once()
    first = rows(db)
    for row in first[:3]:
        fill(db, row["task_id"], "spam" if int(row["item_id"][1:]) % 3 == 0 else "ham")
    found.once()
    with open_folder(folder) as campaign:
        for task in campaign.ask(5, by="ann"):
            campaign.tell(task, "spam" if int(task.item_id[1:]) % 3 == 0 else "ham", by="ann")
        turn = campaign.step()
    assert turn.queued
    found.once()
    now = {row["task_id"] for row in rows(db)}
    gone = rows(db, "withdrawn")
    assert gone and all("newer ranking" in row["error"] for row in gone)
    assert len(now) == 8 and not now & {row["task_id"] for row in first}
    state = found.desk.journal.state
    assert {state.tasks[task_id].batch for task_id in now} == {len(state.batches) - 1}
    before = state.position
    found.once()
    assert state.position == before, "and that is that"
    # a late answer to a withdrawn row is still an answer
    late = gone[0]
    fill(db, late["task_id"], "ham", by="gpt")
    assert found.once() == 1
    assert state.votes[late["item_id"]]["gpt"].value == "ham"


def test_what_somebody_else_answered_meanwhile_is_withdrawn(folder, hand_over, db):
    found = hand_over(folder, depth=2)
    found.once()
    one, two = rows(db)
    found.desk.tell([(one["item_id"], "spam", "ann")])
    found.once()
    (gone,) = rows(db, "withdrawn")
    assert gone["task_id"] == one["task_id"] and "elsewhere" in gone["error"]
    fill(db, one["task_id"], "ham")  # too late
    fill(db, two["task_id"], "ham")
    assert found.once() == 1
    (gone,) = rows(db, "withdrawn")
    assert "'ann' has answered this" in gone["error"]
    assert [event.by for event in told(folder)] == ["ann", "handover"]


def test_leases_are_renewed_and_taken_up_again_after_a_pause(folder, hand_over, db):
    found = hand_over(folder, depth=3, lease=0.6)
    found.once()
    tasks = {row["task_id"] for row in rows(db)}
    for _ in range(4):
        time.sleep(0.25)
        found.once()
    assert {row["task_id"] for row in rows(db)} == tasks, "renewed in time"
    time.sleep(0.8)  # the hand-over was down for longer than its leases
    (taken,) = found.desk.ask(1, "ann", 600.0, "train")
    again = hand_over(folder, depth=3, lease=600.0)
    again.once()
    assert taken.task_id in tasks
    pending = {row["task_id"] for row in rows(db)}
    assert taken.task_id not in pending and len(pending) == 3 and len(pending & tasks) == 2


def test_a_retracted_answer_is_asked_again_in_its_row(folder, hand_over, db):
    found = hand_over(folder, depth=10)
    found.once()
    row = rows(db)[0]
    fill(db, row["task_id"], "spam")
    found.once()
    found.desk.retract(row["task_id"], "handover")
    found.once()
    again = next(r for r in rows(db) if r["task_id"] == row["task_id"])
    assert again["value"] is None and again["filled_at"] is None
    fill(db, row["task_id"], "spam")
    assert found.once() == 1, "the same value anew is a new answer"
    assert found.desk.journal.state.votes[row["item_id"]]["handover"].value == "spam"


def test_leaving_takes_up_what_is_filled_and_gives_the_rest_back(folder, hand_over, db):
    found = hand_over(folder, depth=4)
    found.once()
    fill(db, rows(db)[0]["task_id"], "spam")
    found.leave()
    assert len(told(folder)) == 1 and rows(db) == []
    assert len(found.desk.ask(10, "ann", 600.0, "train")) == 9


def test_a_table_of_another_campaign_is_refused(folder, make_folder, hand_over):
    hand_over(folder).once()
    with pytest.raises(BadInput, match="'mails'"):
        hand_over(make_folder("other"))


def test_a_pass_cut_off_after_the_log_was_written_repeats_nothing(folder, hand_over, db):
    found = hand_over(folder, depth=2)
    found.once()
    for row in rows(db):
        fill(db, row["task_id"], "ham", by="gpt")
    settle, found.rows.settle = found.rows.settle, None
    with pytest.raises(TypeError):
        found.once()  # cut off between the log and the table
    found.rows.settle = settle
    assert len(told(folder)) == 2 and len(rows(db)) == 2
    again = hand_over(folder, depth=2)
    assert again.once() == 2
    assert len(told(folder)) == 2 and len(rows(db, "done")) == 2


def run(folder, tmp_path, *options):
    command = [str(Path(sys.executable).parent / "querist"), "handover", str(folder)]
    command += ["--db", f"sqlite:///{tmp_path / 'tasks.db'}", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    hands = subprocess.Popen(command, **pipes, text=True)
    assert hands.stderr.readline().startswith(
        "handing over"
    )  # from now on SIGTERM is an orderly end
    return hands


def test_killed_again_and_again_while_two_programs_write(make_folder, tmp_path):
    """Every row that was filled well is one answer of who filled it; no bad one is."""
    folder = make_folder("many", n=300, batch=280)
    path = tmp_path / "tasks.db"
    hands = run(folder, tmp_path, "--depth", "20", "--lease", "2")
    wait_for(lambda: path.exists() and path.stat().st_size)
    wait_for(lambda: _rows(path))
    writers = [
        subprocess.Popen(
            [sys.executable, str(FILLER), str(path), name, "0.2"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("gpt", "bob")
    ]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    draw = random.Random(7)
    for _ in range(3):
        before = _rows(path, "done")
        wait_for(lambda before=before: _rows(path, "done") > before)
        time.sleep(draw.random() * 0.6)  # it looks every half a second
        os.kill(hands.pid, signal.SIGKILL)
        hands.communicate()
        hands = run(folder, tmp_path, "--depth", "20", "--lease", "2")
    for name in ("gpt", "bob"):
        wait_for(lambda name=name: _rows(path, "done", name) > 20)
    for writer in writers:
        said, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0 and int(said) > 20, errors
    hands.send_signal(signal.SIGTERM)
    said, errors = hands.communicate(timeout=60)
    assert hands.returncode == 0, errors
    with closing(sqlite3.connect(path)) as db:
        done = db.execute(
            "SELECT task_id, item_id, value, \"by\" FROM querist_tasks WHERE status = 'done'"
        ).fetchall()
        left = db.execute(
            "SELECT count(*) FROM querist_tasks WHERE status = 'pending' OR "
            "(status = 'withdrawn' AND value IS NOT NULL)"
        ).fetchone()[0]
    assert left == 0 and len(done) > 40
    answers = [(e.task_id, e.item_id, e.value, e.by) for e in told(folder)]
    assert Counter(answers) == Counter(done), "each once, none lost, none made up"
    for _, item_id, value, by in answers:
        assert value == ("spam" if int(item_id[1:]) % 3 == 0 else "ham") and by in ("gpt", "bob")


def _rows(path: Path, status: str = "pending", by: str = "%") -> int:
    with closing(sqlite3.connect(path, timeout=60)) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'querist_tasks'").fetchone():
            return 0
        count = "SELECT count(*) FROM querist_tasks WHERE status = ? AND ifnull(\"by\", '') LIKE ?"
        return int(db.execute(count, (status, by)).fetchone()[0])
