import numpy as np
import pytest

from querist.selection.neighbours import nearest_neighbours, squared_spacing


@pytest.mark.parametrize(
    "q, p, k",
    [
        (3, 2, 5),
        (2100, 700, 1),
        (50, 1100, 7),
        (1, 1, 1),
        (600, 9000, 3),
        (5, 2000, 1999),
        (5, 2000, 4000),
    ],
)
def test_neighbours_equal_a_full_sort(q, p, k):
    rng = np.random.default_rng(q)
    queries, points = rng.normal(size=(q, 3)), rng.normal(size=(p, 3))
    full = np.linalg.norm(queries[:, None] - points[None], axis=2)
    order = np.argsort(full, axis=1)[:, :k]
    distances, found = nearest_neighbours(queries, points, k)
    np.testing.assert_array_equal(found, order)
    np.testing.assert_allclose(distances, np.take_along_axis(full, order, axis=1), atol=1e-9)


def test_a_point_is_not_its_own_neighbour():
    points = np.random.default_rng(0).normal(size=(1100, 2))
    full = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(full, np.inf)
    _, found = nearest_neighbours(points, points, 3, itself=np.arange(1100))
    np.testing.assert_array_equal(found, np.argsort(full, axis=1)[:, :3])


@pytest.mark.parametrize("k", [1, 5, 40])
def test_equal_distances_go_by_position(k):
    rng = np.random.default_rng(0)
    points = rng.integers(0, 3, size=(5000, 3)).astype(float)  # 27 places, many copies of each
    queries = points[:300]
    full = ((queries[:, None] - points[None]) ** 2).sum(axis=2)
    full[np.arange(300), np.arange(300)] = np.inf
    distances, found = nearest_neighbours(queries, points, k, itself=np.arange(300))
    np.testing.assert_array_equal(found, np.argsort(full, axis=1, kind="stable")[:, :k])
    assert not distances.any()


@pytest.mark.parametrize("far", [0.0, 1e3, 1e6])
def test_what_single_precision_cannot_tell_apart_is_told_apart(far):
    rng = np.random.default_rng(1)
    points = rng.normal(size=(3000, 4))
    points[::2] *= 1e-4  # near each other, beside some that are far from all
    points[:3] += far
    full = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(full, np.inf)
    distances, found = nearest_neighbours(points, points, 4, itself=np.arange(3000))
    nearest = np.sort(full, axis=1)[:, :4]
    np.testing.assert_allclose(distances, nearest, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(np.take_along_axis(full, found, axis=1), nearest, rtol=1e-9)


@pytest.mark.parametrize("times", [1e-25, 1e-19, 1.0, 1e19, 1e60])
def test_any_unit_will_do(times):
    points = np.random.default_rng(2).normal(size=(1200, 3))
    distances, found = nearest_neighbours(points, points, 3, itself=np.arange(1200))
    scaled, same = nearest_neighbours(times * points, times * points, 3, itself=np.arange(1200))
    np.testing.assert_array_equal(same, found)
    np.testing.assert_allclose(scaled, times * distances, rtol=1e-12)


def test_every_other_point_when_all_are_asked_for():
    points = np.random.default_rng(0).normal(size=(1100, 2))
    _, found = nearest_neighbours(points, points, 1100, itself=np.arange(1100))
    assert found.shape == (1100, 1099)
    assert (np.sort(found, axis=1) != np.arange(1100)[:, None]).any(axis=1).all()
    assert not (found == np.arange(1100)[:, None]).any()


def test_a_lone_point_has_no_neighbour():
    distances, found = nearest_neighbours(np.ones((1, 2)), np.ones((1, 2)), itself=np.array([0]))
    assert distances.shape == found.shape == (1, 0)


def test_spacing_is_a_quantile_of_the_nearest_distances():
    points = np.random.default_rng(0).normal(size=(300, 2))
    full = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(full, np.inf)
    expected = np.quantile(full.min(axis=1) ** 2, 0.05)
    assert squared_spacing(points, 0.05) == pytest.approx(expected)
    copies = np.concatenate([points, np.repeat(points[:1], 40, axis=0)])
    assert squared_spacing(copies, 0.05) == pytest.approx(expected, rel=0.2)
    assert squared_spacing(np.ones((5, 2)), 0.05) == 0
    assert squared_spacing(np.ones((1, 2)), 0.05) == 0


@pytest.mark.parametrize("few", [6, 15, 40])
def test_a_near_copy_does_not_decide_the_spacing_of_few_points(few):
    points = np.random.default_rng(few).normal(size=(few, 4))
    doubled = np.concatenate([points, points[:1] + 1e-5])
    usual = squared_spacing(points, 0.05)
    assert squared_spacing(doubled, 0.05) == pytest.approx(usual, rel=0.1)
    assert squared_spacing(doubled, 0.0) == pytest.approx(4e-10, rel=1e-3)
