import numpy as np
import pytest

from querist.selection.neighbours import nearest_neighbours, squared_spacing


@pytest.mark.parametrize("q, p, k", [(3, 2, 5), (2100, 700, 1), (50, 1100, 7), (1, 1, 1)])
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
