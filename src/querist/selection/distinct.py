"""Which rows repeat an earlier one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats
from querist.selection.cloud import Cloud
from querist.selection.topk import Keys, drawn

SAMPLE = 512
TOLERANCE = 0.02
_ROWS = 512


def mean_distance(vectors: Floats, keys: Keys) -> float:
    """Mean distance between two rows, of a sample of at most `SAMPLE` rows of lowest key.

    The mean and not the median: where most rows are near-copies of one item, the median
    is the scale of the copies.

    Examples
    --------
    >>> mean_distance(np.array([[0.0], [3.0]]), np.negative)
    3.0
    """
    rows = drawn(vectors.shape[0], SAMPLE, keys)
    cloud = Cloud(vectors[rows])
    points = cloud.rows(np.arange(len(rows)))
    tables = (cloud.quiet(part, table) for part, _, table in cloud.tables(points))
    total = sum(float(np.sqrt(table).sum()) for table in tables)
    return total / max(1, len(rows) * (len(rows) - 1))


def copy_radius(vectors: Floats, keys: Keys, tolerance: float = TOLERANCE) -> float:
    """Distance within which two items count as copies: a share of the mean distance of two.

    Examples
    --------
    >>> copy_radius(np.array([[0.0], [3.0]]), np.negative, 0.1)
    0.30000000000000004
    """
    return tolerance * mean_distance(vectors, keys)


def near(vectors: Floats, points: Floats, radius: float) -> NDArray[np.bool_]:
    """Whether each row (n, d) lies within `radius` of one of the `points` (p, d); (n,).

    Examples
    --------
    >>> near(np.array([[0.0], [3.0]]), np.array([[2.5]]), 1.0)
    array([False,  True])
    """
    cloud = Cloud(vectors)
    return np.asarray(cloud.lowest(cloud.moved(points)) <= radius**2)


def repeats(vectors: Floats, radius: float) -> NDArray[np.int64]:
    """For each row in order the earlier kept row it repeats, -1 for rows that are kept; (n,).

    A row repeats the first kept one within `radius` of it; repeats are not kept, so a chain
    of neighbours does not swallow what is far from its start.

    Examples
    --------
    >>> repeats(np.array([[0.0], [5.0], [0.1], [0.0]]), 0.5)
    array([-1, -1,  0,  0])
    """
    cloud = Cloud(vectors)
    of = np.full(len(cloud), -1, dtype=np.int64)
    kept = np.empty(0, dtype=np.int64)
    for start in range(0, len(cloud), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(cloud)))
        block = Cloud(vectors[rows], origin=cloud.origin)
        if len(kept):
            which, far = block.nearest(cloud.rows(kept))
            of[rows] = np.where(far <= radius**2, kept[which], -1)
        for part, _, table in block.tables(cloud.rows(rows)):  # one table: _ROWS fit
            close = block.quiet(part, table) <= radius**2
            for row in np.flatnonzero(close.sum(axis=1) > 1):
                earlier = rows[:row][close[row, :row] & (of[rows[:row]] < 0)]
                if of[rows[row]] < 0 and len(earlier):
                    of[rows[row]] = earlier[0]
        kept = np.concatenate([kept, rows[of[rows] < 0]])
    return of


def holds_copies(vectors: Floats, radius: float) -> bool:
    """Whether a batch (n, d) holds two items within `radius` of each other.

    Examples
    --------
    >>> holds_copies(np.array([[0.0], [3.0]]), 1.0)
    False
    """
    return bool((repeats(vectors, radius) >= 0).any())
