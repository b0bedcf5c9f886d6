"""Hubs, the items that are near to far too many others, and distances that know none."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats
from querist.selection.cloud import Doubles
from querist.selection.neighbours import NEAR, nearest_neighbours

AMONG = 10  # nearest items


def hubness(points: Floats) -> float:
    """How unevenly the points are among each other's ten nearest: the skewness of how often.

    Near 0 in a plane, about 1 among clusters, above 2 where hubs rule: in many dimensions
    distances are nearly all alike, and what lies in the middle is near to most. It grows with
    the number of points; copies count as one.

    References
    ----------
    Radovanovic, Nanopoulos and Ivanovic (2010), Hubs in space: popular nearest neighbors in
    high-dimensional data, JMLR 11.

    Examples
    --------
    >>> normal = np.random.default_rng(0).normal(size=(1000, 50))
    >>> hubness(normal[:, :2]) < 0.5 < 2 < hubness(normal)
    True
    """
    points = np.unique(points, axis=0)
    _, found = nearest_neighbours(points, points, AMONG, itself=np.arange(len(points)))
    gaps = np.bincount(found.ravel(), minlength=len(points)) - found.shape[1]
    spread = float((gaps**2).mean()) ** 0.5
    return float((gaps**3).mean()) / spread**3 if spread > 0 else 0.0


def local_scales(points: Floats, around: Floats) -> Doubles:
    """Distance of each point (n, d) to its tenth nearest of the items `around` it, (n,).

    |s - x|^2 / (o_s o_x) is a distance without hubs. The points may be among those items: they
    then count as their own nearest. Among copies it is a hundredth of the median, or 1.

    References
    ----------
    Zelnik-Manor and Perona (2004), Self-tuning spectral clustering, NIPS.

    Examples
    --------
    >>> line = np.arange(100.0)[:, None]
    >>> local_scales(np.array([[0.0], [50.0], [200.0]]), line)
    array([  9.,   5., 110.])
    """
    far, _ = nearest_neighbours(points, around, AMONG)
    last = far[:, -1]
    least = NEAR * float(np.median(last))
    return np.maximum(last, least) if least > 0 else np.ones(len(last))
