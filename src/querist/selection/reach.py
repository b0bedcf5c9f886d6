"""What lies nearest to each of a few points: candidates without a look at the whole table."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud, Doubles

Pairs = tuple[Ints, Ints, Doubles]  # points, rows, squared distances

_POINTS = 512
_HELD = 1 << 21  # pairs kept before the far ones are dropped: 48 MiB


def reach(vectors: Floats, points: Floats, k: int) -> Pairs:
    """The `k` rows of `vectors` (n, d) nearest to each of the `points` (p, d), as pairs.

    Gives points (e,), rows (e,) and squared distances (e,), by point and then by row. All
    rows that tie with the k-th are given, so that the pairs do not depend on row order.
    One stream over the rows for every 512 points; a row is remembered only while it is
    nearer than the k-th best so far. O(p n d) time, O(p k) memory and a block.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [5.0], [6.0]])
    >>> reach(line, np.array([[0.2], [6.0]]), 1)[:2]
    (array([0, 1]), array([0, 3]))
    """
    cloud = Cloud(vectors)
    moved = cloud.moved(points)
    k = min(k, len(cloud))
    noise = 1e-12 * cloud.scale  # rounding of a distance: ties are equal up to it
    found = [
        _stream(cloud, moved[first : first + _POINTS], k, noise, first)
        for first in range(0, len(moved), _POINTS)
    ]
    of, rows, far = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return of, rows, far


def _stream(cloud: Cloud, points: Doubles, k: int, noise: float, first: int) -> Pairs:
    bound = np.full(len(points), np.inf)
    held: Pairs = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    for part, _, table in cloud.tables(points):
        far = cloud.quiet(part, table)
        if k <= len(far) and part.start == 0:
            bound = np.partition(far, k - 1, axis=0)[k - 1] + noise
        rows, of = np.nonzero(far <= bound)
        held = (
            np.concatenate([held[0], of]),
            np.concatenate([held[1], rows + part.start]),
            np.concatenate([held[2], far[rows, of]]),
        )
        if len(held[0]) > _HELD:
            held, bound = _nearest(held, bound, k, noise)
    (of, rows, far), _ = _nearest(held, bound, k, noise)
    order = np.lexsort((rows, of))
    return of[order] + first, rows[order], far[order]


def _nearest(pairs: Pairs, bound: Doubles, k: int, noise: float) -> tuple[Pairs, Doubles]:
    of, rows, far = pairs
    order = np.lexsort((far, of))
    starts = np.searchsorted(of[order], np.arange(len(bound)))
    last = starts + k - 1
    full = last < np.append(starts[1:], len(of))
    bound = bound.copy()
    bound[full] = np.minimum(bound[full], far[order[last[full]]] + noise)
    near = far <= bound[of]
    return (of[near], rows[near], far[near]), bound
