"""Facts: what is told of each event, and when a batch is over."""

from __future__ import annotations

import sqlite3

import pytest

from querist.core.events import (
    Asked,
    QuestionChanged,
    Queued,
    QueuedItem,
    RecipeChanged,
    Retracted,
    Skipped,
    Stepped,
    Told,
)
from querist.server.facts import TABLES, facts_of


@pytest.fixture
def tell():
    """Fold events one by one; give the facts of each call."""
    db = sqlite3.connect(":memory:")
    db.executescript(TABLES)
    db.execute("INSERT INTO reading VALUES ('c', 0, 0, 0)")
    position = 0

    def fold(*events):
        nonlocal position
        found = []
        for event in events:
            position += 1
            found += facts_of(event, position, db)
        return found

    yield fold
    db.close()


def queued(batch: int, *items: str, replaces: bool = True, arm: str = "open") -> Queued:
    made = tuple(
        QueuedItem(f"b{batch}-{k}", item, arm, "Random", None, k, 1.0, 9)
        for k, item in enumerate(items)
    )
    return Queued(at=1.0, round=batch, replaces=replaces, items=made)


def told(batch: int, k: int, item: str, **more) -> Told:
    return Told(at=2.0, task_id=f"b{batch}-{k}", item_id=item, value="spam", by="ann", **more)


def kinds(facts):
    return [fact.kind for fact in facts]


def test_a_batch_is_over_with_its_last_answer(tell):
    assert tell(queued(0, "x", "y")) == []
    assert kinds(tell(told(0, 1, "y"))) == ["answered"]
    answered, over = tell(told(0, 0, "x"))
    assert answered.data["item_id"] == "x"
    assert over.kind == "batch.done"
    assert over.data == {
        "position": 3,
        "at": 2.0,
        "batch": 0,
        "round": 0,
        "job": "train",
        "size": 2,
        "answered": 2,
        "complete": True,
    }
    assert kinds(tell(told(0, 0, "x"))) == ["answered"], "a changed answer ends no batch twice"


def test_a_newer_ranking_ends_the_batch_before(tell):
    tell(queued(0, "x", "y"), queued(1, "h", replaces=False, arm="holdout"), told(0, 0, "x"))
    (over,) = tell(queued(2, "z"))
    assert (over.data["batch"], over.data["answered"], over.data["complete"]) == (0, 1, False)
    assert kinds(tell(told(0, 1, "y"))) == ["answered"], "a late answer opens nothing"
    _, over = tell(told(1, 0, "h"))
    assert over.data["job"] == "holdout"


def test_an_answer_taken_back_is_waited_for_again(tell):
    tell(queued(0, "x", "y"), told(0, 0, "x"))
    (back,) = tell(Retracted(at=3.0, task_id="b0-0", item_id="x", by="ann"))
    assert back.kind == "retracted" and back.data["by"] == "ann"
    assert kinds(tell(told(0, 1, "y"))) == ["answered"]
    assert kinds(tell(told(0, 0, "x"))) == ["answered", "batch.done"]


def test_a_label_nobody_asked_for_answers_a_task_of_its_item(tell):
    tell(queued(0, "x"))
    assert kinds(tell(Told(at=1.0, item_id="q", value="ham", by="import"))) == ["answered"]
    assert kinds(tell(Told(at=1.0, item_id="x", value="ham", by="bob"))) == [
        "answered",
        "batch.done",
    ]


def test_what_only_querist_needs_is_not_told(tell):
    tell(queued(0, "x"))
    asked = Asked(at=1.0, task_ids=("b0-0",), by="ann", lease=9.0)
    assert tell(asked, Skipped(task_id="b0-0", item_id="x", by="ann", reason="?")) == []


def test_a_stop_is_suggested_once_and_again_after_it_was_lifted(tell):
    def stepped(number: int, stop: bool, version: int | None = 1) -> Stepped:
        verdict = {"stop": {"stop": stop, "reason": "enough", "progress": 1.0}}
        turn = {"number": number, "labels": 5, "model_version": version, "verdicts": verdict}
        return Stepped(at=4.0, round=turn, upto=0)

    assert kinds(tell(stepped(0, False, version=None))) == [], "nothing was trained"
    trained, stop = tell(stepped(1, True))
    assert (trained.kind, trained.data["labels"]) == ("trained", 5)
    assert (stop.kind, stop.data["reason"]) == ("stop.suggested", "enough")
    assert kinds(tell(stepped(2, True))) == ["trained"]
    assert kinds(tell(stepped(3, False), stepped(4, True))) == [
        "trained",
        "trained",
        "stop.suggested",
    ]


def test_a_changed_setting_is_told(tell):
    (changed,) = tell(RecipeChanged(at=1.0, name="budget", old=30, new=60, by="ann"))
    assert changed.kind == "settings.changed"
    assert (changed.data["old"], changed.data["new"]) == (30, 60)


def test_a_class_that_is_added_is_a_changed_setting(tell):
    old, new = ({"kind": "choice", "labels": labels} for labels in (["a", "b"], ["a", "b", "c"]))
    (changed,) = tell(QuestionChanged(at=1.0, old=old, new=new, by="ann"))
    assert (changed.kind, changed.data["name"]) == ("settings.changed", "question")
    assert changed.data["new"]["labels"] == ["a", "b", "c"]
