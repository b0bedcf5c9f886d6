"""The forecast: exact on curves of its own form, honest about noise, silent about too little."""

import numpy as np
import pytest

from querist.core.types import Interval
from querist.metrics.forecast import FEWEST, Forecast, forecast

LABELS = [50, 100, 150, 200, 250, 300, 350, 400]


def around(values, half):
    return [Interval(v, v - half, v + half) for v in values]


def curve(n, c=0.92, a=1.5, b=0.5):
    return c - a * np.asarray(n, dtype=float) ** -b


def test_a_curve_of_its_own_form_is_carried_on_exactly():
    found = forecast(LABELS, around(curve(LABELS), 1e-4), 800)
    want = curve(found.labels)
    assert np.allclose([s.value for s in found.scores], want, atol=2e-3)
    assert found.labels[0] == 400 and found.labels[-1] == 800


def test_an_error_that_falls_is_carried_on_downwards_and_stays_an_error():
    values = [0.1 + 30 / n for n in LABELS]
    found = forecast(LABELS, around(values, 0.01), 800, metric="rmse")
    assert found.scores[-1].value == pytest.approx(0.1 + 30 / 800, abs=0.02)
    assert all(s.low <= s.value <= s.high for s in found.scores)
    assert found.scores[-1].value < values[-1]


def test_a_share_never_leaves_zero_to_one():
    steep = forecast(LABELS, around(np.linspace(0.5, 0.99, 8), 0.05), 800)
    assert all(0 <= s.low <= s.value <= s.high <= 1 for s in steep.scores)
    near = forecast(LABELS, around(np.full(8, 0.01), 0.05), 800, metric="calibration_error")
    assert all(0 <= s.low <= s.value <= s.high <= 1 for s in near.scores)


def test_the_band_is_as_wide_as_the_measuring_is_unsure():
    wide, narrow = (forecast(LABELS, around(curve(LABELS), h), 800).scores for h in (0.05, 0.01))
    assert wide[-1].high - wide[-1].low > 3 * (narrow[-1].high - narrow[-1].low)
    # the error that all points share does not shrink with their number
    assert wide[0].high - wide[0].low > 0.08


@pytest.mark.parametrize("seed", range(3))
def test_the_band_holds_what_comes_about_as_often_as_it_says(seed):
    rng = np.random.default_rng(seed)
    held, asked = 0, 0
    for _ in range(60):
        b, c = rng.uniform(0.3, 0.9), rng.uniform(0.8, 0.95)
        n = np.array([*LABELS, 600, 800])
        truth = curve(n, c, (c - 0.5) * 50**b, b) + rng.normal(0, 0.015)
        seen = truth + rng.normal(0, 0.008, len(n))
        found = forecast(n[:8].tolist(), around(seen[:8], 1.96 * 0.017), 800)
        low, high = (
            np.interp(n[8:], found.labels, [getattr(s, end) for s in found.scores])
            for end in ("low", "high")
        )
        held += int(((low <= seen[8:]) & (seen[8:] <= high)).sum())
        asked += 2
    assert 0.9 <= held / asked <= 1.0


def test_too_few_points_say_so_and_repeated_ones_do_not_count():
    few = forecast(LABELS[:4], around(curve(LABELS[:4]), 0.02), 800)
    assert few == Forecast(
        (), (), f"too few points to look ahead: 4 measured rounds, and it takes {FEWEST}"
    )
    assert not forecast([], [], 800).labels
    assert "1 measured round," in forecast([50], around([0.7], 0.1), 800).reason


def test_nothing_ahead_and_never_further_than_twice():
    assert "nothing lies ahead" in forecast(LABELS, around(curve(LABELS), 0.02), 400).reason
    assert forecast(LABELS, around(curve(LABELS), 0.02), 10_000).labels[-1] == 800


def test_a_curve_that_falls_is_not_made_to_rise():
    found = forecast(LABELS, around(np.linspace(0.9, 0.8, 8), 0.01), 800)
    assert found.scores[-1].value < 0.9
    assert found.scores[-1].value - found.scores[0].value < 1e-2


def test_the_same_points_give_the_same_band():
    args = (LABELS, around(curve(LABELS), 0.02), 800)
    assert forecast(*args) == forecast(*args)
    assert forecast(*args, seed=1) != forecast(*args)


def test_a_score_without_an_interval_is_taken():
    found = forecast(LABELS, around(curve(LABELS), 0.0), 800)
    assert found.labels and np.isfinite([s.low for s in found.scores]).all()
