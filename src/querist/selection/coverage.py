"""Lazy greedy herding of a whole pool: Gaussian coverage without a table of the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles
from querist.selection.topk import Keys

_FEW, _MANY = 32, 512  # stale candidates looked at again: few at first, then more at a time
_TABLE = 1 << 18  # kernel values held at a time: 1 MiB in single precision


@dataclass(frozen=True)
class Herd:
    """Picks (n,), what each added to the coverage (n,), and who covers each point (r,).

    `owner` holds the place of a pick in `positions`, or -1 where something known before
    covers the point better.
    """

    positions: Positions
    gains: Doubles
    owner: Ints


class Kernel:
    """exp(-|s - x|^2 / radius^2) of candidates s to points x, a block at a time.

    Examples
    --------
    >>> kernel = Kernel(np.array([[0.0], [1.0]]), np.array([[1.0]]), 1.0, np.dtype(float))
    >>> kernel.gains(np.arange(2), np.ones(1)).round(3)
    array([0.368, 1.   ])
    """

    def __init__(
        self, vectors: Floats, points: Floats, radius: float, dtype: np.dtype[np.floating]
    ) -> None:
        cloud = Cloud(points)
        others = cloud if vectors is points else Cloud(vectors, origin=cloud.origin)
        # two more columns each, so that one matrix product gives the whole exponent
        self.rows = _columns(others, radius, dtype)
        self.rows[:, :-2] *= 2.0
        self.points = _columns(cloud, radius, dtype)
        self.points[:, -2:] = self.points[:, :-3:-1]
        self.largest = max(cloud.scale, others.scale) / radius**2

    def row(self, at: int) -> Floats:
        """Kernel of one candidate to all points, (r,)."""
        exponents: Floats = np.minimum(self.points @ self.rows[at], 0.0)
        return np.exp(exponents, out=exponents)

    def gains(self, rows: Ints, heavy: Floats, reached: Floats | None = None) -> Doubles:
        """Weighted coverage each of the `rows` would add to what is `reached`, (m,)."""
        return self.clipped(rows, self.points, heavy, reached, None)

    def mass(self, heavy: Floats, high: Floats | None = None) -> Doubles:
        """Weighted sum of the kernel, cut off above `high`, where the points are the rows.

        By one half of the table of all pairs, which is symmetric; (n,).
        """
        total = np.zeros(len(heavy))
        for start in range(0, len(total), _MANY):
            part = slice(start, start + _MANY)
            for other in range(start, len(total), _MANY):
                some = slice(other, other + _MANY)
                table = self.rows[part] @ self.points[some].T
                np.exp(table, out=table)
                cut = table if high is None else np.minimum(table, high[some])
                total[part] += cut @ heavy[some]
                if other > start:
                    cut = table if high is None else np.minimum(table, high[part, None], out=table)
                    total[some] += heavy[part] @ cut
        return total

    def clipped(
        self, rows: Ints, points: Floats, heavy: Floats, low: Floats | None, high: Floats | None
    ) -> Doubles:
        """Weighted sum over some points of the kernel cut off below `low` and above `high`."""
        total = np.zeros(len(rows))
        tall = max(1, min(_MANY, len(rows)))
        wide = max(256, _TABLE // tall)
        for at in range(0, len(rows), tall):
            left = self.rows[rows[at : at + tall]]
            for start in range(0, len(heavy), wide):
                part = slice(start, start + wide)
                table = left @ points[part].T
                np.exp(table, out=table)
                if high is not None:
                    np.minimum(table, high[part], out=table)
                if low is not None:
                    table -= low[part]
                    np.maximum(table, 0.0, out=table)
                total[at : at + tall] += table @ heavy[part]
        return total


def _columns(cloud: Cloud, radius: float, dtype: np.dtype[np.floating]) -> Floats:
    wide = np.ones((len(cloud), cloud.vectors.shape[1] + 2), dtype=dtype)
    for part, block in cloud.blocks():
        wide[part, :-2] = block / radius
        wide[part, -2] = -cloud.norms[part] / radius**2
    return wide


def herd(
    vectors: Floats,
    n: int,
    keys: Keys,
    radius: float,
    *,
    points: Floats | None = None,
    weights: Floats | None = None,
    known: Floats | None = None,
) -> Herd:
    """Greedily take the `n` rows that raise sum_x weights[x] max_s k(s, x) most.

    k(s, x) = exp(-|s - x|^2 / radius^2), x runs over the `points` (the rows themselves when
    absent) and s over the picks and the `known` points (m, d). The picks are those of plain
    greedy, equal gains by lowest key, but no n x r table is held and few gains are computed:
    gains only shrink, so a stale one bounds the true one from above (Minoux's lazy greedy).
    Gains are bracketed in single precision first; only rows whose brackets reach the best
    are computed in double precision.

    References
    ----------
    Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.

    Examples
    --------
    >>> line = np.array([[0.0], [0.5], [1.0], [9.0]])
    >>> found = herd(line, 2, np.negative, 1.0)
    >>> found.positions, found.owner
    (array([1, 3]), array([0, 0, 0, 1]))
    """
    cover = vectors if points is None else points
    heavy = np.ones(len(cover)) if weights is None else np.asarray(weights, dtype=np.float64)
    exact = Kernel(vectors, cover, radius, np.dtype(np.float64))
    bounds = _Bounds(vectors, cover, radius, heavy, exact)
    nothing = 1e-12 * float(bounds.mass.max())
    reached = np.zeros(len(cover))
    if known is not None and len(known):
        cloud = Cloud(cover)
        reached = np.exp(-cloud.lowest(cloud.moved(known)) / radius**2)
    owner = np.full(len(cover), -1, dtype=np.int64)
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        best = bounds.leaders(reached)
        gains = exact.gains(best, heavy, reached)
        tied = best[gains >= gains.max() - nothing]
        if gains.max() <= nothing:  # all are covered: the rest go by key
            rest = np.setdiff1d(np.arange(len(vectors)), picked)
            rest = rest[np.argsort(keys(rest), kind="stable")][: n - len(picked)]
            picked += rest.tolist()
            won += [0.0] * len(rest)
            break
        at = int(tied[0] if len(tied) == 1 else tied[np.argmin(keys(tied))])
        won.append(float(gains[best == at][0]))
        row = exact.row(at)
        owner[row > reached] = len(picked)
        np.maximum(reached, row, out=reached)
        picked.append(at)
        bounds.taken(at, reached)
    return Herd(np.array(picked, dtype=np.int64), np.array(won), owner)


class _Bounds:
    """What each row gains at most, in single precision where its rounding allows that.

    Gains were all computed when `low` was reached; since then only points where more is
    reached took something away, so only those are looked at again, and only for rows whose
    bound still reaches the best. Where that would cost as much as doing so for all, all are.
    """

    def __init__(
        self, vectors: Floats, points: Floats, radius: float, heavy: Doubles, exact: Kernel
    ) -> None:
        eps = float(np.finfo(np.float32).eps)
        single = eps * exact.largest < 1e-4
        self.kernel = Kernel(vectors, points, radius, np.dtype(np.float32)) if single else exact
        if not single:
            eps = float(np.finfo(np.float64).eps)
        self.heavy = heavy.astype(self.kernel.rows.dtype)
        everyone = np.arange(len(vectors))
        self.same = vectors is points
        self.mass = (
            self.kernel.mass(self.heavy) if self.same else self.kernel.gains(everyone, self.heavy)
        )
        # of an exponent and of its exponential; what is random in it cancels in the sum
        self.error = eps * (1.0 + 2.0 * exact.largest) * self.mass
        self.gains, self.low = self.mass.copy(), np.zeros(len(points))
        self.upper = self.gains + self.error
        self.work = 0

    def taken(self, row: int, reached: Doubles) -> None:
        """Leave a row out from now on; `reached` (r,) is what is covered with it."""
        self.upper[row] = self.gains[row] = -np.inf
        if self.same and not self.low.any():  # a first pick takes from all: by half the table
            self.gains -= self.kernel.mass(self.heavy, reached.astype(self.heavy.dtype))
            self.upper = np.minimum(self.upper, self.gains + self.error)
            self.low = reached.copy()

    def leaders(self, reached: Doubles) -> Ints:
        """Rows that may gain most: all others gain less than the best of these."""
        fresh = np.flatnonzero(reached > self.low)
        points, heavy = self.kernel.points[fresh], self.heavy[fresh]
        low, high = (a[fresh].astype(heavy.dtype) for a in (self.low, reached))
        base = low if low.any() else None
        now = np.full(len(self.gains), np.nan)
        everyone, seen, many = self.work > len(now), 0, _FEW
        floor = -np.inf
        while True:
            stale = np.isnan(now)
            rows = np.flatnonzero(stale if everyone else stale & (self.upper >= floor))
            if len(rows) > many and not everyone:
                rows = rows[np.argpartition(-self.upper[rows], many)[:many]]
            fallen = self.kernel.clipped(rows, points, heavy, base, high)
            now[rows] = self.gains[rows] - fallen
            self.upper[rows] = np.minimum(self.upper[rows], now[rows] + self.error[rows])
            floor = max(floor, float((now[rows] - self.error[rows]).max(initial=-np.inf)))
            seen, many = seen + len(rows), min(2 * many, _MANY)
            if everyone:
                self.gains, self.low, self.work = now, reached.copy(), 0
            if everyone or not len(rows):
                return np.flatnonzero(self.upper >= floor)
            everyone = 4 * seen > len(now)
            self.work += len(rows)
