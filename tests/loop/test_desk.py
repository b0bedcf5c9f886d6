"""The desk: who gets which task, and what a wrong or late call may not do."""

import threading
import time

import pytest

import querist as q
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


def test_what_is_given_back_is_the_next_to_be_handed_out(points):
    c = points()
    mine, theirs = c.ask(3, by="ann"), c.ask(2, by="bob")
    assert c.desk.release([mine[2].task_id, theirs[0].task_id, "no such task"], "ann") == 1
    assert c.desk.release(None, "ann") == 2 and c.desk.release(None, "ann") == 0
    back = [mine[2], mine[0], mine[1]]
    assert [t.task_id for t in c.ask(3, by="carl")] == [t.task_id for t in back]
    assert theirs[0].task_id in c.desk.journal.state.queues["train"].held


def test_everything_held_is_given_back_in_the_order_it_was_queued(points):
    c = points(batch=12)
    tasks = c.ask(12)
    assert c.desk.release(None, "me") == 12
    assert [t.task_id for t in c.ask(12, by="bob")] == [t.task_id for t in tasks]


def test_a_task_given_back_after_a_newer_ranking_is_withdrawn(points, side):
    c = points()
    held = c.ask(2, by="ann")
    for task in c.ask(8, by="bob"):
        c.tell(task, side(task.item_id), by="bob")
    c.step()
    assert c.desk.release(None, "ann") == 2
    state = c.desk.journal.state
    assert all(state.tasks[task.task_id].done for task in held)
    assert not {t.task_id for t in held} & {t.task_id for t in c.ask(50, by="carl")}


def test_leases_are_renewed_also_after_they_ran_out_while_nobody_took_the_task(points):
    c = points()
    theirs = c.ask(by="bob")[0]
    kept, lost = c.ask(2, by="ann", lease=0.001)
    time.sleep(0.005)
    state = c.desk.journal.state
    taken = c.ask(by="carl")[0]
    kept, lost = (kept, lost) if taken.task_id == lost.task_id else (lost, kept)
    wanted = [kept.task_id, lost.task_id, theirs.task_id, "none"]
    assert c.desk.renew(wanted, "ann", 60) == (wanted[:1], wanted[1:])
    assert state.tasks[kept.task_id].held_by == "ann"
    assert state.tasks[kept.task_id].until > time.time() + 50
    c.skip(kept, by="ann")
    assert c.desk.renew([kept.task_id], "ann", 60) == ([], [kept.task_id])


def test_taking_back_and_holding_on_is_one_act(points):
    log = MemoryLog()
    c = points(log)
    task = c.ask(by="ann")[0]
    c.tell(task, "a", by="ann")
    position = log.position
    again = c.desk.retract(task, "ann", lease=60)
    assert again is not None and again.task_id == task.task_id and log.position == position + 2
    assert c.desk.journal.state.tasks[task.task_id].held_by == "ann"
    c.tell(task.item_id, "b", by="ann")
    assert c.status()["bought"] == 1
    assert c.desk.retract(task, "ann") is None
    unasked = next(i for i in ("i0", "i1", "i2") if i not in c.desk.journal.state.by_item)
    c.tell(unasked, "a", by="ann")
    assert c.desk.retract(unasked, "ann", lease=60) is None  # there is no task to hold


def test_a_note_is_kept_and_a_flag_may_stand_alone(points):
    log = MemoryLog()
    c = points(log)
    task = c.ask(by="ann")[0]
    c.desk.note(task, "two readings", "ann")
    c.desk.note(task.item_id, "", "bob", flag=True)
    notes = points(log).desk.journal.state.notes[task.item_id]
    assert [(n.by, n.text, n.flag, n.task_id) for n in notes] == [
        ("ann", "two readings", False, task.task_id),
        ("bob", "", True, task.task_id),
    ]
    with pytest.raises(BadInput, match="a note is a text"):
        c.desk.note(task, "  ", "ann")
    with pytest.raises(UnknownTask):
        c.desk.note("nothing", "x", "ann")


def test_a_task_says_which_round_queued_it_and_how_long_it_is_lent(points):
    c = points()
    task = c.ask(lease=100)[0]
    assert task.round == 0 and task.arm in ("open", "control")
    assert time.time() + 90 < task.until < time.time() + 101
    for lease in (0, -1, float("nan"), float("inf"), "5", True):
        with pytest.raises(BadInput, match="lease is a time"):
            c.ask(lease=lease)


def test_of_two_processes_that_renew_and_ask_at_once_one_has_the_task(points):
    log = MemoryLog()
    one, two = points(log), points(log)
    for _ in range(20):
        task = one.ask(by="ann", lease=0.001)[0]
        time.sleep(0.002)
        got = {}

        def renew(task=task, got=got):
            got["ann"] = one.desk.renew([task.task_id], "ann", 60)[0]

        def ask(got=got):
            got["bob"] = [t.task_id for t in two.ask(by="bob", lease=60)]

        threads = [threading.Thread(target=run) for run in (renew, ask)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not set(got["ann"]) & set(got["bob"])
        assert got["ann"] or task.task_id in got["bob"]
        one.desk.release(None, "ann")
        two.desk.release(None, "bob")


def test_many_leases_are_renewed_in_little_time():
    texts = [f"text number {k}" for k in range(4_000)]
    c = q.campaign(texts, q.Choice(["a", "b"]), batch=4_000, strategy="random", log=MemoryLog())
    names = [task.task_id for task in c.ask(4_000, by="ann")]
    begun = time.process_time()
    kept, lost = c.desk.renew([*names, *(f"x{k}" for k in range(4_000))], "ann", 60)
    assert (len(kept), len(lost)) == (4_000, 4_000)
    assert time.process_time() - begun < 0.4
