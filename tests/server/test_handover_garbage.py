"""The database hand-over beside a program that writes what it should not."""

from __future__ import annotations

from itertools import count

import pytest

from querist.core.errors import LogBusy, LogError
from querist.core.questions import Number

from .test_handover import db, fill, hand_over, rows, told  # noqa: F401

# ruff: noqa: F811  (fixtures come in by their names)

ROW = (
    "INSERT INTO querist_tasks (task_id, item_id, item, question, status, value, offered_at, fills)"
)


@pytest.mark.parametrize(
    "row",
    [
        "(NULL, 'm1', '', '', 'pending', 'spam', 0, 0)",
        "(CAST(x'ff' AS TEXT), 'm1', '', '', 'pending', 'spam', 0, 0)",
        "(x'00ff', x'00', x'01', x'02', 'skip', x'03', 'x', 'y')",
        "('b0-99', 'm1', '', '', 'withdrawn', 'spam', 0, CAST(x'ff' AS TEXT))",
    ],
)
def test_a_row_that_cannot_be_settled_ends_no_pass(folder, hand_over, db, monkeypatch, row):
    found = hand_over(folder, depth=3)
    found.once()
    good = rows(db)[0]["task_id"]
    db.execute(f"{ROW} VALUES {row}")
    fill(db, good, "ham")
    looks, look = count(), found.rows.filled
    monkeypatch.setattr(found.rows, "filled", lambda: look() if next(looks) < 20 else 1 / 0)
    assert found.once() == 1
    assert [one.value for one in told(folder)] == ["ham"]
    assert found.once() == 0 and len(told(folder)) == 1


@pytest.mark.parametrize("value", ["9" * 400, "-" + "9" * 400, "1e999", "NaN", 2**62, "0x10"])
def test_a_number_that_is_none_is_refused_in_its_row(make_folder, hand_over, db, value):
    folder = make_folder("numbers", question=Number(low=0, high=10))
    found = hand_over(folder, depth=1)
    found.once()
    fill(db, rows(db)[0]["task_id"], value)
    assert found.once() == 0 and told(folder) == []
    [row] = rows(db)
    assert row["value"] is None and 10 < len(row["error"]) < 500


def test_a_skip_waits_while_the_log_is_in_other_hands(folder, hand_over, db, monkeypatch):
    found = hand_over(folder, depth=1)
    found.once()
    db.execute("UPDATE querist_tasks SET status = 'skip', comment = 'too dark'")

    def held(*_):
        raise LogBusy("another program kept the log locked")

    with monkeypatch.context() as patched:
        patched.setattr(found.desk, "skip", held)
        with pytest.raises(LogBusy):
            found.once()
    assert [row["comment"] for row in rows(db, "skip")] == ["too dark"]
    found.once()
    assert [row["comment"] for row in rows(db, "skipped")] == ["too dark"]


def test_a_table_that_was_dropped_is_said_to_be_gone_and_made_anew(folder, hand_over, db):
    found = hand_over(folder, depth=3)
    found.once()
    held = {row["task_id"] for row in rows(db)}
    db.execute("DROP TABLE querist_tasks")
    with pytest.raises(LogError, match="no such table: querist_tasks"):
        found.once()
    again = hand_over(folder, depth=3)
    again.once()
    assert {row["task_id"] for row in rows(db)} == held
    fill(db, min(held), "spam")
    assert again.once() == 1
