"""A pool that grows: in one process, in several, and when the write fails."""

import threading

import numpy as np
import pytest

from querist.core.errors import BadInput, LogFull
from querist.core.events import ItemsAdded
from querist.logs.memory import MemoryLog

FRESH = np.random.default_rng(1).normal(size=(30, 4))
NAMES = [f"n{k}" for k in range(30)]


def test_items_that_could_not_be_logged_did_not_come(points):
    class Full(MemoryLog):
        full = False

        def append(self, events, *, expect=None):
            if self.full:
                raise LogFull("no room")
            return super().append(events, expect=expect)

    log = Full()
    c = points(log)
    log.full = True
    with pytest.raises(LogFull):
        c.add(FRESH, id=NAMES)
    assert c.status()["items"]["total"] == 120
    log.full = False
    assert c.add(FRESH, id=NAMES) == 30 and c.status()["items"]["total"] == 150


def test_a_process_with_an_old_pool_serves_what_it_knows_and_trains_nothing(points, side):
    log = MemoryLog()
    one, two = points(log), points(log)
    one.add(np.tile(FRESH, (10, 1)), id=[f"n{k}" for k in range(300)])
    for task in one.ask(10):
        one.tell(task, side(task.item_id))
    one.step()
    assert all(task.item_id.startswith("i") for task in two.ask(10, by="bob"))
    with pytest.raises(BadInput, match="another process added items"):
        two.step()
    with pytest.raises(BadInput, match="another process added items"):
        two.add(FRESH, id=[f"m{k}" for k in range(30)])


def test_many_processes_that_open_longer_data_log_one_arrival(points):
    log = MemoryLog()
    points(log)
    start = threading.Barrier(6)
    opened = []

    def reopen():
        start.wait()
        opened.append(points(log, more=30))

    threads = [threading.Thread(target=reopen) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 6
    assert [e.total for _, e in log.read() if isinstance(e, ItemsAdded)] == [120, 150]
    assert points(log, more=30).status()["items"]["total"] == 150
