import numpy as np
import pytest

from querist.selection.cloud import Cloud


def plain(vectors, points):
    gaps = vectors[:, None].astype(float) - points[None].astype(float)
    return (gaps**2).sum(axis=2)


@pytest.mark.parametrize("n, p", [(1, 1), (2049, 3), (300, 1300)])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_distances_equal_their_definition(n, p, offset):
    rng = np.random.default_rng(n)
    vectors, points = offset + rng.normal(size=(n, 5)), offset + rng.normal(size=(p, 5))
    cloud = Cloud(vectors)
    table = plain(vectors, points)
    np.testing.assert_allclose(cloud.lowest(cloud.moved(points)), table.min(axis=1), atol=1e-8)
    which, low = cloud.nearest(cloud.moved(points))
    np.testing.assert_array_equal(which, table.argmin(axis=1))
    np.testing.assert_allclose(low, table.min(axis=1), atol=1e-8)


def test_copies_are_at_distance_zero():
    vectors = np.repeat(np.random.default_rng(0).normal(size=(1, 64)), 3000, axis=0) / 3
    cloud = Cloud(vectors)
    assert not cloud.lowest(cloud.rows(np.array([1234]))).any()


def test_lowering_keeps_marks_below_zero():
    cloud = Cloud(np.array([[0.0], [1.0]]))
    marks = np.array([-1.0, np.inf])
    assert cloud.lowest(cloud.rows(np.array([0])), marks) is marks
    assert marks.tolist() == [-1.0, 1.0]
