import numpy as np

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
