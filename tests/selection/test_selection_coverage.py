import numpy as np
import pytest

from querist.selection.coverage import herd


def plain(vectors, n, radius, points, weights, known):
    """Greedy straight from the definition, on the whole table."""
    apart = ((vectors[:, None] - points[None]) ** 2).sum(axis=2)
    kernel = np.exp(-apart / radius**2)
    covered = np.zeros(len(points))
    if len(known):
        near = ((points[:, None] - known[None]) ** 2).sum(axis=2).min(axis=1)
        covered = np.exp(-near / radius**2)
    picked, won, owner = [], [], np.full(len(points), -1)
    while len(picked) < n:
        gains = np.maximum(kernel - covered, 0) @ weights
        gains[picked] = -1
        best = int(np.argmax(gains))
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
