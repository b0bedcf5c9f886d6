"""Two arms on the same items."""

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.metrics.arms import paired_arms


def test_it_loses_only_when_the_whole_interval_does():
    rng = np.random.default_rng(0)
    drawn = (rng.random(400) < 0.8).astype(float)
    worse = np.where(rng.random(400) < 0.3, 0.0, drawn)
    assert paired_arms(worse, drawn).loses
    assert not paired_arms(drawn, worse).loses
    assert not paired_arms(drawn, drawn).loses
    found = paired_arms(worse, drawn)
    assert found.gap.value == pytest.approx((worse - drawn).mean())
    assert found.gap.low < found.gap.value < found.gap.high < 0


def test_of_many_items_a_draw_is_judged():
    ones = np.ones(5000)
    assert paired_arms(ones, ones).items == 2000


def test_false_alarms_are_about_as_rare_as_it_says():
    rng = np.random.default_rng(1)
    pairs = rng.random((200, 2, 100)) < 0.8
    alarms = sum(paired_arms(a, b, seed).loses for seed, (a, b) in enumerate(pairs.astype(float)))
    assert alarms <= 8  # 1 in 100 expected


@pytest.mark.parametrize("shapes", [(3, 4), (1, 1), ((2, 2), (2, 2))], ids=str)
def test_what_cannot_be_paired_is_refused(shapes):
    with pytest.raises(BadInput, match="same items"):
        paired_arms(np.zeros(shapes[0]), np.zeros(shapes[1]))
