"""A mixture of Gaussians with a variance per column, fitted by expectation maximisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud, Doubles
from querist.selection.kmeans import STARTS, lloyd, seeds
from querist.selection.kmeans import STEPS as LLOYD_STEPS

STEPS = 50  # at most: from a k-means start few need more than twenty
GAIN = 1e-4  # of the mean log density, below which it has converged
FLOOR = 1e-6  # added to every variance, as a share of the mean variance of the points

_ROWS = 2048

Product = Callable[[Doubles, Doubles], Doubles]


@dataclass(frozen=True)
class Mixture:
    """Weights (c,), means (c, d) and variances (c, d) of c Gaussians with independent columns.

    Examples
    --------
    >>> mixture = Mixture(np.array([0.5, 0.5]), np.array([[0.0], [9.0]]), np.ones((2, 1)))
    >>> density, share = mixture.judge(np.array([[0.0], [4.5]]))
    >>> density.round(2), share.round(2)
    (array([ -1.61, -11.04]), array([[1. , 0. ],
           [0.5, 0.5]]))
    """

    weights: Doubles
    means: Doubles
    variances: Doubles

    def judge(self, points: Floats) -> tuple[Doubles, Doubles]:
        """Log density (n,) of points (n, d), and how much each Gaussian answers for it (n, c).

        Equal points get equal numbers wherever they stand.
        """
        density, share = np.empty(len(points)), np.empty((len(points), len(self.weights)))
        origin = self.weights @ self.means  # squares are taken near it: no digits are lost
        near = Mixture(self.weights, self.means - origin, self.variances)
        for start in range(0, len(points), _ROWS):
            part = slice(start, start + _ROWS)
            block = np.subtract(points[part], origin, dtype=np.float64)
            density[part], share[part] = near.shares(block, block**2, _by_rows)
        return density, share

    def shares(
        self, points: Doubles, squares: Doubles, product: Product = np.matmul
    ) -> tuple[Doubles, Doubles]:
        """The same of points near the origin, given with their squares, by a matrix product."""
        precise = 1.0 / self.variances
        joint = product(squares, -0.5 * precise.T) + product(points, (self.means * precise).T)
        fixed = self.means**2 * precise + np.log(2 * np.pi * self.variances)
        joint += np.log(self.weights) - 0.5 * fixed.sum(axis=1)
        top = joint.max(axis=1, keepdims=True)
        joint -= top
        share = np.exp(joint)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        return (top + np.log(total))[:, 0], share


def _by_rows(left: Doubles, right: Doubles) -> Doubles:
    # BLAS may round a row differently at the edge of a block, einsum does not
    return np.asarray(np.einsum("ij,jc->ic", left, right))


def fit_mixture(
    points: Doubles, n: int, rng: np.random.Generator, weights: Floats | None = None
) -> Mixture:
    """The mixture of `n` Gaussians that fits points (m, d) best, from the best of a few k-means.

    No more Gaussians than points. `weights` (m,) say how often each point counts. O(m n d)
    a step, memory O(m (n + d)).

    References
    ----------
    Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM
    algorithm, Journal of the Royal Statistical Society B 39(1).

    Examples
    --------
    >>> line = np.array([[0.0], [2.0], [10.0], [12.0], [14.0]])
    >>> mixture = fit_mixture(line, 2, np.random.default_rng(0))
    >>> order = np.argsort(mixture.weights)
    >>> mixture.weights[order].round(2), mixture.means[order].ravel().round(2)
    (array([0.4, 0.6]), array([ 1., 12.]))
    """
    heavy = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=np.float64)
    some = min(n, len(points))
    fits = [
        lloyd(points, heavy, seeds(points, some, rng, heavy), LLOYD_STEPS) for _ in range(STARTS)
    ]
    centres, _ = min(fits, key=lambda fit: fit[1])
    cloud = Cloud(points, origin=np.zeros(points.shape[1]))
    return refined(points, cloud.nearest(centres)[0], some, heavy)


def refined(points: Doubles, which: Ints, n: int, weights: Doubles) -> Mixture:
    """The mixture after expectation maximisation from groups 0..n-1 of the points."""
    centre = weights @ points / weights.sum()
    moved = points - centre
    squares = moved**2
    spread = float(np.mean(weights @ squares / weights.sum()))
    floor = FLOOR * spread if spread > 0 else 1.0
    mixture = _matching(moved, squares, np.eye(n)[which] * weights[:, None], floor)
    before = -np.inf
    for _ in range(STEPS):
        density, share = mixture.shares(moved, squares)
        now = float(weights @ density / weights.sum())
        if now - before < GAIN:
            break
        before = now
        mixture = _matching(moved, squares, share * weights[:, None], floor)
    return Mixture(mixture.weights, mixture.means + centre, mixture.variances)


def _matching(points: Doubles, squares: Doubles, share: Doubles, floor: float) -> Mixture:
    """The mixture of most likelihood when each Gaussian answers for its share (m, c)."""
    mass = share.sum(axis=0) + 10 * np.finfo(np.float64).eps  # an empty one stays finite
    means = share.T @ points / mass[:, None]
    variances = np.maximum(share.T @ squares / mass[:, None] - means**2, 0.0) + floor
    return Mixture(mass / mass.sum(), means, variances)
