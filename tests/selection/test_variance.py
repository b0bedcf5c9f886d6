"""Greedy posterior variance against inverting afresh."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.variance import most_variable


@pytest.mark.parametrize("known", [0, 3, 3000])
@pytest.mark.parametrize("noise", [1e-3, 10.0])
def test_variances_are_those_of_the_posterior(known, noise):
    rng = np.random.default_rng(known)
    x, places = rng.normal(size=(1500, 5)) + 3, rng.normal(size=(known, 5)) + 3
    picks, variances = most_variable(x, 25, np.negative, places if known else None, noise)
    wide, rows = np.column_stack([np.ones(1500), x]), np.column_stack([np.ones(known), places])
    for k, (row, value) in enumerate(zip(picks, variances, strict=True)):
        all_rows = np.concatenate([rows, wide[picks[:k]]])
        inverse = np.linalg.inv(noise * np.eye(6) + all_rows.T @ all_rows)
        spread = np.einsum("ij,jk,ik->i", wide, inverse, wide)
        spread[picks[:k]] = -1
        assert row == spread.argmax()
        assert value == pytest.approx(spread.max(), rel=1e-6)
