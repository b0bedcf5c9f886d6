"""The information matrix of a softmax layer against sums of outer products."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.fisher import frame_of, information


def made(k, n=30, d=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k), size=n), rng.normal(size=(n, d)) * [3.0, 1.0, 0.2][:d]


def rows_of(p, h):
    """The k gradients of the log-likelihood, each times the root of its label's chance."""
    wide = np.append(h, 1.0)
    return np.array([np.sqrt(p[c]) * np.kron(np.eye(len(p))[c] - p, wide) for c in range(len(p))])


def whole(proba, vectors):
    return sum(x.T @ x for x in (rows_of(p, h) for p, h in zip(proba, vectors, strict=True)))


@pytest.mark.parametrize("k", [2, 3, 7])
def test_nothing_is_lost_where_it_fits(k):
    proba, vectors = made(k, n=1500)
    frame = frame_of(proba, vectors)
    assert frame.kept == 1.0 and frame.features is None and frame.classes.shape == (k, k - 1)
    side = np.kron(frame.classes, np.eye(4))
    expected = whole(proba, vectors)
    np.testing.assert_allclose(information(proba, vectors, frame), side.T @ expected @ side)
    np.testing.assert_allclose(side @ (side.T @ expected @ side) @ side.T, expected, atol=1e-9)


@pytest.mark.parametrize("order", [1, 4, 7, 12])
def test_a_cut_says_what_it_keeps(order):
    proba, vectors = made(5)
    frame = frame_of(proba, vectors, order)
    side = np.eye(4) if frame.features is None else frame.features
    both = np.kron(frame.classes, side)
    assert both.shape[1] <= order
    np.testing.assert_allclose(both.T @ both, np.eye(both.shape[1]), atol=1e-12)
    expected = both.T @ whole(proba, vectors) @ both
    np.testing.assert_allclose(information(proba, vectors, frame), expected, atol=1e-9)
    assert frame.kept == pytest.approx(np.trace(expected) / np.trace(whole(proba, vectors)))
    assert frame.kept < 1


def test_a_cut_keeps_the_heaviest_directions():
    rng = np.random.default_rng(0)
    proba, vectors = made(3, n=200)
    wide = np.column_stack([10 * vectors, rng.normal(size=(200, 20)) / 10])
    kept = frame_of(proba, wide, order=8)
    assert kept.classes.shape[1] == 2 and kept.kept > 0.99
    blind = np.kron(np.eye(3), np.linalg.qr(rng.normal(size=(24, 4)))[0])
    information_there = whole(proba, wide)
    share = np.trace(blind.T @ information_there @ blind) / np.trace(information_there)
    assert share < kept.kept / 2


def test_many_classes_are_cut_to_a_few_directions():
    rng = np.random.default_rng(1)
    proba = np.full((300, 40), 1e-6)
    proba[:, :4] = rng.dirichlet(np.ones(4), size=300)
    proba /= proba.sum(axis=1, keepdims=True)
    frame = frame_of(proba, rng.normal(size=(300, 2)))
    assert frame.classes.shape[1] <= 20 and frame.kept > 0.999
