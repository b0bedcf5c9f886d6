"""Farthest-first by the product of two distances against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.products import widest_product


@pytest.mark.parametrize("known", [0, 1, 700])
@pytest.mark.parametrize("n", [50, 2500])
def test_products_are_the_smallest_over_all_before(known, n):
    rng = np.random.default_rng(n + known)
    x, f = rng.normal(size=(n, 3)) + 100, rng.normal(size=n) - 40
    places, told = rng.normal(size=(known, 3)) + 100, rng.normal(size=known) - 40
    picks, wide = widest_product(x, f, 20, np.negative, (places, told) if known else None)
    for k, (row, value) in enumerate(zip(picks, wide, strict=True)):
        before = np.concatenate([places, x[picks[:k]]])
        numbers = np.concatenate([told, f[picks[:k]]])
        if not len(before):
            assert np.isinf(value)
            assert row == np.argmin(((x - x.mean(axis=0)) ** 2).sum(axis=1))
            continue
        apart = np.linalg.norm(x[:, None] - before, axis=2) * abs(f[:, None] - numbers)
        left = apart.min(axis=1)
        left[picks[:k]] = -1
        assert row == left.argmax()
        assert value == pytest.approx(left.max())


def test_single_precision_and_double_agree():
    rng = np.random.default_rng(0)
    x, f = rng.normal(size=(300, 4)).astype(np.float32), rng.normal(size=300).astype(np.float32)
    single = widest_product(x, f, 30, np.negative)[0]
    double = widest_product(x.astype(float), f.astype(float), 30, np.negative)[0]
    np.testing.assert_array_equal(single, double)
