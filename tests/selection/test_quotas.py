"""Seats by shares: floor or ceiling of the due, the due on average, nothing lost when full."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from querist.selection.quotas import seats


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=6),
    st.integers(1, 40),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.2, 1),
)
@example([3], 7, np.nextafter(1.0, 0.0), 0.9904878082816984)
def test_everybody_gets_the_floor_or_the_ceiling_of_their_due(parts, n, start, total):
    shares = total * np.array(parts) / sum(parts)
    counts, drawn = seats(shares, np.full(len(parts), 1000), n, start)
    due = shares * n
    assert (counts >= np.floor(due - 1e-6)).all() and (counts <= np.ceil(due + 1e-6)).all()
    assert counts.sum() <= n and (total < 1 - 1e-9 or counts.sum() == n)
    assert (drawn == (np.abs(due - np.round(due)) > 1e-9)).all()


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 12)), min_size=1, max_size=6),
    st.integers(1, 40),
    st.floats(0, 1, exclude_max=True),
)
def test_seats_of_full_groups_go_to_the_others(groups, n, start):
    parts, sizes = np.array(groups).T
    counts, _ = seats(parts / parts.sum(), sizes, n, start)
    assert (counts <= sizes).all()
    assert counts.sum() == min(n, sizes.sum())


@pytest.mark.parametrize("n", [1, 3, 7])
def test_the_due_is_met_on_average(n):
    shares = np.array([0.05, 0.6, 0.2])
    drawn = [seats(shares, np.array([99] * 3), n, s)[0] for s in (np.arange(1000) + 0.5) / 1000]
    np.testing.assert_allclose(np.mean(drawn, axis=0), shares * n, atol=0.002)


def test_what_a_full_group_leaves_is_divided_by_shares_nobody_among_them():
    counts, _ = seats(np.array([0.5, 0.25]), np.array([2, 99]), 16, 0.0)
    # 8 + 4 + 4 for nobody; six seats are left over, half for the second, half for nobody
    assert counts.tolist() == [2, 7]
