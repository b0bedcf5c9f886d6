"""Distances to known rows, kept while rows become known: equal to those computed at once."""

import numpy as np
import pytest

from querist.selection.nearest import Nearest


def table(n=700, d=5, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(dtype)


def by_definition(X, known, k):
    squares = ((X[:, None].astype(float) - X[known].astype(float)) ** 2).sum(axis=2)
    order = np.lexsort((np.broadcast_to(known, squares.shape), squares), axis=1)[:, :k]
    return np.sqrt(np.take_along_axis(squares, order, axis=1)), np.asarray(known)[order]


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_definition(k, dtype):
    X, known = table(dtype=dtype), np.arange(0, 700, 7)
    near = Nearest(X, k)
    near.add(known)
    distances, rows = by_definition(X, known, k)
    np.testing.assert_allclose(near.distances, distances, atol=1e-6)
    np.testing.assert_array_equal(near.rows, rows)


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("d", [3, 17, 64])
def test_portions_and_order_do_not_change_a_bit(k, d):
    # more than one block of rows, and every size of the last portion's matrix product
    X, known = table(2500, d), np.random.default_rng(1).permutation(2500)[:300]
    at_once, bit_by_bit = Nearest(X, k), Nearest(X, k)
    at_once.add(np.sort(known))
    for size, start in enumerate(np.cumsum(np.arange(24))):
        bit_by_bit.add(known[start : start + size + 1])
    np.testing.assert_array_equal(at_once.distances, bit_by_bit.distances)
    np.testing.assert_array_equal(at_once.rows, bit_by_bit.rows)


@pytest.mark.parametrize("k", [1, 4])
def test_a_pool_that_grows(k):
    X, known = table(5000, 9), np.array([3, 40, 2100])
    at_once, grown = Nearest(X, k, 2000), Nearest(X[:2300], k, 2000)
    grown.follow(X[:2300], known)
    grown.follow(X, np.append(known, 4999))
    at_once.follow(X, np.append(known, 4999))
    np.testing.assert_array_equal(at_once.distances, grown.distances)
    np.testing.assert_array_equal(at_once.rows, grown.rows)


def test_a_row_no_longer_known():
    X = table()
    near, fresh = Nearest(X), Nearest(X)
    near.follow(X, np.array([1, 2, 3]))
    near.follow(X, np.array([2, 3]))
    fresh.follow(X, np.array([2, 3]))
    np.testing.assert_array_equal(near.distances, fresh.distances)
    near.follow(X, np.array([], dtype=np.int64))
    assert np.isinf(near.distances).all() and (near.rows == -1).all()


def test_copies_are_at_no_distance_and_the_lower_row_wins():
    X = np.repeat(table(3, 4), 4, axis=0) + 1000.0
    near = Nearest(X)
    near.add(np.array([5, 4, 9, 8]))
    assert near.distances[4:].max() == 0.0
    assert near.rows[4:].ravel().tolist() == [4, 4, 4, 4, 8, 8, 8, 8]
