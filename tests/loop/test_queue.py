"""The queue: serving order, leases, passes."""

from querist.core.events import QueuedItem
from querist.loop.queue import Queue, TaskState


def filled(n: int = 4) -> Queue:
    queue = Queue()
    for k in range(n):
        why = QueuedItem(f"t{k}", f"i{k}", "open", "Margin", 0.1, k, 1.0, 9)
        queue.push(TaskState(why, 0, None))
    return queue


def test_tasks_come_in_order_and_are_lent_once():
    queue = filled()
    assert list(queue.waiting()) == ["t0", "t1", "t2", "t3"]
    queue.lend("t0", "ann", 600.0)
    queue.lapse(1.0)
    assert list(queue.waiting()) == ["t1", "t2", "t3"]
    assert queue.held == {"t0"} and len(queue) == 3


def test_a_lapsed_lease_comes_first_again():
    queue = filled()
    queue.lend("t1", "ann", 5.0)
    queue.lapse(5.0)
    assert list(queue.waiting()) == ["t1", "t0", "t2", "t3"]
    assert queue.tasks["t1"].last_by == "ann"
    assert not queue.held


def test_a_renewed_lease_outlives_the_first_one():
    queue = filled()
    queue.lend("t1", "ann", 5.0)
    queue.lend("t1", "ann", 50.0)
    queue.lapse(10.0)
    assert "t1" not in list(queue.waiting())
    queue.lapse(50.0)
    assert next(queue.waiting()) == "t1"


def test_a_pass_goes_to_the_end():
    queue = filled()
    queue.lend("t0", "ann", 5.0)
    queue.reopen("t0")
    assert list(queue.waiting()) == ["t1", "t2", "t3", "t0"]
    assert queue.tasks["t0"].last_by == "" and not queue.held


def test_what_is_given_back_comes_first_in_the_order_it_came():
    queue = filled()
    for task_id in ("t2", "t3"):
        queue.lend(task_id, "ann", 5.0)
    for task_id in ("t2", "t3"):
        queue.give_back(task_id)
    assert list(queue.waiting()) == ["t2", "t3", "t0", "t1"]
    queue.lapse(6.0)  # the leases they had say nothing any more
    assert list(queue.waiting()) == ["t2", "t3", "t0", "t1"] and not queue.held
