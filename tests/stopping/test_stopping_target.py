import pytest

from querist.core.errors import BadInput
from querist.core.types import Interval, Round
from querist.stopping import Target, from_spec
from querist.testing.stopping import StoppingContract


class TestTarget(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Target(0.85)


class TestSure(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Target(0.85, "accuracy", sure=True)


def rounds(metric, *scores, half=0.02):
    return [
        Round(i, labels=50 * i, metrics={metric: Interval(s, s - half, s + half)})
        for i, s in enumerate(scores)
    ]


def test_stops_at_the_first_round_that_meets_it():
    history = rounds("accuracy", 0.8, 0.89, 0.9, 0.95)
    stops = [Target(0.9)(history[: i + 1]).stop for i in range(4)]
    assert stops == [False, False, True, True]
    assert "0.900 [0.880, 0.920]" in Target(0.9)(history[:3]).reason


def test_sure_waits_for_the_lower_bound():
    history = rounds("accuracy", 0.8, 0.91, 0.92)
    assert not Target(0.9, sure=True)(history[:2]).stop
    verdict = Target(0.9, sure=True)(history)
    assert verdict.stop
    assert "lower bound" in verdict.reason


def test_errors_are_met_from_above():
    history = rounds("rmse", 4.0, 3.0, 1.9)
    assert not Target(2.0)(history[:2]).stop
    assert Target(2.0)(history[:2]).progress == pytest.approx(0.5)
    assert Target(2.0)(history).stop
    assert not Target(1.9, sure=True)(history).stop


def test_a_round_without_measure_keeps_the_last_score():
    assert Target(0.9)([*rounds("accuracy", 0.95), Round(1)]).stop
    assert Target(0.9, "recall[spam]")(rounds("accuracy", 0.95)).reason == (
        "no measured score of recall[spam] yet"
    )


def test_percent_is_explained():
    with pytest.raises(BadInput, match=r"for 90 % write 0\.9"):
        Target(90, "accuracy")
    verdict = Target(90)(rounds("accuracy", 0.95))
    assert not verdict.stop
    assert "write 0.9" in verdict.reason
