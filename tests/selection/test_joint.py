"""Joint information by brute force over all outcomes; laziness changes nothing."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from querist.selection.joint import jointly_informative


def models(n, s, k, seed=0, sharp=2.0):
    logits = np.random.default_rng(seed).normal(size=(n, 1, k)) * sharp
    logits = logits + np.random.default_rng(seed + 1).normal(size=(n, s, k))
    raised = np.exp(logits)
    return raised / raised.sum(axis=2, keepdims=True)


def information(draws):
    """I(y_1..y_m; w) of all rows of `draws` (m, s, k), every outcome counted."""
    joint = np.ones((1, draws.shape[1]))
    for row in draws:
        joint = (joint[:, None, :] * row.T).reshape(-1, draws.shape[1])
    joint = joint[joint.sum(axis=1) > 0]
    mean = joint.mean(axis=1)
    alone = -np.sum(draws * np.log(np.maximum(draws, 1e-300)), axis=2).mean(axis=1).sum()
    return -(mean @ np.log(mean)) - alone


def pick(draws, n, configurations, seed=0, **options):
    rng = np.random.default_rng(seed)
    return jointly_informative(draws, n, np.negative, rng, configurations, **options)


@pytest.mark.parametrize("seed", range(4))
def test_counted_gains_are_those_of_brute_force(seed):
    draws = models(25, 6, 3, seed)
    picks, gains = pick(draws, 6, 10_000, few=2)
    chosen: list[int] = []
    for found, gain in zip(picks, gains, strict=True):
        before = information(draws[chosen]) if chosen else 0.0
        left = [row for row in range(25) if row not in chosen]
        values = [information(draws[[*chosen, row]]) - before for row in left]
        assert found == left[int(np.argmax(values))]
        assert gain == pytest.approx(max(values), abs=1e-9)
        chosen.append(int(found))


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("configurations", [1, 30, 300, 3000])
@pytest.mark.parametrize("sharp", [0.1, 2.0])
def test_lazy_picks_are_those_of_the_plain_greedy(configurations, seed, sharp):
    draws = models(400, 8, 4, seed, sharp)
    plain = pick(draws, 12, configurations, few=400)
    for few in (5, 64):
        lazy = pick(draws, 12, configurations, few=few)
        np.testing.assert_array_equal(lazy[0], plain[0])
        np.testing.assert_array_equal(lazy[1], plain[1])


@pytest.mark.parametrize("seed", range(6))
def test_drawn_outcomes_stand_for_the_counted_ones(seed):
    draws = models(200, 10, 3, seed)
    picks, gains = pick(draws, 9, 300, seed)
    assert gains.sum() == pytest.approx(information(draws[picks]), rel=0.02)
    assert gains.sum() < np.log(10)


def test_gains_over_drawn_outcomes_shrink():
    """Drawing an outcome per stratum, but all at one height, once made them rise."""
    _, gains = pick(models(500, 10, 10), 10, 1000)
    assert (np.diff(gains) < 0).all()
    assert gains.sum() < np.log(10)


def test_labels_that_cannot_be_are_no_obstacle():
    draws = np.eye(3)[np.random.default_rng(0).integers(0, 3, size=(40, 20))]
    picks, gains = pick(draws, 6, 10_000)
    assert gains.sum() == pytest.approx(information(draws[picks]), abs=1e-9)
    assert gains.sum() == pytest.approx(np.log(20), rel=0.05)


def test_both_precisions_pick_the_same():
    single = models(300, 12, 5).astype(np.float32)
    np.testing.assert_array_equal(
        pick(single, 8, 500)[0], pick(single.astype(np.float64), 8, 500)[0]
    )


def test_memory_does_not_grow_with_rows_times_outcomes():
    draws = models(3000, 10, 5)
    tracemalloc.start()
    pick(draws, 7, 5000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 12e6  # one number for each row and outcome is 120 MB
