"""Rows within reach against sorting the whole table of distances."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection import reach as module
from querist.selection.cloud import Directions, unit_rows
from querist.selection.reach import reach


def naive(vectors, points, k):
    pairs = []
    for p, point in enumerate(points):
        far = ((vectors.astype(float) - point) ** 2).sum(axis=1)
        last = np.sort(far)[min(k, len(far)) - 1]
        pairs += [(p, row) for row in np.flatnonzero(far <= last + 1e-9)]
    return pairs


@pytest.mark.parametrize(("n", "p", "k"), [(50, 7, 3), (5000, 40, 10), (2100, 600, 1), (4, 3, 9)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_as_sorting(n, p, k, dtype):
    rng = np.random.default_rng(n)
    vectors = rng.normal(size=(n, 6)).astype(dtype)
    points = rng.normal(size=(p, 6)).astype(dtype)
    of, rows, far = reach(vectors, points, k)
    assert list(zip(of.tolist(), rows.tolist(), strict=True)) == naive(vectors, points, k)
    gaps = vectors[rows].astype(float) - points[of].astype(float)
    np.testing.assert_allclose(far, (gaps**2).sum(axis=1), atol=1e-9)


def test_rows_that_come_ever_nearer_are_dropped_in_time(monkeypatch):
    monkeypatch.setattr(module, "_HELD", 500)
    line = np.linspace(100.0, 1.0, 9000)[:, None]
    of, rows, _ = reach(line, np.array([[0.0], [200.0]]), 4)
    assert rows.tolist() == [8996, 8997, 8998, 8999, 0, 1, 2, 3]
    assert of.tolist() == [0] * 4 + [1] * 4


def test_ties_with_the_last_all_come():
    line = np.array([[1.0], [-1.0], [1.0], [5.0]])
    assert reach(line, np.zeros((1, 1)), 2)[1].tolist() == [0, 1, 2]


def test_far_from_zero():
    rng = np.random.default_rng(3)
    vectors = 1e6 + rng.normal(size=(300, 3))
    points = 1e6 + rng.normal(size=(5, 3))
    of, rows, _ = reach(vectors, points, 4)
    assert list(zip(of.tolist(), rows.tolist(), strict=True)) == naive(vectors, points, 4)


def test_lengths_become_one_and_the_origin_stays():
    rows = unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), [1.0, 0.0])


def test_a_row_far_out_hides_no_distance():
    rng = np.random.default_rng(4)
    vectors = rng.normal(size=(5000, 6))
    vectors[17] = 1e3
    points = rng.normal(size=(40, 6))
    of, rows, _ = reach(vectors, points, 10)
    assert list(zip(of.tolist(), rows.tolist(), strict=True)) == naive(vectors, points, 10)


def test_where_single_precision_tells_too_little_double_precision_streams(monkeypatch):
    monkeypatch.setattr(module, "_HELD", 500)
    monkeypatch.setattr(module, "_CROWD", 1)
    rng = np.random.default_rng(5)
    vectors = np.repeat(rng.normal(size=(30, 6)), 200, axis=0)
    vectors += 1e-7 * rng.normal(size=vectors.shape)
    points = vectors[::1500]
    cloud = module.Cloud(vectors)
    assert module._ruled_out(cloud, cloud.moved(points), 3, 0.0) is None
    of, rows, _ = reach(vectors, points, 3)
    far = ((vectors[rows] - points[of]) ** 2).sum(axis=1)
    for p, point in enumerate(points):
        wanted = np.sort(((vectors - point) ** 2).sum(axis=1))[:3]
        np.testing.assert_allclose(np.sort(far[of == p])[:3], wanted, atol=1e-14)


def test_directions_are_rows_at_length_one():
    rng = np.random.default_rng(6)
    vectors = 5.0 * rng.normal(size=(3000, 6)).astype(np.float32)
    vectors[8] = 0.0
    points = unit_rows(rng.normal(size=(9, 6)))
    wanted = reach(unit_rows(vectors), points, 4)
    found = reach(Directions(vectors), points, 4)
    for mine, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)
