"""Exact nearest neighbours in blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud, Doubles
from querist.selection.single import LEAST, MOST, lefts, looseness, rights

ASKED = 1000
_QUERIES, _POINTS = 512, 1024  # of a table in single precision: 2 MiB
_HELD = 6  # times as many pairs as wanted are held before the far ones are dropped
_CROWD = 32  # times as many pairs as wanted, left at last: too many
_SHARE = 256  # a distance of a pair by itself costs as much as so many in a matrix product
_PAIRS = 1 << 14  # pairs whose distances are computed in double precision at a time
NEAR = 0.01  # of the median distance: closer points are copies in all but name


def nearest_neighbours(
    queries: Floats, points: Floats, k: int = 1, *, itself: Ints | None = None
) -> tuple[Doubles, Ints]:
    """Distances (q, k) and positions (q, k) of the `k` nearest points of each query.

    Nearest first, lower positions first among equals. Where queries are themselves among the
    points, `itself` (q,) gives their positions, which are then left out. With fewer points than
    `k` the columns are as many. Exact: tables in single precision, a block at a time, only
    leave out what its rounding cannot bring among the nearest; the others are compared in
    double precision. O(q p d) time, O(p d + q k) memory.

    Examples
    --------
    >>> points = np.array([[0.0], [1.0], [5.0]])
    >>> distances, found = nearest_neighbours(points, points, 1, itself=np.arange(3))
    >>> distances.ravel().tolist(), found.ravel().tolist()
    ([1.0, 1.0, 4.0], [1, 0, 1])
    """
    columns = min(k, len(points) - (itself is not None))
    if columns < 1 or not len(queries):
        return np.empty((len(queries), 0)), np.empty((len(queries), 0), dtype=np.int64)
    cloud = Cloud(queries)
    others = Cloud(points, origin=cloud.origin)
    if len(points) <= _SHARE * columns:
        return _by_tables(cloud, others, columns, itself)
    found = None
    if max(cloud.scale, others.scale) < MOST:
        found = _nearest(cloud, others, columns, itself, np.float32)
    # single precision tells too little apart beside far-out rows, or among many copies
    found = found or _nearest(cloud, others, columns, itself, np.float64, patient=True)
    assert found is not None  # who is patient is always told
    return found


def _by_tables(
    cloud: Cloud, others: Cloud, columns: int, itself: Ints | None
) -> tuple[Doubles, Ints]:
    """Distances and positions by tables in double precision: for few points."""
    low = np.full((len(cloud), columns), np.inf)
    which = np.full((len(cloud), columns), -1, dtype=np.int64)
    for part, chunk, table in cloud.tables(others.rows(np.arange(len(others)))):
        if itself is not None:
            own = itself[part] - chunk
            inside = np.flatnonzero((own >= 0) & (own < table.shape[1]))
            table[inside, own[inside]] = np.inf
        far = cloud.quiet(part, table)
        # all that tie with the last one stay, or the order of a partition would decide
        last = np.partition(far, min(columns, far.shape[1]) - 1, axis=1)
        most = last[:, min(columns, far.shape[1]) - 1]
        of, at = np.nonzero(far <= most[:, None])
        held = np.repeat(np.arange(len(far)), columns)
        of = np.concatenate([held, of])
        values = np.concatenate([low[part].ravel(), far[of[len(held) :], at]])
        places = np.concatenate([which[part].ravel(), at + chunk])
        order = np.lexsort((places, values, of))
        begins = np.searchsorted(of[order], np.arange(len(far)))
        kept = order[begins[:, None] + np.arange(columns)]
        low[part], which[part] = values[kept], places[kept]
    return np.sqrt(low), which


def _nearest(
    cloud: Cloud,
    others: Cloud,
    columns: int,
    itself: Ints | None,
    dtype: type[np.floating[Any]],
    patient: bool = False,
) -> tuple[Doubles, Ints] | None:
    """Distances and positions, or None where the pairs left are many, unless one is patient."""
    low = np.empty((len(cloud), columns))
    which = np.empty((len(cloud), columns), dtype=np.int64)
    loose = looseness(cloud.vectors.shape[1], dtype)
    left, right = _columns(cloud, lefts, dtype), _columns(others, rights, dtype)
    least = LEAST if dtype is np.float32 else 0.0
    noise = [2.0 * loose * rows.norms + least for rows in (cloud, others)]
    for start in range(0, len(cloud), _QUERIES):
        part = slice(start, start + _QUERIES)
        own = None if itself is None else itself[part]
        of, at = _survivors(left[part], right, columns, own, (noise[0][part], noise[1]))
        if len(of) > _CROWD * columns * len(left[part]) and not patient:
            return None
        far = np.empty(len(of))
        for first in range(0, len(of), _PAIRS):
            some = slice(first, first + _PAIRS)
            gap = cloud.rows(of[some] + start) - others.rows(at[some])
            far[some] = np.einsum("ij,ij->i", gap, gap)
        order = np.lexsort((at, far, of))
        begins = np.searchsorted(of, np.arange(len(left[part])))
        kept = order[begins[:, None] + np.arange(columns)]
        low[part], which[part] = far[kept], at[kept]
    return np.sqrt(low), which


def _columns(cloud: Cloud, of: Callable[..., Floats], dtype: type[np.floating[Any]]) -> Floats:
    wide: Floats = np.empty((len(cloud), cloud.vectors.shape[1] + 2), dtype=dtype)
    for part, block in cloud.blocks():
        wide[part] = of(block, cloud.norms[part], dtype)
    return wide


def _survivors(
    left: Floats, right: Floats, columns: int, own: Ints | None, noise: tuple[Doubles, Doubles]
) -> tuple[Ints, Ints]:
    """Pairs of a query and a point that may be among its nearest `columns`, by query."""
    bound = np.full(len(left), np.inf)
    of, at = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    far = np.empty(0, dtype=left.dtype)
    wide = max(_POINTS, 4 * columns)  # the first table gives a bound at once
    full = _HELD * columns * len(left)
    for chunk in range(0, len(right), wide):
        table = left @ right[chunk : chunk + wide].T
        if own is not None:
            inside = np.flatnonzero((own >= chunk) & (own < chunk + table.shape[1]))
            table[inside, own[inside] - chunk] = np.inf
        if not chunk and columns <= table.shape[1]:
            most = table + noise[1][chunk : chunk + wide]
            bound = np.partition(most, columns - 1, axis=1)[:, columns - 1] + noise[0]
        hit = np.flatnonzero(table <= bound[:, None])
        # among these the point left out, where all are asked for: it is the farthest
        rows, places = np.divmod(hit, table.shape[1])
        of, at = np.append(of, rows), np.append(at, places + chunk)
        far = np.append(far, table.ravel()[hit])
        if len(of) > full or chunk + wide >= len(right):
            most = far + noise[1][at]
            order = np.lexsort((most, of))
            last = np.searchsorted(of[order], np.arange(len(left))) + columns - 1
            bound = most[order[last]] + noise[0]
            near = order[far[order] <= bound[of[order]]]
            of, at, far = of[near], at[near], far[near]
            full = max(full, 2 * len(of))
    near = np.isfinite(far)
    return of[near], at[near]


def squared_spacing(points: Floats, quantile: float, scales: Doubles | None = None) -> float:
    """A quantile of the squared distances to the nearest different point; 0 when all are equal.

    With `scales` (n,) of the points, of |s - x|^2 / (o_s o_x).

    Asks every k-th point once there are more than `ASKED`, and leaves copies out; above the
    quantile 0 near-copies too, closer than `NEAR` of the median: a single pair of them would
    otherwise decide the low quantiles of a few points.

    Examples
    --------
    >>> squared_spacing(np.array([[0.0], [0.0], [1.0], [3.0]]), 0.5)
    2.5
    """
    rows = np.arange(0, len(points), max(1, len(points) // ASKED))
    far, found = nearest_neighbours(points[rows], points, 1, itself=rows)
    if not far.shape[1]:
        return 0.0
    apart = far[:, 0] > 0
    if quantile > 0 and apart.any():
        apart &= far[:, 0] > NEAR * np.median(far[apart, 0])
    squares = far[apart, 0] ** 2
    if scales is not None:
        squares /= scales[rows[apart]] * scales[found[apart, 0]]
    return float(np.quantile(squares, quantile)) if len(squares) else 0.0
