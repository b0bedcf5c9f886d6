import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from querist.core.errors import BadInput
from querist.core.types import Interval, Round
from querist.stopping import Plateau, from_spec
from querist.testing.stopping import StoppingContract


class TestPlateau(StoppingContract):
    read = staticmethod(from_spec)

    def rule(self):
        return Plateau(points=0.4, cycles=2, guard_labels=30)


def curve(*scores, metric="accuracy", half=0.0, step=100):
    return [
        Round(i, labels=step * (i + 1), metrics={metric: Interval(s, s - half, s + half)})
        for i, s in enumerate(scores)
    ]


def first_stop(rule, history):
    return next((i for i in range(len(history)) if rule(history[: i + 1]).stop), None)


def test_a_rising_curve_never_stops():
    assert first_stop(Plateau(), curve(*np.arange(0.5, 1.0, 0.006))) is None


def test_a_flat_curve_stops_after_the_patience():
    assert first_stop(Plateau(), curve(0.8, 0.9, *[0.9] * 8)) == 4
    assert first_stop(Plateau(cycles=5), curve(0.8, 0.9, *[0.9] * 8)) == 6


def test_gains_under_half_a_point_a_cycle_stop():
    assert first_stop(Plateau(), curve(*np.arange(0.9, 0.99, 0.003))) == 3


def test_exactly_half_a_point_counts_as_a_gain():
    assert first_stop(Plateau(), curve(*[0.85 + 0.005 * i for i in range(20)])) is None


def test_one_flat_noisy_cycle_then_a_rise_does_not_stop():
    assert first_stop(Plateau(), curve(0.7, 0.75, 0.748, 0.79, 0.82, 0.819, 0.84)) is None


def test_a_dip_and_its_recovery_are_no_gain():
    assert first_stop(Plateau(), curve(0.9, 0.86, 0.88, 0.9)) == 3


def test_falling_errors_are_gains_in_percent():
    assert first_stop(Plateau(), curve(*[3 * 0.98**i for i in range(20)], metric="rmse")) is None
    assert first_stop(Plateau(), curve(3, 2, 1.999, 1.998, 1.997, metric="rmse")) == 4


def test_never_before_the_warm_up():
    history = curve(*[0.6] * 8, step=10)
    assert first_stop(Plateau(guard_labels=50), history) == 4
    assert "warm-up" in Plateau(guard_labels=90)(history).reason


def test_rounds_without_new_labels_are_no_cycles():
    history = curve(0.7, 0.8)
    again = [history[-1]] * 5
    assert not Plateau()([*history, *again]).stop


def test_reason_prints_the_numbers_and_the_doubt():
    verdict = Plateau()(curve(0.8, 0.801, 0.803, 0.802, half=0.03))
    assert verdict.stop
    assert verdict.reason == (
        "accuracy gained +0.1, +0.2, -0.1 points in the last 3 cycles, each under 0.5 "
        "(each score is known to ±3.0 points only)"
    )
    assert Plateau()([Round(0), Round(1, labels=99)]).reason == "no measured score yet"


@given(
    st.lists(st.floats(0, 0.5), min_size=1, max_size=12),
    st.floats(0.1, 5),
    st.integers(1, 6),
    st.data(),
)
def test_a_rise_within_the_window_never_stops(scores, points, cycles, data):
    rise = max(scores) + points / 100 + 1e-6
    after = data.draw(st.lists(st.floats(0, 1), max_size=cycles - 1))
    assert not Plateau(points, cycles, guard_labels=0)(curve(*scores, rise, *after)).stop


@given(st.lists(st.floats(0, 1), min_size=1, max_size=15), st.integers(1, 4))
def test_stops_exactly_when_every_gain_of_the_window_is_small(scores, cycles):
    best = np.maximum.accumulate(scores)
    gains = np.round(100 * (np.array(scores[1:]) - best[:-1]), 9)
    expected = len(gains) >= cycles and bool((gains[-cycles:] < 0.5).all())
    assert Plateau(0.5, cycles, guard_labels=0)(curve(*scores)).stop == expected


@pytest.mark.parametrize("wrong", [{"points": 0}, {"points": 101}, {"cycles": 0}])
def test_refuses_settings_that_make_no_sense(wrong):
    with pytest.raises(BadInput):
        Plateau(**wrong)
