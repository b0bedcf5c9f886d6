"""The desk: who gets which task, and what a wrong or late call may not do."""

import threading
import time

import pytest

from querist.core.errors import BadInput, UnknownTask
from querist.logs.memory import MemoryLog


def test_an_item_requested_twice_is_one_task(points):
    c = points()
    item = next(i for i in ("i0", "i1", "i2") if not c._journal.state.is_queued(i))
    position = c.log.position
    assert c.ask(items=[]) == [] and c.log.position == position
    assert [task.item_id for task in c.ask(items=[item, item])] == [item]


def test_whoever_asks_or_answers_has_a_name(points):
    c = points()
    task = c.ask()[0]
    for call in (
        lambda: c.ask(by=""),
        lambda: c.tell(task, "a", by=" "),
        lambda: c.skip(task, by=""),
    ):
        with pytest.raises(BadInput, match="by names who"):
            call()


def test_a_task_of_another_campaign_is_refused(points):
    one, two = points(), points(seed=1)
    mine, theirs = one.ask()[0], two.ask()[0]
    assert mine.task_id == theirs.task_id and mine.item_id != theirs.item_id
    with pytest.raises(UnknownTask, match="another campaign"):
        one.tell(theirs, "a")


def test_a_late_pass_does_not_take_a_task_out_of_other_hands(points):
    c = points()
    task = c.ask(lease=0.001, by="ann")[0]
    time.sleep(0.01)
    assert c.ask(by="bob")[0].task_id == task.task_id
    c.skip(task, by="ann")
    assert task.task_id not in {t.task_id for t in c.ask(100, by="carl")}


def test_a_pass_on_a_withdrawn_task_does_not_bring_it_back(points, side):
    c = points()
    late = c.ask(lease=0.001, by="ann")[0]
    time.sleep(0.01)
    for task in c.ask(10, by="bob")[1:]:
        c.tell(task, side(task.item_id), by="bob")
    with c._journal.lock:
        c._journal.state.queues["train"].lapse(time.time() + 1000)
    c.step()
    state = c._journal.state
    c.skip(late, by="ann")
    assert state.tasks[late.task_id].done
    waiting = [t for t in state.by_item[late.item_id] if not state.tasks[t].done]
    assert all("ann" in state.tasks[t].skipped_by for t in waiting)


def test_the_budget_holds_at_the_desk(points, side):
    c = points(budget=100)
    c.change(budget=12)
    tasks = c.ask(7) + c.ask(50, by="bob")
    assert len(tasks) == 10  # the whole batch
    for task in tasks:
        c.tell(task, side(task.item_id))
    c.step()
    c.change(budget=11)  # two are waiting, one may be bought
    assert len(c.ask(50)) == 1 and c.ask(50, by="bob") == []


def test_a_budget_lowered_by_one_process_binds_the_other(points):
    log = MemoryLog()
    one, two = points(log, budget=100), points(log, budget=100)
    one.change(budget=10)
    one.change(batch=3)
    one.change(budget=4)
    assert len(two.ask(50)) == 4


def test_two_processes_that_take_an_answer_back_at_once(points):
    log = MemoryLog()
    one, two = points(log), points(log)
    task = one.ask()[0]
    one.tell(task, "a")
    failed = []

    def retract(c):
        try:
            c.retract(task)
        except UnknownTask as error:
            failed.append(error)

    threads = [threading.Thread(target=retract, args=(c,)) for c in (one, two) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 5
    assert one.status()["bought"] == points(log).status()["bought"] == 0


def test_holdout_tasks_are_queued_although_another_process_wrote_meanwhile(points):
    log = MemoryLog()
    one, two = points(log, holdout=0.2), points(log, more=0, holdout=0.2)
    one.add([[0.1 * k, 0, 0, 1] for k in range(50)], id=[f"n{k}" for k in range(50)])
    two.tell(two.ask()[0], "a")
    one.step()
    assert one.status()["queue"]["holdout_waiting"] > 24


def test_answers_given_before_an_oracle_fails_are_kept(points, side):
    c = points()
    calls = []

    def oracle(task):
        calls.append(task)
        if len(calls) == 4:
            raise RuntimeError("out of credit")
        return side(task.item_id)

    with pytest.raises(RuntimeError, match="out of credit"):
        c.run(oracle)
    assert c.status()["bought"] == 3
