"""Farthest-first by the product of two distances: in the vectors and in a number."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles, first_of_best, mean_of
from querist.selection.shrinking import greedy_shrinking
from querist.selection.topk import Keys

_ROWS = 2048


def widest_product(
    vectors: Floats,
    numbers: Floats,
    n: int,
    keys: Keys,
    known: tuple[Floats, Floats] | None = None,
) -> tuple[Positions, Doubles]:
    """The `n` rows whose smallest product of distances to all before them is largest, and it.

    Parameters
    ----------
    vectors, numbers : arrays (n, d) and (n,)
        Where each row lies, and its number.
    known : pair of arrays (m, d) and (m,), optional
        What lies there already; without it the row nearest to the mean of the vectors comes
        first, its product given as infinite.

    Examples
    --------
    >>> line, said = np.array([[1.0], [4.0], [5.0]]), np.array([9.0, 5.0, 1.0])
    >>> widest_product(line, said, 2, np.negative, (np.array([[0.0]]), np.array([0.0])))
    (array([1, 0]), array([20.,  9.]))
    """
    cloud = Cloud(vectors)
    told = np.asarray(numbers, dtype=np.float64)
    start: list[int] = []
    scores = np.full(len(cloud), np.inf)

    def shrink(rows: Ints, values: Doubles, fresh: Ints) -> None:
        _lower(cloud, told, rows, values, cloud.rows(fresh), told[fresh])

    if known is not None:
        points = cloud.moved(known[0])
        there = np.asarray(known[1], dtype=np.float64)
        _lower(cloud, told, np.arange(len(cloud)), scores, points, there)
    else:
        from_mean = cloud.lowest(cloud.moved(mean_of(vectors)[None]))
        start.append(first_of_best(-from_mean, keys, 1e-12 * cloud.scale))
        shrink(np.arange(len(cloud)), scores, np.array(start))
        scores[start] = -np.inf
    spread = float(np.ptp(told)) ** 2
    tolerance = 1e-12 * cloud.scale * spread
    picks, won = greedy_shrinking(scores, n - len(start), keys, shrink, tolerance)
    first = np.array(start, dtype=np.int64)
    return np.append(first, picks), np.append(np.full(len(first), np.inf), np.sqrt(won))


def _lower(
    cloud: Cloud, numbers: Doubles, rows: Ints, values: Doubles, points: Doubles, told: Doubles
) -> None:
    """Lower squared products of `rows` by new points, block by block."""
    squares = np.einsum("ij,ij->i", points, points)
    chunk = 512
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        block, norms = cloud.rows(part), cloud.norms[part][:, None]
        for at in range(0, len(points), chunk):
            to = slice(at, at + chunk)
            table = norms + squares[to] - 2.0 * (block @ points[to].T)
            table[table < 1e-13 * norms] = 0.0
            table *= (numbers[part][:, None] - told[to]) ** 2
            low = values[start : start + _ROWS]
            np.minimum(low, table.min(axis=1), out=low)
