"""Mixtures of Gaussians against their definition and scikit-learn's."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.mixture import GaussianMixture

from querist.selection import mixture as module
from querist.selection.mixture import Mixture, fit_mixture, refined


def blobs(sizes, d=3, seed=0):
    rng = np.random.default_rng(seed)
    centres = 12 * rng.normal(size=(len(sizes), d))
    return np.concatenate(
        [c + rng.gamma(2, size=d) * rng.normal(size=(n, d))
         for c, n in zip(centres, sizes, strict=True)]
    )  # fmt: skip


def test_density_and_shares_by_the_definition():
    rng = np.random.default_rng(1)
    mixture = Mixture(rng.dirichlet(np.ones(3)), rng.normal(size=(3, 2)), rng.gamma(2, size=(3, 2)))
    points = rng.normal(size=(20, 2))
    density, share = mixture.judge(points)
    for x, log_p, mine in zip(points, density, share, strict=True):
        joint = [
            w * np.prod([norm.pdf(a, b, v**0.5) for a, b, v in zip(x, m, s, strict=True)])
            for w, m, s in zip(mixture.weights, mixture.means, mixture.variances, strict=True)
        ]
        assert np.exp(log_p) == pytest.approx(sum(joint))
        assert mine == pytest.approx(np.array(joint) / sum(joint))


@pytest.mark.parametrize("seed", range(3))
def test_steps_are_those_of_scikit_learn(seed):
    points = blobs((40, 60, 30), seed=seed)
    which = np.random.default_rng(seed).integers(3, size=len(points))
    ours = refined(points, which, 3, np.ones(len(points)))
    floor = module.FLOOR * points.var(axis=0).mean()
    groups = [points[which == c] for c in range(3)]
    theirs = GaussianMixture(
        3,
        covariance_type="diag",
        tol=module.GAIN,
        max_iter=module.STEPS - 1,
        reg_covar=floor,
        weights_init=[len(group) / len(points) for group in groups],
        means_init=[group.mean(axis=0) for group in groups],
        precisions_init=[1 / (group.var(axis=0) + floor) for group in groups],
    ).fit(points)
    np.testing.assert_allclose(ours.weights, theirs.weights_, rtol=1e-2)
    np.testing.assert_allclose(ours.means, theirs.means_, rtol=1e-2, atol=1e-2)
    density, share = ours.judge(points)
    np.testing.assert_allclose(density, theirs.score_samples(points), atol=0.05)
    np.testing.assert_allclose(share, theirs.predict_proba(points), atol=0.02)


def test_a_weight_counts_as_so_many_copies():
    points = blobs((30, 30))
    times = np.random.default_rng(0).integers(1, 4, size=60)
    which = np.arange(60) // 30
    copied = refined(np.repeat(points, times, 0), np.repeat(which, times), 2, np.ones(times.sum()))
    weighed = refined(points, which, 2, times.astype(float))
    for name in ("weights", "means", "variances"):
        np.testing.assert_allclose(getattr(weighed, name), getattr(copied, name), rtol=1e-6)


def test_clusters_are_found_with_their_sizes():
    points = blobs((100, 50, 25, 25), d=6, seed=3)
    mixture = fit_mixture(points, 4, np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(mixture.weights), [0.125, 0.125, 0.25, 0.5], atol=0.01)


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.eye(2), np.array([[1e8], [1e8 + 1]])])
@pytest.mark.parametrize("n", [1, 2, 9])
def test_copies_and_too_many_parts_stay_finite(points, n):
    mixture = fit_mixture(points, n, np.random.default_rng(0))
    density, share = mixture.judge(points)
    assert np.isfinite(density).all()
    np.testing.assert_allclose(share.sum(axis=1), 1.0)
    assert mixture.weights.sum() == pytest.approx(1.0)


def test_far_from_the_origin_nothing_changes():
    points = np.round(blobs((40, 40)), 3)
    which = np.arange(80) // 40
    near = refined(points, which, 2, np.ones(80)).judge(points)
    far = refined(points + 1e6, which, 2, np.ones(80)).judge(points + 1e6)
    np.testing.assert_allclose(far[0], near[0], atol=1e-5)
    np.testing.assert_allclose(far[1], near[1], atol=1e-5)


def test_equal_rows_are_judged_alike_wherever_they_stand():
    points = blobs((40, 60), d=7)
    twice = np.concatenate([points, points[::-1], points[:33]]).astype(np.float32)
    mixture = fit_mixture(twice.astype(float), 5, np.random.default_rng(0))
    density, share = mixture.judge(twice)
    alone = [mixture.judge(row[None]) for row in twice]
    np.testing.assert_array_equal(density, np.concatenate([d for d, _ in alone]))
    np.testing.assert_array_equal(share, np.concatenate([s for _, s in alone]))
