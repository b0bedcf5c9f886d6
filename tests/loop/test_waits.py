"""Waiting against computing, from the times that the log holds."""

import pytest

from querist.core.events import Stepped
from querist.loop.waits import waits, waits_said, waits_table


def step(number, at, labels, **seconds):
    return Stepped(at=at, round={"number": number, "labels": labels, "seconds": seconds})


STEPS = [
    step(0, 1000.0, 0, select=0.5),
    step(1, 1600.0, 20, fit=2.0, score=1.0),
    step(2, 1602.0, 20, fit=3.0),
]


def test_a_round_waits_from_the_last_batch_to_its_own_start():
    found = waits(STEPS)
    assert [w.waiting for w in found] == pytest.approx([0.0, 597.0, 0.0])
    assert [w.computing for w in found] == pytest.approx([0.5, 3.0, 3.0])
    assert [w.labels for w in found] == [0, 20, 0]


def test_it_is_said_once_there_is_something_to_say():
    assert waits_said(waits(STEPS[:1])) == ""
    assert waits_said([]) == ""
    said = waits_said(waits(STEPS))
    assert said == (
        "Waiting for labels took 9 min 57 s, computing 6.5 s: 99 % of the time went into waiting."
    )
    assert waits_table(waits(STEPS)).rows[1] == [1, 20, "9 min 57 s", "3 s"]
