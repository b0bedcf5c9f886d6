import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from querist.core.errors import BadInput
from querist.metrics.paired import (
    adjust,
    aubc,
    curve_band,
    labels_to,
    paired_bootstrap,
    saved,
    t_below,
)

LABELS = np.array([10, 20, 30, 40])


def test_labels_to_interpolates_to_the_first_crossing():
    assert labels_to(LABELS, [0.5, 0.6, 0.8, 0.7], 0.75) == pytest.approx(27.5)
    assert labels_to(LABELS, [0.5, 0.6, 0.8, 0.7], 0.5) == 10
    assert np.isnan(labels_to(LABELS, [0.5, 0.6, 0.8, 0.7], 0.81))
    assert labels_to(LABELS, [4.0, 2.0, 1.0, 1.0], 3.0, higher=False) == pytest.approx(15)


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(0, 1))
def test_labels_to_lies_on_the_curve(scores, target):
    found = labels_to(LABELS, scores, target)
    if max(scores) < target:
        assert np.isnan(found)
    else:
        assert 10 <= found <= 40
        assert np.interp(found, LABELS, scores) >= target - 1e-9


def test_aubc_by_hand():
    assert aubc(LABELS, [0.5, 0.7, 0.9, 0.9]) == pytest.approx((0.6 + 0.8 + 0.9) / 3)
    assert aubc(LABELS, np.full((2, 4), 0.3)).tolist() == pytest.approx([0.3, 0.3])
    assert aubc([10], [0.4]) == 0.4


def test_paired_bootstrap_covers_the_truth():
    rng = np.random.default_rng(0)
    inside = 0
    for trial in range(300):
        a, b = rng.normal(0.3, 1, 10), rng.normal(0, 1, 10)
        found = paired_bootstrap(a, b, seed=trial, resamples=1000)
        inside += found.low <= 0.3 <= found.high
    assert 0.91 <= inside / 300 <= 0.985


@pytest.mark.parametrize("seeds", [2, 3, 5, 7, 8])
def test_few_seeds_of_one_sign_show_nothing_by_themselves(seeds):
    rng = np.random.default_rng(seeds)
    shown = 0
    for trial in range(400):
        found = paired_bootstrap(rng.normal(0, 1, seeds), np.zeros(seeds), seed=trial)
        shown += not found.low <= 0 <= found.high
    assert shown / 400 <= 0.09  # one time in 20; by the ends of three seeds it were one in four


def test_below_eight_seeds_the_interval_is_the_t_interval():
    gaps = np.random.default_rng(2).normal(1, 1, 7)
    found = paired_bootstrap(gaps, np.zeros(7), level=0.9)
    expected = stats.t.interval(0.9, 6, gaps.mean(), stats.sem(gaps))
    assert (found.low, found.high) == pytest.approx(expected)
    more = paired_bootstrap(np.append(gaps, 1.0), np.zeros(8))
    assert min(gaps) < more.low < more.high < max(gaps)  # resampled: never beyond what was seen


def test_pairing_removes_what_the_seeds_share():
    luck = np.random.default_rng(1).normal(0, 1, 12)
    found = paired_bootstrap(luck + 0.1, luck)
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))
    with pytest.raises(BadInput, match="at least two seeds"):
        paired_bootstrap([1.0], [2.0])


def test_saving_by_hand():
    random = np.array([[0.5, 0.6, 0.7, 0.8]] * 3)
    ours = np.array([[0.5, 0.8, 0.9, 0.9], [0.5, 0.7, 0.8, 0.8], [0.5, 0.6, 0.7, 0.75]])
    found = saved(LABELS, ours, random)
    assert found.per_seed.tolist() == pytest.approx([1 - 20 / 40, 1 - 30 / 40, -(1 - 35 / 40)])
    assert found.labels.value == pytest.approx((20 + 10 - 5) / 3)
    assert found.never == 1
    assert not found.proven
    assert str(found).endswith("not proven; 1 of 3 seeds never got there")


def test_a_saving_stays_within_what_can_be_saved():
    random = np.array([[0.5, 0.6, 0.7, 0.8]] * 2)
    found = saved(LABELS, [[0.8, 0.8, 0.8, 0.8], [0.5, 0.6, 0.7, 0.8]], random)
    assert (found.share.low, found.share.high) == (-1.0, 1.0)
    assert (found.labels.low, found.labels.high) == (-40.0, 40.0)


def test_an_early_lead_is_no_saving_for_who_never_gets_there():
    random, ours = np.array([[0.5, 0.8, 0.8, 0.8]] * 2), np.full((2, 4), 0.6)
    found = saved(LABELS, ours, random)
    assert (found.per_seed.tolist(), found.never) == ([0, 0], 2)


def test_saving_treats_both_sides_alike():
    rng = np.random.default_rng(4)
    for _ in range(50):
        a, b = rng.uniform(0, 1, (2, 3, 4))
        forth, back = saved(LABELS, a, b), saved(LABELS, b, a)
        assert forth.per_seed.tolist() == pytest.approx((-back.per_seed).tolist())


def test_saving_at_an_earlier_budget_and_for_errors():
    random = np.array([[4.0, 3.0, 2.0, 1.0]] * 2)
    ours = np.array([[4.0, 2.0, 1.0, 1.0]] * 2)
    assert saved(LABELS, ours, random, at=30, higher=False).share.value == pytest.approx(1 / 3)
    with pytest.raises(BadInput, match="outside"):
        saved(LABELS, ours, random, at=50)
    with pytest.raises(BadInput, match="same shape"):
        saved(LABELS, ours[:1], random)


def test_no_saving_is_proven_between_equals():
    rng = np.random.default_rng(3)
    proven = 0
    for trial in range(100):
        a, b = (np.sort(rng.uniform(0.5, 0.9, (10, 4)), axis=1) for _ in range(2))
        proven += saved(LABELS, a, b, seed=trial).proven
    assert proven <= 7


def test_t_below_equals_scipy():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(8, 5)), rng.normal(0.5, 1, size=(8, 5))
    expected = stats.ttest_rel(a, b, alternative="less").pvalue
    assert t_below(a, b) == pytest.approx(expected)
    assert t_below(a * 0, a * 0).tolist() == [1] * 5
    assert t_below(a * 0, a * 0 + 0.1).tolist() == [0] * 5


def test_adjusting_by_hand():
    p = [0.01, 0.04, 0.03, 0.005]
    assert adjust(p).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust(p, "bh").tolist() == pytest.approx([0.02, 0.04, 0.04, 0.02])
    with pytest.raises(BadInput):
        adjust(p, "other")


def test_curve_band():
    mean, low, high = curve_band([[0.5, 0.6], [0.7, 0.6]])
    assert mean.tolist() == pytest.approx([0.6, 0.6])
    half = stats.t.ppf(0.975, 1) * 0.1
    assert (low[0], high[0]) == pytest.approx((0.6 - half, 0.6 + half))
    assert low[1] == high[1] == pytest.approx(0.6)
    assert np.isnan(curve_band([0.5, 0.6])[1]).all()


@pytest.mark.parametrize("labels", [[10, 10, 20, 30], [10, 20, 30]])
def test_refuses_broken_curves(labels):
    with pytest.raises(BadInput):
        aubc(labels, [0.1, 0.2, 0.3, 0.4])
