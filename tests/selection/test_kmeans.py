import numpy as np
import pytest

from querist.selection import kmeans
from querist.selection.kmeans import lloyd, representatives, seeds


def blobs(k, each, rng):
    centres = 20 * rng.permutation(np.eye(k))
    return np.concatenate([centre + rng.normal(size=(each, k)) for centre in centres])


def test_representatives_touch_every_cluster():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        points = blobs(8, 60, rng)
        picks = representatives(points, 8, lambda rows: rows / 480, rng)
        assert sorted(picks // 60) == list(range(8))


def test_weights_draw_the_centre():
    points = np.arange(11.0)[:, None]
    heavy = np.where(points[:, 0] == 9, 1000.0, 1e-3)
    picks = representatives(points, 1, np.negative, np.random.default_rng(0), heavy)
    assert picks.tolist() == [9]


def test_more_clusters_than_different_points_still_gives_distinct_rows():
    points = np.repeat(np.array([[0.0], [5.0], [9.0]]), 20, axis=0)
    picks = representatives(points, 10, lambda rows: rows / 60, np.random.default_rng(0))
    assert len(set(picks.tolist())) == 10
    assert set(points[picks[:3]].ravel()) == {0.0, 5.0, 9.0}


def test_lloyd_leaves_no_centre_to_move():
    rng = np.random.default_rng(3)
    points, weights = rng.normal(size=(400, 2)), rng.uniform(size=400)
    centres, error = lloyd(points, weights, np.arange(5), 500)
    nearest = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    means = [
        np.average(points[nearest == c], axis=0, weights=weights[nearest == c]) for c in range(5)
    ]
    np.testing.assert_allclose(centres, means, atol=1e-9)
    left = ((points[:, None] - centres[None]) ** 2).sum(axis=2).min(axis=1)
    assert abs(error - weights @ left) < 1e-9


def test_seeds_touch_every_cluster():
    for seed in range(30):
        rng = np.random.default_rng(seed)
        points = blobs(8, 60, rng)
        assert sorted(seeds(points, 8, rng, np.ones(480)) // 60) == list(range(8))


def test_rows_without_weight_are_no_seeds():
    rng = np.random.default_rng(0)
    points, weights = rng.normal(size=(50, 2)), (np.arange(50) % 2).astype(float)
    assert (seeds(points, 25, rng, weights) % 2 == 1).all()


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e9])
def test_seeds_are_those_of_double_precision(monkeypatch, offset):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        points = blobs(8, 60, rng)
        points[0] += offset  # far out: the rest is less than the rounding of single precision
        weights = rng.uniform(size=480)
        quick = seeds(points, 40, np.random.default_rng(seed), weights)
        with monkeypatch.context() as patched:
            patched.setattr(kmeans, "fits_single", lambda cloud: False)
            slow = seeds(points, 40, np.random.default_rng(seed), weights)
        assert quick.tolist() == slow.tolist()
        alike = representatives(points.astype(np.float32), 40, np.negative, rng, weights)
        assert len(set(alike.tolist())) == 40


@pytest.mark.parametrize("n", [8, 100])
def test_representatives_of_single_and_double_precision_are_the_same(n):
    points = blobs(8, 60, np.random.default_rng(0)).astype(np.float32)
    single, double = (
        representatives(points.astype(kind), n, np.negative, np.random.default_rng(1))
        for kind in (np.float32, np.float64)
    )
    assert single.tolist() == double.tolist()
