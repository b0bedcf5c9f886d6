"""Greedy cover by balls of one radius, and how wide the balls may be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles
from querist.selection.single import looseness
from querist.selection.topk import Keys

_SIDE = 512  # rows and columns of a table of distances: it stays in cache
_WIDE = 8192  # points compared with a single row at a time
_FEW = 32  # rows whose counts are looked at again: few at first, then more at a time


class _Balls:
    """Counts of points within a radius of each row, exact though mostly in single precision.

    Squared distances too near to the squared radius for single precision are computed again
    in double precision.
    """

    def __init__(self, vectors: Floats, radius: float) -> None:
        self.cloud = Cloud(vectors)
        self.limit = radius**2
        largest = max(self.cloud.scale, self.limit)
        self.slack = looseness(vectors.shape[1]) * largest
        # two more columns, so that one matrix product gives distance minus limit, both squared
        self.rows = np.ones((len(vectors), vectors.shape[1] + 2), dtype=np.float32)
        for part, block in self.cloud.blocks():
            self.rows[part, :-2] = block
        self.rows[:, -2] = self.cloud.norms - self.limit
        self.points = self.rows.copy()
        self.points[:, :-2] *= -2.0
        self.points[:, -2], self.points[:, -1] = 1.0, self.cloud.norms
        self._room, self._ones = np.empty((2, _SIDE * _SIDE), dtype=np.float32)

    def inside(self, rows: slice | Ints, points: slice | Ints) -> NDArray[np.bool_]:
        """Which of at most `_SIDE` points lie in the balls around as many rows, (m, p)."""
        left, right = self.rows[rows], self.points[points]
        table = self._room[: len(left) * len(right)].reshape(len(left), len(right))
        with np.errstate(invalid="ignore"):  # BLAS may raise it for finite numbers too
            np.matmul(left, right.T, out=table)
        within: NDArray[np.bool_] = table < -self.slack
        unsure = np.flatnonzero(within != (table <= self.slack))
        at, of = np.divmod(unsure, max(1, len(right)))
        everyone = np.arange(len(self.rows))
        ours, others = everyone[rows][at], everyone[points][of]
        for start in range(0, len(at), 1 << 14):
            some = slice(start, start + (1 << 14))
            gap = self.cloud.rows(ours[some]) - self.cloud.rows(others[some])
            within[at[some], of[some]] = np.einsum("ij,ij->i", gap, gap) <= self.limit
        return within

    def covered(self, row: int, points: Ints) -> NDArray[np.bool_]:
        """Which of the `points` lie in the ball around one row, (p,)."""
        one = np.array([row])
        parts = [np.empty(0, dtype=bool)]
        for start in range(0, len(points), _WIDE):
            parts.append(self.inside(one, points[start : start + _WIDE])[0])
        return np.concatenate(parts)

    def counts(self, rows: Ints, points: Ints) -> Doubles:
        """How many of the `points` lie in the ball around each of the `rows`, (m,)."""
        if 2 * len(points) > len(rows) == len(self.rows):
            return self._counts_of_most(points)
        total = np.zeros(len(rows))
        for chunk in range(0, len(points), _SIDE):
            some = points[chunk : chunk + _SIDE]
            ones = np.ones(len(some), dtype=np.float32)
            for start in range(0, len(rows), _SIDE):
                table = self._numbers(rows[start : start + _SIDE], some)
                total[start : start + _SIDE] += table @ ones
        return total

    def _counts_of_most(self, points: Ints) -> Doubles:
        """Counts of all rows by one half of the table of all pairs, which is symmetric."""
        total = np.zeros(len(self.rows))
        counted = np.zeros(len(total), dtype=np.float32)
        counted[points] = 1.0
        for start in range(0, len(total), _SIDE):
            part = slice(start, start + _SIDE)
            for other in range(start, len(total), _SIDE):
                some = slice(other, other + _SIDE)
                table = self._numbers(part, some)
                total[part] += table @ counted[some]
                if other > start:
                    total[some] += counted[part] @ table
        return total

    def _numbers(self, rows: slice | Ints, points: slice | Ints) -> Floats:
        within = self.inside(rows, points)
        table: Floats = self._ones[: within.size].reshape(within.shape)
        np.copyto(table, within)
        return table


def cover_by_balls(
    vectors: Floats, n: int, keys: Keys, radius: float, known: Floats | None = None
) -> tuple[Positions, Doubles, Ints]:
    """Greedily take the `n` rows whose balls hold most rows not covered yet.

    Returns the picks, how many each newly covered, and for every row (r,) the place of the
    pick that covered it first, -1 where none did, -2 where a `known` point (m, d) did. Equal
    counts go by lowest key. Counts only shrink, so a stale one bounds the true one from above
    and few are looked at again; what picks cover is subtracted from all rows once many must be.
    Every row is so compared with the pool a few times at most, and no graph is stored.

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
    counts = _Counts(balls, left)
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        best, most = counts.largest(left)
        row = int(best[0] if len(best) == 1 else best[np.argmin(keys(best))])
        inside = balls.covered(row, left)
        owner[left[inside]] = len(picked)
        picked.append(row)
        won.append(most)
        counts.taken(row, left[inside])
        left = left[~inside]
    return np.array(picked, dtype=np.int64), np.array(won), owner


class _Counts:
    """How many points not covered yet each row's ball holds at most.

    `settled` counts take account of what was covered for all rows; since then it is owed.
    """

    def __init__(self, balls: _Balls, left: Ints) -> None:
        self.balls = balls
        self.everyone = np.arange(len(balls.rows))
        self.settled = balls.counts(self.everyone, left)
        self.upper = self.settled.copy()
        self.owed = left[:0]
        self.work = 0

    def taken(self, row: int, covered: Ints) -> None:
        """Leave a row out from now on, and note what it covered."""
        self.settled[row] = self.upper[row] = -np.inf
        self.owed = np.concatenate([self.owed, covered])

    def largest(self, left: Ints) -> tuple[Ints, float]:
        """Rows of the largest count over the points `left`, and that count."""
        now = np.full(len(self.upper), np.nan)
        many, floor = _FEW, 0.0
        while True:
            rows = np.flatnonzero(np.isnan(now) & (self.upper >= floor))
            if not len(rows):
                return np.flatnonzero(now == floor), floor
            points = min(len(self.owed), len(left))
            if len(rows) * points + self.work > len(now) * min(points, _SIDE):
                self.settled = self._exact(self.everyone, left)
                self.upper = np.minimum(self.upper, self.settled)
                self.owed, self.work = self.owed[:0], 0
            if len(rows) > many:
                rows = rows[np.argpartition(-self.upper[rows], many)[:many]]
            self.upper[rows] = now[rows] = self._exact(rows, left)
            floor = max(floor, float(now[rows].max()))
            self.work += len(rows) * min(len(self.owed), len(left))
            many *= 2

    def _exact(self, rows: Ints, left: Ints) -> Doubles:
        counts = self.settled[rows]
        if len(self.owed) <= len(left):
            return counts - self.balls.counts(rows, self.owed) if len(self.owed) else counts
        counts[np.isfinite(counts)] = 0.0
        return counts + self.balls.counts(rows, left)


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
