"""Greedy cover by balls of one radius, and how wide the balls may be."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles
from querist.selection.topk import Keys

_SIDE = 512  # rows and columns of a table of distances: it stays in cache
_LOOSE = 32.0  # units of the last place a squared distance may be off, and more with columns


class _Balls:
    """Counts of points within a radius of each row, exact though mostly in single precision.

    Squared distances too near to the squared radius for single precision are computed again
    in double precision.
    """

    def __init__(self, vectors: Floats, radius: float) -> None:
        self.cloud = Cloud(vectors)
        self.limit = radius**2
        loose = _LOOSE + 2.0 * vectors.shape[1] ** 0.5
        largest = max(self.cloud.scale, self.limit)
        self.slack = loose * float(np.finfo(np.float32).eps) * largest
        # two more columns, so that one matrix product gives distance minus limit, both squared
        self.rows = np.ones((len(vectors), vectors.shape[1] + 2), dtype=np.float32)
        for part, block in self.cloud.blocks():
            self.rows[part, :-2] = block
        self.rows[:, -2] = self.cloud.norms - self.limit
        self.points = self.rows.copy()
        self.points[:, :-2] *= -2.0
        self.points[:, -2], self.points[:, -1] = 1.0, self.cloud.norms

    def inside(self, part: slice | Ints, points: slice | Ints) -> Floats:
        """Which of the `points` lie in the balls around the rows `part`, 0 or 1, (m, p)."""
        table: Floats = self.rows[part] @ self.points[points].T
        wide = np.count_nonzero(table <= self.slack)
        if wide != np.count_nonzero(table < -self.slack):
            at, of = np.nonzero(np.abs(table) <= self.slack)
            everyone = np.arange(len(self.rows))
            rows, others = everyone[part][at], everyone[points][of]
            for start in range(0, len(at), 1 << 14):
                some = slice(start, start + (1 << 14))
                gap = self.cloud.rows(rows[some]) - self.cloud.rows(others[some])
                table[at[some], of[some]] = np.einsum("ij,ij->i", gap, gap) - self.limit
        np.less_equal(table, 0.0, out=table)
        return table

    def counts(self, points: Ints) -> Doubles:
        """How many of the `points` lie in the ball around each row, (n,)."""
        if 2 * len(points) > len(self.rows):
            return self._counts_of_most(points)
        total = np.zeros(len(self.rows))
        for chunk in range(0, len(points), _SIDE):
            some = points[chunk : chunk + _SIDE]
            ones = np.ones(len(some), dtype=np.float32)
            for start in range(0, len(total), _SIDE):
                part = slice(start, start + _SIDE)
                total[part] += self.inside(part, some) @ ones
        return total

    def _counts_of_most(self, points: Ints) -> Doubles:
        """The same by one half of the table of all pairs, which is symmetric."""
        total = np.zeros(len(self.rows))
        counted = np.zeros(len(total), dtype=np.float32)
        counted[points] = 1.0
        for start in range(0, len(total), _SIDE):
            part = slice(start, start + _SIDE)
            for other in range(start, len(total), _SIDE):
                some = slice(other, other + _SIDE)
                table = self.inside(part, some)
                total[part] += table @ counted[some]
                if other > start:
                    total[some] += counted[part] @ table
        return total


def cover_by_balls(
    vectors: Floats, n: int, keys: Keys, radius: float, known: Floats | None = None
) -> tuple[Positions, Doubles, Ints]:
    """Greedily take the `n` rows whose balls hold most rows not covered yet.

    Returns the picks, how many each newly covered, and for every row (r,) the place of the
    pick that covered it first, -1 where none did, -2 where a `known` point (m, d) did. Equal
    counts go by lowest key. Counts are kept up to date by subtracting what a pick covers, so
    every row is compared with the pool twice at most, and the graph is never stored.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> cover_by_balls(line, 2, np.negative, 1.0)
    (array([1, 3]), array([3., 1.]), array([0, 0, 0, 1]))
    """
    balls = _Balls(vectors, radius)
    owner = np.full(len(vectors), -1, dtype=np.int64)
    if known is not None and len(known):
        cloud = balls.cloud
        owner[cloud.lowest(cloud.moved(known)) <= balls.limit] = -2
    left = np.flatnonzero(owner == -1)
    counts = balls.counts(left)
    order = keys(np.arange(len(vectors)))
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        best = np.flatnonzero(counts == counts.max())
        row = int(best[np.argmin(order[best])])
        picked.append(row)
        won.append(float(counts[row]))
        inside = balls.inside(np.array([row]), left)[0] > 0
        fresh, left = left[inside], left[~inside]
        owner[fresh] = len(picked) - 1
        if len(fresh) <= len(left):
            counts -= balls.counts(fresh)
        else:  # fewer are left than were covered
            counts = balls.counts(left)
        counts[picked] = -np.inf
    return np.array(picked, dtype=np.int64), np.array(won), owner


def purity_radius(vectors: Floats, groups: Ints, rows: Ints, purity: float) -> float:
    """Largest radius at which the balls of a share `purity` of `rows` hold one group only.

    The ball of a row is pure up to its nearest row of another group, so this is a quantile
    of those distances; no grid of radii is searched. With a single group: how far apart rows
    lie at most.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [5.0], [7.0]])
    >>> purity_radius(line, np.array([0, 0, 1, 1]), np.arange(4), 0.75) < 5.0
    True
    """
    cloud = Cloud(vectors)
    far = np.full(len(rows), np.inf)
    widest = 0.0
    for part, chunk, table in cloud.tables(cloud.rows(rows)):
        table = cloud.quiet(part, table)
        widest = max(widest, float(table.max()))
        table[groups[part][:, None] == groups[rows[chunk : chunk + table.shape[1]]]] = np.inf
        column = slice(chunk, chunk + table.shape[1])
        far[column] = np.minimum(far[column], table.min(axis=0))
    left = np.sort(far)[int(np.floor((1.0 - purity) * len(far) + 1e-9))]
    if not np.isfinite(left):
        return float(np.sqrt(widest))
    # a ball that just reaches a row of another group is impure already
    return float(np.sqrt(np.nextafter(left, 0.0)) * (1.0 - 1e-12))
