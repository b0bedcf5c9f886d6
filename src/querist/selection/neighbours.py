"""Exact nearest neighbours in blocks."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud, Doubles

ASKED = 1000
NEAR = 0.01  # of the median distance: closer points are copies in all but name


def nearest_neighbours(
    queries: Floats, points: Floats, k: int = 1, *, itself: Ints | None = None
) -> tuple[Doubles, Ints]:
    """Distances (q, k) and positions (q, k) of the `k` nearest points of each query.

    Nearest first, lower positions first among equals; never more than a block of the
    q x p table is held. Where a query is itself one of the points, `itself` (q,) gives its
    position, which is then left out. With fewer points than `k` the columns are as many.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [5.0]])
    >>> distances, found = nearest_neighbours(points, points, 1, itself=np.arange(3))
    >>> distances.ravel().tolist(), found.ravel().tolist()
    ([1.0, 1.0, 4.0], [1, 0, 1])
    """
    cloud = Cloud(queries)
    others = cloud.moved(points)
    columns = min(k, len(points) - (itself is not None))
    low = np.full((len(queries), columns), np.inf)
    which = np.full((len(queries), columns), -1, dtype=np.int64)
    for part, chunk, table in cloud.tables(others):
        if itself is not None:
            own = itself[part] - chunk
            inside = np.flatnonzero((own >= 0) & (own < table.shape[1]))
            table[inside, own[inside]] = np.inf
        near = min(columns, table.shape[1])
        at = np.argpartition(table, near - 1, axis=1)[:, :near] if near < table.shape[1] else None
        at = np.broadcast_to(np.arange(near), (len(table), near)) if at is None else at
        values = np.concatenate(
            [low[part], cloud.quiet(part, np.take_along_axis(table, at, axis=1))], axis=1
        )
        places = np.concatenate([which[part], at + chunk], axis=1)
        order = np.lexsort((places, values), axis=1)[:, :columns]
        low[part] = np.take_along_axis(values, order, axis=1)
        which[part] = np.take_along_axis(places, order, axis=1)
    return np.sqrt(low), which


def squared_spacing(points: Floats, quantile: float) -> float:
    """A quantile of the squared distances to the nearest different point; 0 when all are equal.

    Asks every k-th point once there are more than `ASKED`, and leaves copies out; above the
    quantile 0 near-copies too, closer than `NEAR` of the median: a single pair of them would
    otherwise decide the low quantiles of a few points.

    Examples
    --------
    >>> squared_spacing(np.array([[0.0], [0.0], [1.0], [3.0]]), 0.5)
    2.5
    """
    rows = np.arange(0, len(points), max(1, len(points) // ASKED))
    far, _ = nearest_neighbours(points[rows], points, 1, itself=rows)
    far = far[far > 0]
    if quantile > 0 and len(far):
        far = far[far > NEAR * np.median(far)]
    return float(np.quantile(far**2, quantile)) if len(far) else 0.0
