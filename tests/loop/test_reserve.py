"""Roles: exact counts at opening, decided by the id alone, the same for later arrivals."""

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.keys import hash_ids
from querist.loop.reserve import CONTROL, HOLDOUT, OPEN, STOP, control_share, draw, edges, roles

IDS = [f"item-{i}" for i in range(5000)]


def test_counts_are_exact_and_disjoint():
    drawn = draw(hash_ids(IDS), seed=3)
    found = roles(drawn, edges(drawn, holdout=500, stop_set=0.1, control=0.1))
    assert np.count_nonzero(found == HOLDOUT) == 500
    assert np.count_nonzero(found == STOP) == 500
    assert np.count_nonzero(found == CONTROL) == 400
    assert np.count_nonzero(found == OPEN) == 3600


def test_a_role_depends_on_seed_and_id_only():
    drawn = draw(hash_ids(IDS), seed=3)
    reserved = edges(drawn, holdout=500, stop_set=0, control=0.1)
    found = roles(drawn, reserved)
    order = np.random.default_rng(0).permutation(len(IDS))
    shuffled = roles(draw(hash_ids([IDS[i] for i in order]), seed=3), reserved)
    assert (shuffled == found[order]).all()
    other = draw(hash_ids(IDS), seed=4)
    assert (roles(other, reserved) != found).any()


def test_later_arrivals_keep_the_shares():
    drawn = draw(hash_ids(IDS), seed=3)
    reserved = edges(drawn, holdout=0.2, stop_set=0, control=0.1)
    later = roles(draw(hash_ids(f"new-{i}" for i in range(20_000)), seed=3), reserved)
    assert abs(np.mean(later == HOLDOUT) - 0.2) < 0.01
    assert abs(np.mean(later == CONTROL) - 0.08) < 0.01


def test_the_control_slice_is_a_uniform_draw():
    """Over many seeds every item is control equally often (chi-square, 20 items)."""
    keys = hash_ids(IDS[:20])
    hits = np.zeros(20)
    for seed in range(2000):
        drawn = draw(keys, seed)
        hits += roles(drawn, edges(drawn, holdout=0, stop_set=0, control=0.25)) == CONTROL
    expected = 2000 * 5 / 20
    chi = float(((hits - expected) ** 2 / (expected * 0.75)).sum())
    assert chi < 45  # 19 degrees of freedom: 43.8 is the 99.9 % point


@pytest.mark.parametrize("batch", [1, 3, 7, 20, 50])
def test_the_control_share_holds_over_any_batch_size(batch):
    queued = control = 0
    for _ in range(60):
        share = control_share(0.1, queued, control, batch)
        assert 0 <= share <= batch
        queued, control = queued + batch, control + share
        assert 0 <= control - 0.1 * queued < 1
    if batch >= 10:
        assert control_share(0.1, queued, control, batch) >= 1


@pytest.mark.parametrize(("batch", "in_all"), [(1, 600), (7, 600), (20, 1550), (400, 600)])
def test_a_shrinking_share_is_full_until_enough_and_keeps_its_floors(batch, in_all):
    queued = control = 0
    for _ in range(30_000 // batch):
        share = control_share(0.1, queued, control, batch, until=100)
        assert share >= (1 if batch >= 10 else 0)
        queued, control = queued + batch, control + share
        full = 0.1 * queued
        if full <= 100:
            assert 0 <= control - full < 1
        else:
            assert control >= max((100 * full) ** 0.5, 0.2 * full) - 1e-9
            assert control <= full + 1
    assert control == in_all  # of 30,000; in batches of 20 one in each of the last 1,450


def test_without_a_count_of_enough_the_share_is_as_ever():
    for queued in range(0, 5000, 37):
        assert control_share(0.1, queued, 0, 50) == min(50, -(-(queued + 50) // 10))


def test_reserves_that_leave_nothing_are_refused():
    drawn = draw(hash_ids(IDS[:10]), 0)
    with pytest.raises(BadInput, match="leave nothing"):
        edges(drawn, holdout=10, stop_set=0, control=0.1)
    with pytest.raises(BadInput, match="share of every batch"):
        edges(drawn, holdout=0, stop_set=0, control=1.5)
    with pytest.raises(BadInput, match="not negative"):
        edges(drawn, holdout=-1, stop_set=0, control=0.1)
