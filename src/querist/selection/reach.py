"""What lies nearest to each of a few points: candidates without a look at the whole table."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud, Doubles, squared_norms
from querist.selection.single import LEAST, fits, lefts, looseness, rights

Pairs = tuple[Ints, Ints, Doubles]  # points, rows, squared distances

_POINTS = 512
_PAIRS = 1 << 14  # pairs whose distances are computed in double precision at a time
_CROWD = 32  # times as many pairs as wanted: then single precision tells too little apart
_HELD = 1 << 21  # pairs kept before the far ones are dropped: 48 MiB


def reach(vectors: Floats | Cloud, points: Floats, k: int) -> Pairs:
    """The `k` rows of `vectors` (n, d) nearest to each of the `points` (p, d), as pairs.

    `vectors` may be a cloud already. Gives points (e,), rows (e,) and squared distances (e,),
    by point and then by row. All rows that tie with the k-th are given, so that the pairs do
    not depend on row order. One stream over the rows for every 512 points; a row is
    remembered only while it is nearer than the k-th best so far. Tables in single precision
    only leave out what their rounding cannot bring among the nearest. O(p n d) time, O(p k)
    memory and a block.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [5.0], [6.0]])
    >>> reach(line, np.array([[0.2], [6.0]]), 1)[:2]
    (array([0, 1]), array([0, 3]))
    """
    cloud = vectors if isinstance(vectors, Cloud) else Cloud(vectors)
    moved = cloud.moved(points)
    k = min(k, len(cloud))
    noise = 1e-12 * cloud.scale  # rounding of a distance: ties are equal up to it
    found = []
    for first in range(0, len(moved), _POINTS):
        some = moved[first : first + _POINTS]
        pairs = _ruled_out(cloud, some, k, noise) if fits(cloud, some) else None
        of, rows, far = pairs or _stream(cloud, some, k, noise)
        order = np.lexsort((rows, of))
        found.append((of[order] + first, rows[order], far[order]))
    of, rows, far = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return of, rows, far


def _ruled_out(cloud: Cloud, points: Doubles, k: int, noise: float) -> Pairs | None:
    """The pairs, told from the others in single precision; None where that tells too little."""
    squares = squared_norms(points)
    turned = np.ascontiguousarray(rights(points, squares).T)
    loose = 2.0 * looseness(points.shape[1])
    slack, least = loose * cloud.norms, loose * squares + LEAST
    bound = np.full(len(points), np.inf)
    of, rows, far = _empty()
    for part, block in cloud.blocks():
        table = lefts(block, cloud.norms[part]) @ turned
        if k <= len(table) and part.start == 0:
            most = np.partition(table + slack[part, None], k - 1, axis=0)[k - 1]
            bound = most + least + noise
        hit = np.flatnonzero(table <= bound)
        fresh, fresh_of = np.divmod(hit, len(points))
        of, rows = np.append(of, fresh_of), np.append(rows, fresh + part.start)
        far = np.append(far, table.ravel()[hit])
        if len(of) > _HELD or part.stop >= len(cloud):
            most = far + slack[rows] + least[of]
            near, bound = _nearest(of, far, most, bound, k, noise)
            of, rows, far = of[near], rows[near], far[near]
            if len(of) > max(_HELD // 2, _CROWD * k * len(points)):
                return None
    far = np.empty(len(of))
    for start in range(0, len(of), _PAIRS):
        some = slice(start, start + _PAIRS)
        far[some] = squared_norms(cloud.rows(rows[some]) - points[of[some]])
    near, _ = _nearest(of, far, far, bound, k, noise)
    return of[near], rows[near], far[near]


def _stream(cloud: Cloud, points: Doubles, k: int, noise: float) -> Pairs:
    bound = np.full(len(points), np.inf)
    of, rows, far = _empty()
    for part, _, table in cloud.tables(points):
        distances = cloud.quiet(part, table)
        if k <= len(distances) and part.start == 0:
            bound = np.partition(distances, k - 1, axis=0)[k - 1] + noise
        fresh, fresh_of = np.nonzero(distances <= bound)
        of, rows = np.append(of, fresh_of), np.append(rows, fresh + part.start)
        far = np.append(far, distances[fresh, fresh_of])
        if len(of) > _HELD or part.stop >= len(cloud):
            near, bound = _nearest(of, far, far, bound, k, noise)
            of, rows, far = of[near], rows[near], far[near]
    return of, rows, far


def _empty() -> Pairs:
    return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)


def _nearest(
    of: Ints, far: Doubles, most: Doubles, bound: Doubles, k: int, noise: float
) -> tuple[Ints, Doubles]:
    """Which pairs may be among the `k` nearest, and the distances beyond which none is.

    Distances of the pairs lie between `far` and `most`.
    """
    order = np.lexsort((most, of))
    starts = np.searchsorted(of[order], np.arange(len(bound)))
    last = starts + k - 1
    full = last < np.append(starts[1:], len(of))
    bound = bound.copy()
    bound[full] = np.minimum(bound[full], most[order[last[full]]] + noise)
    return np.flatnonzero(far <= bound[of]), bound
