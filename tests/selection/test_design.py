"""Greedy batches of least tr(M^-1 F) against inverting everything at every step."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from querist.selection.design import Design, lowest_trace
from querist.selection.fisher import frame_of, information


def rows_of(p, h):
    wide = np.append(h, 1.0)
    return np.array([np.sqrt(p[c]) * np.kron(np.eye(len(p))[c] - p, wide) for c in range(len(p))])


def made(k, m, n=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    pool = rng.dirichlet(np.ones(k), size=n), 2 * rng.normal(size=(n, d))
    known = rng.dirichlet(np.ones(k), size=m), 2 * rng.normal(size=(m, d))
    return *pool, known


def naive(proba, vectors, n, known, ridge):
    """Forward to 2 n and back again by the definition, (k d)^2 matrices and all."""
    pool = [rows_of(p, h) for p, h in zip(proba, vectors, strict=True)]
    seen = [rows_of(p, h) for p, h in zip(*known, strict=True)]
    fisher = sum(x.T @ x for x in pool + seen) / len(pool + seen)
    m = len(seen)
    matrix = ridge * np.eye(len(fisher))
    if seen:
        matrix = matrix + m / (m + n) * sum(x.T @ x for x in seen) / m
    added = [n / (m + n) * x.T @ x for x in pool]

    def trace(of):
        return np.trace(np.linalg.solve(of, fisher))

    picked, won = [], []
    for _ in range(min(2 * n, len(pool))):
        after = [np.inf if i in picked else trace(matrix + x) for i, x in enumerate(added)]
        best = int(np.argmin(after))
        picked.append(best)
        won.append(trace(matrix) - after[best])
        matrix = matrix + added[best]
    while len(picked) > n:
        out = int(np.argmin([trace(matrix - added[i]) for i in picked]))
        matrix = matrix - added[picked[out]]
        del picked[out], won[out]
    return picked, won


@pytest.mark.parametrize("ridge", [1.0, 1e-2])
@pytest.mark.parametrize("m", [0, 9])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_the_batch_is_that_of_the_definition(k, m, ridge):
    for seed in range(3):
        proba, vectors, known = made(k, m, seed=seed)
        frame = frame_of(proba, vectors)
        picks, won = lowest_trace(proba, vectors, 6, np.negative, frame, known, ridge=ridge)
        expected, gains = naive(proba, vectors, 6, known, ridge)
        assert picks.tolist() == expected
        np.testing.assert_allclose(won, gains, rtol=1e-6)


def test_a_batch_of_more_than_half_the_pool():
    proba, vectors, known = made(3, 4, n=9)
    picks, _ = lowest_trace(
        proba, vectors, 6, np.negative, frame_of(proba, vectors), known, ridge=1.0
    )
    assert picks.tolist() == naive(proba, vectors, 6, known, 1.0)[0]


def test_the_way_back_changes_the_batch():
    """Otherwise the tests above would not see it."""
    changed = 0
    for seed in range(10):
        proba, vectors, _ = made(3, 0, seed=seed)
        frame = frame_of(proba, vectors)
        picks, _ = lowest_trace(proba, vectors, 6, np.negative, frame, ridge=0.01)
        twelve, _ = lowest_trace(proba, vectors, 12, np.negative, frame, ridge=0.01)
        changed += set(picks) != set(twelve[:6])
    assert changed


@pytest.mark.parametrize("ridge", [1e-5, 1.0])
def test_tables_and_bounds_hold_from_pick_to_pick(ridge):
    """With a tiny ridge all shrinks by orders of magnitude once every direction is seen."""
    proba, vectors, _ = made(3, 0, n=1100)
    frame = frame_of(proba, vectors)
    fisher = information(proba, vectors, frame) / len(proba)
    base = ridge * np.eye(len(fisher))
    design = Design(proba, vectors, frame, 1.0, (fisher, base))
    side = np.kron(frame.classes, np.eye(4))
    matrix = base.copy()
    for at in (3, 500, 1099, 7):
        design.count(at, 1)
        x = rows_of(proba[at], vectors[at]) @ side
        matrix += x.T @ x
    if ridge < 1e-3:
        design.renew(np.array([3, 500, 1099, 7]))
    gains = design.gains(np.arange(1100))
    assert np.all(design.low <= gains * (1 + 1e-9)) and np.all(gains <= design.high * (1 + 1e-9))
    trace = np.trace(np.linalg.solve(matrix, fisher))
    for at in range(0, 1100, 100):
        x = rows_of(proba[at], vectors[at]) @ side
        after = np.trace(np.linalg.solve(matrix + x.T @ x, fisher))
        assert gains[at] == pytest.approx(trace - after, rel=1e-5)


def test_a_tiny_ridge_is_worked_afresh_in_time(monkeypatch):
    proba, vectors, _ = made(3, 0, n=200, seed=1)
    renewed, renew = [], Design.renew

    def noted(design, chosen):
        renewed.append(len(chosen))
        renew(design, chosen)

    monkeypatch.setattr(Design, "renew", noted)
    frame = frame_of(proba, vectors)
    picks, won = lowest_trace(proba, vectors, 12, np.negative, frame, ridge=1e-4)
    expected, gains = naive(proba, vectors, 12, (proba[:0], vectors[:0]), 1e-4)
    assert renewed and sorted(picks.tolist()) == sorted(expected)
    np.testing.assert_allclose(sorted(won), sorted(gains), rtol=1e-4)


def test_the_foremost_take_part_where_there_are_too_many():
    proba, vectors, known = made(3, 5, n=120)
    frame = frame_of(proba, vectors)
    given = {"known": known, "ridge": 0.5}
    picks, _ = lowest_trace(proba, vectors, 4, np.negative, frame, candidates=30, **given)
    pool = [rows_of(p, h) for p, h in zip(proba, vectors, strict=True)]
    seen = [rows_of(p, h) for p, h in zip(*known, strict=True)]
    fisher = sum(x.T @ x for x in pool + seen) / 125
    matrix = 0.5 * np.eye(len(fisher)) + sum(x.T @ x for x in seen) / 9
    after = [np.trace(np.linalg.solve(matrix + 4 / 9 * x.T @ x, fisher)) for x in pool]
    foremost = set(np.argsort(after)[:30].tolist())
    assert set(picks.tolist()) <= foremost
    # the matrix goes on speaking of the whole pool: its first pick is that of all
    whole, _ = lowest_trace(proba, vectors, 4, np.negative, frame, **given)
    assert whole.tolist() == naive(proba, vectors, 4, known, 0.5)[0]


def test_equal_candidates_go_by_key():
    proba, vectors = np.full((30, 3), 1 / 3), np.ones((30, 2))
    keys = np.random.default_rng(0).random(30)
    frame = frame_of(proba, vectors)
    picks, _ = lowest_trace(proba, vectors, 5, lambda at: keys[at], frame, ridge=0.1)
    assert picks.tolist() == np.argsort(keys)[:5].tolist()


def test_memory_is_tables_of_the_candidates_and_one_matrix():
    n, d, k = 6000, 40, 5
    rng = np.random.default_rng(0)
    proba, vectors = rng.dirichlet(np.ones(k), size=n), rng.normal(size=(n, d))
    tracemalloc.start()
    lowest_trace(proba, vectors, 3, np.negative, frame_of(proba, vectors), ridge=0.1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    order = (k - 1) * (d + 1)
    held = 8 * (n * (2 * d + 8 * (k - 1) ** 2) + 8 * order**2)
    assert peak < held and peak < 8 * n * (k - 1) * order / 2  # all rows X_i are 31 MB
