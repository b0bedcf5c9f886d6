import numpy as np
import pytest
from scipy.spatial.distance import cdist

from querist.selection import coverage
from querist.selection.coverage import herd


def plain(vectors, n, radius, points, weights, known):
    """Greedy straight from the definition, on the whole table."""
    apart = cdist(vectors, points, "sqeuclidean")
    kernel = np.exp(-apart / radius**2)
    covered = np.zeros(len(points))
    if len(known):
        near = ((points[:, None] - known[None]) ** 2).sum(axis=2).min(axis=1)
        covered = np.exp(-near / radius**2)
    picked, won, owner = [], [], np.full(len(points), -1)
    while len(picked) < n:
        gains = np.maximum(kernel - covered, 0) @ weights
        gains[picked] = -1
        best = int(np.flatnonzero(gains >= gains.max() - 1e-11 * weights.sum())[0])
        owner[kernel[best] > covered] = len(picked)
        picked.append(best)
        won.append(gains[best])
        covered = np.maximum(covered, kernel[best])
    return picked, won, owner


@pytest.mark.parametrize("radius", [0.01, 0.3, 1.0, 6.0, 50.0])
@pytest.mark.parametrize("labelled", [0, 7])
@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_picks_are_those_of_plain_greedy(radius, labelled, others, dtype):
    rng = np.random.default_rng(labelled + others)
    vectors = rng.normal(size=(700, 5)).astype(dtype)
    points = rng.normal(size=(300, 5)) if others else vectors
    weights, known = rng.uniform(size=len(points)), rng.normal(size=(labelled, 5))
    vectors64 = vectors.astype(np.float64)
    found = herd(
        vectors, 40, np.negative, radius,
        points=points if others else None, weights=weights, known=known,
    )  # fmt: skip
    picked, won, owner = plain(
        vectors64, 40, radius, np.asarray(points, dtype=np.float64), weights, known
    )
    sure = int((np.array(won) > 1e-9 * weights.sum()).sum())  # below that all are ties
    assert found.positions[:sure].tolist() == picked[:sure]
    np.testing.assert_allclose(found.gains[:sure], won[:sure], rtol=1e-6, atol=1e-9)
    if sure == 40:
        np.testing.assert_array_equal(found.owner, owner)


@pytest.mark.parametrize("scale, offset", [(1e-3, 0.0), (1.0, 1e4), (300.0, 0.0)])
def test_scale_and_place_of_the_data_do_not_matter(scale, offset):
    rng = np.random.default_rng(5)
    shape = rng.normal(size=(12, 3))[rng.integers(0, 12, size=900)]
    vectors = scale * (shape + 0.05 * rng.normal(size=(900, 3))) + offset
    found = herd(vectors, 30, np.negative, 0.2 * scale)
    picked, _, _ = plain(vectors, 30, 0.2 * scale, vectors, np.ones(900), np.empty((0, 3)))
    assert found.positions.tolist() == picked


def test_copies_go_by_key_and_come_last():
    vectors = np.repeat(np.eye(3), 4, axis=0)
    found = herd(vectors, 12, lambda rows: -rows.astype(float), 0.5)
    assert sorted(found.positions.tolist()) == list(range(12))
    assert found.positions[:3].tolist() == [11, 7, 3]
    assert (found.gains[:3] > 1).all() and not found.gains[3:].any()


def test_points_without_weight_are_not_covered():
    vectors = np.array([[0.0], [0.1], [9.0]])
    assert herd(vectors, 1, np.negative, 1.0, weights=np.array([0, 0, 1])).positions[0] == 2


def spread(n, d, centres, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(centres, d))[rng.integers(0, centres, size=n)]
    vectors += 0.3 * rng.normal(size=(n, d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("centres", [1, 20])
@pytest.mark.parametrize("radius", [0.5, 1.0, 8.0])
@pytest.mark.parametrize("labelled", [0, 30])
def test_many_blocks_settled_again_and_again(centres, radius, labelled):
    """Points owe more than a block at a time, and wide kernels differ little."""
    vectors, known = spread(1500, 24, centres, centres), spread(labelled, 24, 5, 1)
    found = herd(vectors, 40, np.negative, radius, known=known)
    picked, won, owner = plain(vectors, 40, radius, vectors, np.ones(1500), known)
    assert found.positions.tolist() == picked
    np.testing.assert_allclose(found.gains, won, rtol=1e-7)
    np.testing.assert_array_equal(found.owner, owner)


@pytest.mark.parametrize("radius", [0.3, 8.0])
def test_copies_round_alike_and_still_compare_right(radius):
    """Rounding that is the same for many points does not cancel in a sum."""
    vectors = np.repeat(spread(60, 8, 6, 4), 25, axis=0)
    found = herd(vectors, 50, lambda rows: rows, radius)
    picked, won, _ = plain(vectors[::25], 50, radius, vectors, np.ones(1500), np.empty((0, 8)))
    assert (found.positions // 25).tolist() == picked
    np.testing.assert_allclose(found.gains, won, rtol=1e-7)


def test_a_wrong_guess_of_the_first_pick_costs_time_only(monkeypatch):
    vectors = spread(900, 6, 9, 7)
    right = herd(vectors, 40, np.negative, 0.7)
    monkeypatch.setattr(coverage._Bounds, "guess", lambda self: np.array([899]))
    wrong = herd(vectors, 40, np.negative, 0.7)
    assert right.positions[0] != 899
    assert wrong.positions.tolist() == right.positions.tolist()
    np.testing.assert_array_equal(wrong.gains, right.gains)


def test_far_clusters_have_no_denormal_kernel():
    """Between clusters exponents go far below what a float holds."""
    vectors = 100.0 * np.arange(8.0).repeat(150)[:, None] + spread(1200, 3, 30, 2)
    found = herd(vectors, 40, np.negative, 0.5)
    picked, _, _ = plain(vectors, 40, 0.5, vectors, np.ones(1200), np.empty((0, 3)))
    assert found.positions.tolist() == picked
