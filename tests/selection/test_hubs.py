import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import skew

from querist.selection.coverage import Radii, herd
from querist.selection.hubs import hubness, local_scales
from querist.selection.neighbours import squared_spacing


def cloud(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize("d", [1, 3, 30])
def test_hubness_is_the_skewness_of_how_often_a_point_is_near_to_others(d):
    points = cloud(400, d)
    far = cdist(points, points)
    np.fill_diagonal(far, np.inf)
    near = np.argsort(far, axis=1)[:, :10]
    assert hubness(points) == pytest.approx(skew(np.bincount(near.ravel(), minlength=400)))


def test_hubness_knows_copies_as_one_and_few_points_as_no_hubs():
    points = cloud(300, 5)
    assert hubness(np.concatenate([points, points[:50], points[:50]])) == hubness(points)
    assert hubness(np.ones((20, 3))) == hubness(points[:1]) == hubness(points[:5]) == 0


def test_local_scales_are_distances_to_the_tenth_nearest():
    points, around = cloud(50, 4, seed=1), cloud(200, 4)
    expected = np.sort(cdist(points, around), axis=1)[:, 9]
    np.testing.assert_allclose(local_scales(points, around), expected)
    np.testing.assert_allclose(
        local_scales(points, around[:4]), cdist(points, around[:4]).max(axis=1)
    )


def test_local_scales_of_copies_stay_above_zero():
    around = np.concatenate([np.zeros((30, 2)), cloud(200, 2)])
    found = local_scales(around, around)
    assert found[:30] == pytest.approx(np.full(30, 0.01 * np.median(found)))
    np.testing.assert_array_equal(local_scales(np.ones((3, 2)), np.ones((20, 2))), np.ones(3))


def test_spacing_in_local_scales():
    points, scales = cloud(60, 3), np.random.default_rng(2).uniform(0.5, 2, 60)
    far = cdist(points, points)
    np.fill_diagonal(far, np.inf)
    near = far.argmin(axis=1)
    expected = far.min(axis=1) ** 2 / (scales * scales[near])
    assert squared_spacing(points, 0.0, scales) == pytest.approx(expected.min())
    assert squared_spacing(points, 0.0, np.ones(60)) == squared_spacing(points, 0.0)


@pytest.mark.parametrize("size", [1e-60, 1e60])
def test_units_do_not_matter(size):
    points = cloud(300, 4)
    radii = np.random.default_rng(1).uniform(0.5, 2, 300)
    usual = herd(points, 20, np.negative, Radii(radii, radii, radii[:5]), known=points[:5])
    scaled = Radii(size * radii, size * radii, size * radii[:5])
    found = herd(size * points, 20, np.negative, scaled, known=size * points[:5])
    assert found.positions.tolist() == usual.positions.tolist()


@pytest.mark.parametrize("labelled", [0, 9])
@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("widest", [1.2, 40.0])
def test_radii_of_their_own_pick_as_plain_greedy_does(labelled, same, widest):
    rng = np.random.default_rng(labelled)
    vectors, known = cloud(600, 5), cloud(labelled, 5, seed=1)
    points = vectors if same else cloud(250, 5, seed=2)
    weights = rng.uniform(size=len(points))
    rows, held = rng.uniform(0.5, widest, 600), rng.uniform(0.5, widest, labelled)
    radii = Radii(rows, rows if same else rng.uniform(0.5, widest, 250), held)
    found = herd(
        vectors, 30, np.negative, radii,
        points=None if same else points, weights=weights, known=known,
    )  # fmt: skip
    kernel = np.exp(-cdist(vectors, points, "sqeuclidean") / np.outer(rows, radii.points))
    covered = np.zeros(len(points))
    if labelled:
        theirs = cdist(known, points, "sqeuclidean") / np.outer(held, radii.points)
        covered = np.exp(-theirs.min(axis=0))
    for at, gain in zip(found.positions, found.gains, strict=True):
        gains = np.maximum(kernel - covered, 0) @ weights
        assert gains[at] == pytest.approx(gains.max(), rel=1e-9)
        assert gain == pytest.approx(gains[at], rel=1e-6)
        covered = np.maximum(covered, kernel[at])
    assert len(set(found.positions.tolist())) == 30


@pytest.mark.parametrize("seed", range(3))
def test_local_scales_take_picks_away_from_the_middle(seed):
    points = cloud(1500, 40, seed)
    known = points[:30]
    scales, theirs = local_scales(points, points), local_scales(known, points)
    plain = squared_spacing(known, 0.3) ** 0.5
    local = squared_spacing(known, 0.3, theirs) ** 0.5
    out = np.linalg.norm(points, axis=1)
    by_plain = herd(points, 30, np.negative, plain, known=known)
    radii = Radii(local * scales, local * scales, local * theirs)
    by_local = herd(points, 30, np.negative, radii, known=known)
    assert out[by_plain.positions].mean() + 0.1 < out[by_local.positions].mean() < out.mean()
