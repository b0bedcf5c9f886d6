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
    assert list(queue.available("ann", 0.0)) == ["t0", "t1", "t2", "t3"]
    queue.lend("t0", "ann", 600.0)
    assert list(queue.available("bob", 1.0)) == ["t1", "t2", "t3"]
    assert queue.held == {"t0"} and len(queue) == 3


def test_a_lapsed_lease_comes_first_again():
    queue = filled()
    queue.lend("t1", "ann", 5.0)
    assert list(queue.available("bob", 5.0)) == ["t1", "t0", "t2", "t3"]
    assert not queue.held


def test_a_renewed_lease_outlives_the_first_one():
    queue = filled()
    queue.lend("t1", "ann", 5.0)
    queue.lend("t1", "ann", 50.0)
    assert "t1" not in list(queue.available("bob", 10.0))
    assert next(iter(queue.available("bob", 50.0))) == "t1"


def test_a_pass_goes_to_the_end_for_others_only():
    queue = filled()
    queue.tasks["t0"].skipped_by.add("ann")
    queue.reopen("t0")
    assert list(queue.available("ann", 0.0)) == ["t1", "t2", "t3"]
    assert list(queue.available("bob", 0.0)) == ["t1", "t2", "t3", "t0"]


def test_withdrawing_leaves_held_and_passed_tasks():
    queue = filled()
    queue.lend("t0", "ann", 5.0)
    queue.tasks["t1"].skipped_by.add("ann")
    assert queue.withdraw() == ["t2", "t3"]
    assert list(queue.waiting()) == ["t1"]
    assert not queue.untouched()
    assert list(queue.available("bob", 6.0)) == ["t0", "t1"]
