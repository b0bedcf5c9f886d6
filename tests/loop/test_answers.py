"""Answers: each judged alone, once per key, and refused when the task is in other hands."""

import time

import pytest

from querist.core.errors import BadInput, BadLabel, LeaseLost, UnknownTask
from querist.core.events import Noted, Told
from querist.logs.memory import MemoryLog
from querist.loop.answers import fields_of


def lapsed(c, by="ann"):
    """A task whose lease has run out."""
    task = c.ask(by=by, lease=0.001)[0]
    time.sleep(0.005)
    return task


def answer(task, value="a", by="ann", **more):
    return {"task": task, "value": value, "by": by, **more}


def value_of(c, task, by="ann"):
    return c.desk.journal.state.votes[task.item_id][by].value


def test_each_answer_stands_or_falls_alone_in_one_write(points):
    log = MemoryLog()
    c = points(log)
    one, two, three = c.ask(3, by="ann")
    before = log.position
    found = c.desk.judge(
        [
            answer(one),
            answer(two, "no such label"),
            answer("no such task"),
            {"value": "a"},
            answer(three, "b"),
        ]
    )
    assert found[0] == before + 1 and found[4] == before + 2 == log.position
    assert [type(error) for error in found[1:4]] == [BadLabel, UnknownTask, BadInput]
    assert (value_of(c, one), value_of(c, three)) == ("a", "b")
    assert two.item_id not in c.desk.journal.state.votes


def test_one_bad_answer_of_tell_keeps_all_from_being_written(points):
    log = MemoryLog()
    c = points(log)
    one, two = c.ask(2)
    before = log.position
    with pytest.raises(BadLabel):
        c.tell_many([answer(one, by="me"), answer(two, "x", by="me")])
    assert log.position == before


def test_a_retry_of_an_old_key_does_not_bring_the_old_value_back(points):
    log = MemoryLog()
    c = points(log)
    task = c.ask(by="ann")[0]
    first = c.desk.judge([answer(task, "a", key="k1")])
    c.desk.judge([answer(task, "b", key="k2")])
    end = log.position
    for again in (c, points(log)):  # also after a restart
        assert again.desk.judge([answer(task, "a", key="k1")]) == first
        assert again.desk.tell([answer(task, "a", key="k1")]) == first
        assert value_of(again, task) == "b" and log.position == end
    c.retract(task, by="ann")
    assert c.desk.judge([answer(task, "b", key="k2")]) == [end]
    assert task.item_id not in c.desk.journal.state.votes


def test_a_key_that_confirms_what_stands_counts_as_said(points):
    c = points()
    task = c.ask(by="ann")[0]
    for value, key in (("a", "k1"), ("a", "k2"), ("b", "k3"), ("a", "k2")):
        c.desk.judge([answer(task, value, key=key)])
    assert value_of(c, task) == "b"


def test_a_key_names_an_answer_of_one_person_about_one_item(points):
    c = points()
    one, two = c.ask(2, by="ann")
    c.desk.judge([answer(one, "a", key="1"), answer(two, "b", key="1")])
    c.desk.tell([answer(one, "b", by="bob", key="1")])
    assert value_of(c, two) == value_of(c, one, "bob") == "b"


def test_a_key_twice_in_one_call_is_written_once(points):
    log = MemoryLog()
    c = points(log)
    task = c.ask(by="ann")[0]
    before = log.position
    found = c.desk.judge([answer(task, "a", key="k"), answer(task, "b", key="k"), answer(task)])
    assert found == [before + 1] * 3 and log.position == before + 1


def test_a_lapsed_lease_is_refused_where_leases_are_strict(points):
    log = MemoryLog()
    c = points(log)
    task, before = lapsed(c), log.position
    with pytest.raises(LeaseLost, match="renew") as lost:
        c.desk.tell([answer(task)], strict=True)
    assert lost.value.code == "lease_expired" and log.position == before
    c.tell(task, "a", by="ann")  # the library stays lenient
    assert value_of(c, task) == "a"


def test_a_task_in_other_hands_is_refused(points):
    c = points()
    task = lapsed(c)
    assert c.ask(by="bob")[0].task_id == task.task_id
    (error,) = c.desk.judge([answer(task)])
    assert isinstance(error, LeaseLost) and error.code == "held"
    (error,) = c.desk.judge([answer(task.item_id)])  # nor past the queue
    assert isinstance(error, LeaseLost) and error.code == "held"
    assert isinstance(c.desk.judge([answer(task, by="bob")])[0], int)


def test_a_task_somebody_else_answered_meanwhile_is_refused(points):
    c = points()
    task = lapsed(c)
    c.tell(c.ask(by="bob")[0], "b", by="bob")
    (error,) = c.desk.judge([answer(task)])
    assert isinstance(error, LeaseLost) and error.code == "answered"
    assert "somebody else" in str(error)
    assert isinstance(c.desk.judge([answer(task.item_id)])[0], int)  # a second opinion, unasked


def test_a_task_the_new_ranking_withdrew_is_refused(points, side):
    c = points()
    for task in c.ask(9, by="bob"):
        c.tell(task, side(task.item_id), by="bob")
    task = lapsed(c)
    c.step()
    (error,) = c.desk.judge([answer(task)])
    assert isinstance(error, LeaseLost) and error.code == "lease_expired"


def test_a_task_nobody_took_is_nobodys_to_answer(points):
    c = points()
    task_id = next(c.desk.journal.state.queues["train"].waiting())
    (error,) = c.desk.judge([answer(task_id)])
    assert isinstance(error, LeaseLost) and error.code == "lease_expired"


def test_of_two_in_one_call_the_first_has_the_task(points):
    c = points()
    task = c.ask(by="ann")[0]
    found = c.desk.judge([answer(task), answer(task, by="bob")])
    assert isinstance(found[0], int) and found[1].code == "answered"


def test_own_answers_may_be_changed_without_a_lease(points):
    c = points()
    task = c.ask(by="ann")[0]
    c.desk.judge([answer(task, "a")])
    assert isinstance(c.desk.judge([answer(task, "b")])[0], int)
    assert value_of(c, task) == "b"


def test_what_stood_beside_the_item_is_kept_with_the_answer(points):
    log = MemoryLog()
    c = points(log)
    task = c.ask(by="ann")[0]
    given = answer(task, guidelines=3, suggested="b", comment="not sure", seconds=2.5)
    c.desk.judge([given])
    told, noted = [event for _, event in log.read()][-2:]
    assert isinstance(told, Told) and (told.guidelines, told.suggested) == (3, "b")
    assert isinstance(noted, Noted) and noted.text == "not sure"
    assert c.desk.journal.state.notes[task.item_id] == [noted]
    position = log.position
    c.desk.judge([given])
    assert log.position == position


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": -1},
        {"seconds": "2"},
        {"seconds": float("nan")},
        {"key": 5},
        {"guidelines": "1"},
        {"guidelines": -1},
        {"comment": None},
    ],
)
def test_a_field_of_a_wrong_kind_is_named(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        fields_of({"task": "b0-1", "value": "a", **wrong})
