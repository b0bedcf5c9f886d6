"""Rounds as the log keeps them: what is there comes back, what an older log lacks is none."""

import json

from querist.core.types import ArmCheck, Interval, Round
from querist.loop.rounds import round_from_json, round_to_json

OLD = (
    '{"number":2,"labels":40,"metrics":{"accuracy":{"value":0.9,"low":0.8,"high":0.95}},'
    '"notes":["a note"],"verdicts":{"stop":{"stop":false,"reason":"","progress":null}}}'
)


def test_a_round_of_an_older_log_has_no_check_and_no_stand_in():
    turn = round_from_json(json.loads(OLD))
    assert turn.check is None
    assert turn.fallback == ""
    assert turn.metrics["accuracy"] == Interval(0.9, 0.8, 0.95)


def test_a_check_comes_back_as_it_was():
    check = ArmCheck(Interval(-0.2, -0.3, -0.1), 30, 31, "holdout", lost=True)
    turn = Round(3, labels=300, check=check, fallback="Random()")
    assert round_from_json(json.loads(json.dumps(round_to_json(turn)))) == turn
