"""The contract suite must catch logs that break it."""

import threading
import time

import pytest

from querist.logs.memory import MemoryLog
from querist.testing.logs import LogContract


class IgnoresExpect(MemoryLog):
    def append(self, events, *, expect=None):
        time.sleep(0.001)
        return super().append(events)


class TearsBatches(MemoryLog):
    def append(self, events, *, expect=None):
        last = super().append([], expect=expect)
        for event in events:
            last = super().append([event])
        return last


class KeepsTheObjects(MemoryLog):
    def append(self, events, *, expect=None):
        last = super().append(events, expect=expect)
        self.objects = [*getattr(self, "objects", []), *events]
        return last

    def read(self, after=0):
        return iter(list(enumerate(getattr(self, "objects", []), start=1))[after:])


class LosesRaces(MemoryLog):
    """Looks, waits, and writes: two writers at once take the same position."""

    def __init__(self):
        super().__init__()
        self._lock = threading.Semaphore(100)

    def append(self, events, *, expect=None):
        rows = list(self._rows)
        last = super().append(events, expect=expect)
        time.sleep(0.001)
        self._rows[:] = [*rows, *self._rows[-len(events) :]]
        return last


class ReadsFromTheStart(MemoryLog):
    def read(self, after=0):
        return super().read()


class NeverLooks(MemoryLog):
    def verify(self):
        return self.position


class StaysOpen(MemoryLog):
    def close(self):
        pass


@pytest.mark.parametrize(
    ("broken", "test", "more"),
    [
        (IgnoresExpect, "test_expect", {}),
        (IgnoresExpect, "test_one_winner_per_position", {}),
        (TearsBatches, "test_a_value_without_json_is_refused", {"value": float("nan")}),
        (KeepsTheObjects, "test_later_changes_do_not_show", {}),
        (LosesRaces, "test_threads", {}),
        (ReadsFromTheStart, "test_read_after", {}),
        (NeverLooks, "test_tampering_shows", {"tmp_path": None, "position": 4, "payload": None}),
        (StaysOpen, "test_closed", {}),
    ],
)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_broken_log_is_caught(broken, test, more):
    class TestBroken(LogContract):
        def tamper(self, tmp_path, position, payload):
            del log._rows[position - 1]

    log = broken()
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        getattr(TestBroken(), test)(log=log, **more)


def test_nothing_is_inherited_silently(tmp_path):
    with pytest.raises(NotImplementedError, match="make_log"):
        LogContract().make_log(tmp_path)
    with pytest.raises(pytest.skip.Exception):
        LogContract().tamper(tmp_path, 1, None)
