"""Lazy greedy herding of a whole pool: Gaussian coverage without a table of the kernel."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles
from querist.selection.topk import Keys

_SIDE = 512  # rows and points of a table of the kernel: it stays in cache
_FEW = 32  # stale candidates looked at again: few at first, then more at a time
_NEAR = 256  # rows around the mode among which the first pick is guessed
_STEPS = 5  # of mean shift towards it
_LEAST = -80.0  # exponents end here: a value of 1e-35 is nothing, and still a normal float


@dataclass(frozen=True)
class Herd:
    """Picks (n,), what each added to the coverage (n,), and who covers each point (r,).

    `owner` holds the place of a pick in `positions`, or -1 where something known before
    covers the point better.
    """

    positions: Positions
    gains: Doubles
    owner: Ints


@dataclass(frozen=True)
class Radii:
    """A radius of its own for each row (n,), each point (r,) and each known point (m,).

    Where the points are the rows, their radii are the same too.
    """

    rows: Doubles
    points: Doubles
    known: Doubles


class Kernel:
    """exp(-|s - x|^2 / (r_s r_x)) of candidates s to points x, a block at a time.

    Examples
    --------
    >>> kernel = Kernel(np.array([[0.0], [1.0]]), np.array([[1.0]]), np.ones(2), np.ones(1))
    >>> kernel.table(np.arange(2)).round(3)
    array([[0.368],
           [1.   ]])
    """

    def __init__(self, vectors: Floats, points: Floats, own: Doubles, theirs: Doubles) -> None:
        self.same = vectors is points
        self.cloud = Cloud(points)
        others = self.cloud if self.same else Cloud(vectors, origin=self.cloud.origin)
        unit = float(np.median(own)) if len(own) else 1.0  # or tiny radii would overflow
        # two more columns each, so that one matrix product gives the whole exponent
        self.rows = _columns(others, own, unit)
        self.points = self.rows.copy() if self.same else _columns(self.cloud, theirs, unit)
        self.rows[:, :-2] *= 2.0
        self.points[:, -2:] = self.points[:, :-3:-1]
        rows_far, points_far = (
            -float(t.min(initial=0.0)) for t in (self.rows[:, -2], self.points[:, -1])
        )
        rows_near, points_near = (
            float(r.max(initial=0.0)) for r in (self.rows[:, -1], self.points[:, -2])
        )
        self.largest = max(rows_far * points_near, points_far * rows_near)
        self._room = np.empty(_SIDE * _SIDE)

    def rounded(self) -> Kernel:
        """The same in single precision."""
        single = copy(self)
        single.rows, single.points = self.rows.astype(np.float32), self.points.astype(np.float32)
        single._room = np.empty(_SIDE * _SIDE, dtype=np.float32)
        return single

    def table(self, rows: Ints) -> Floats:
        """Kernel of a few candidates to all points, (m, r)."""
        one = len(rows) == 1  # then a matrix-vector product is faster
        table = (self.points @ self.rows[rows[0]])[None] if one else self.rows[rows] @ self.points.T
        exponents: Floats = np.minimum(table, 0.0, out=table)
        return np.exp(exponents, out=exponents)

    def sums(self, heavy: Floats, low: Floats) -> tuple[Doubles, Doubles]:
        """Weighted sum over the points of each row's kernel (n,), whole and in excess of `low`.

        By one half of the table of all pairs, which is symmetric, where the points are the rows.
        """
        whole, over = np.zeros((2, len(self.rows)))
        cut = np.empty_like(self._room)
        for start in range(0, len(whole), _SIDE):
            part = slice(start, start + _SIDE)
            for other in range(start if self.same else 0, len(heavy), _SIDE):
                some = slice(other, other + _SIDE)
                table = self._exponents(self.rows[part], self.points[some])
                if 4.0 * self.largest > -_LEAST:
                    np.maximum(table, _LEAST, out=table)
                np.exp(table, out=table)
                room = cut[: table.size].reshape(table.shape)
                whole[part] += table @ heavy[some]
                over[part] += _excess(table, low[some], room) @ heavy[some]
                if self.same and other > start:
                    whole[some] += heavy[part] @ table
                    over[some] += heavy[part] @ _excess(table, low[part, None], room)
        return whole, over

    def raised(
        self, rows: Ints | slice, points: Ints, heavy: Floats, low: Floats, high: Floats
    ) -> Doubles:
        """Weighted sum over some points of each row's kernel from exponent `low` up to `high`."""
        chosen = self.rows[rows]
        total = np.zeros(len(chosen))
        for start in range(0, len(points), _SIDE):
            some = points[start : start + _SIDE]
            right, weights, least, most = self.points[some], heavy[some], low[some], high[some]
            before = np.exp(least)
            for at in range(0, len(chosen), _SIDE):
                table = self._exponents(chosen[at : at + _SIDE], right)
                np.maximum(table, least, out=table)
                np.minimum(table, most, out=table)
                np.exp(table, out=table)
                table -= before
                total[at : at + _SIDE] += table @ weights
        return total

    def _exponents(self, rows: Floats, points: Floats) -> Floats:
        room = self._room[: len(rows) * len(points)].reshape(len(rows), len(points))
        return np.matmul(rows, points.T, out=room)


def _excess(table: Floats, low: Floats, room: Floats) -> Floats:
    np.maximum(table, low, out=room)
    return np.subtract(room, low, out=room)


def _columns(cloud: Cloud, radii: Doubles, unit: float) -> Doubles:
    wide, radii = np.empty((len(cloud), cloud.vectors.shape[1] + 2)), radii / unit
    for part, block in cloud.blocks():
        wide[part, :-2] = block / unit / radii[part, None]
    wide[:, -2] = -cloud.norms / unit**2 / radii
    wide[:, -1] = 1.0 / radii
    return wide


def herd(
    vectors: Floats,
    n: int,
    keys: Keys,
    radius: float | Radii,
    *,
    points: Floats | None = None,
    weights: Floats | None = None,
    known: Floats | None = None,
) -> Herd:
    """Greedily take the `n` rows that raise sum_x weights[x] max_s k(s, x) most.

    k(s, x) = exp(-|s - x|^2 / radius^2), x runs over the `points` (the rows themselves when
    absent) and s over the picks and the `known` points (m, d); with radii of their own,
    k(s, x) = exp(-|s - x|^2 / (r_s r_x)). The picks are those of plain greedy, equal gains by
    lowest key, but no n x r table is held and few gains are computed: gains only shrink, so a
    stale one bounds the true one from above (Minoux's lazy greedy). Gains are bracketed in
    single precision first; only rows whose brackets reach the best are computed in double
    precision.

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
    if not isinstance(radius, Radii):
        sizes = len(vectors), len(cover), 0 if known is None else len(known)
        radius = Radii(*(np.full(size, radius) for size in sizes))
    exact = Kernel(vectors, cover, radius.rows, radius.points)
    reached = np.zeros(len(cover))
    if known is not None and len(known):
        reached = _reached(exact.cloud, exact.cloud.moved(known), radius)
    bounds = _Bounds(exact, heavy)
    guess = None if reached.any() else bounds.guess()
    bounds.settle(reached if guess is None else exact.table(guess)[0])
    nothing = 1e-12 * float(bounds.mass.max(initial=0.0))
    owner = np.full(len(cover), -1, dtype=np.int64)
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        best = bounds.leaders(reached) if reached.any() else bounds.densest()
        gains, table = _gains(exact, best, heavy, reached)
        tied = np.flatnonzero(gains >= gains.max() - nothing)
        if gains.max() <= nothing:  # all are covered: the rest go by key
            rest = np.setdiff1d(np.arange(len(vectors)), picked)
            rest = rest[np.argsort(keys(rest), kind="stable")][: n - len(picked)]
            picked += rest.tolist()
            won += [0.0] * len(rest)
            break
        first = tied[0] if len(tied) == 1 else tied[np.argmin(keys(best[tied]))]
        row = table[first] if len(table) == len(best) else exact.table(best[first, None])[0]
        owner[row > reached] = len(picked)
        np.maximum(reached, row, out=reached)
        won.append(float(gains[first]))
        picked.append(int(best[first]))
        if guess is not None and len(picked) == 1 and best[first] != guess[0]:
            bounds.settle(reached)
        bounds.leave(picked)
    return Herd(np.array(picked, dtype=np.int64), np.array(won), owner)


def _gains(exact: Kernel, rows: Ints, heavy: Doubles, reached: Doubles) -> tuple[Doubles, Floats]:
    """What each of the `rows` adds to what is `reached`, (m,), and the kernel of the last few."""
    gains = np.empty(len(rows))
    for start in range(0, len(rows), _FEW):
        table = exact.table(rows[start : start + _FEW])
        gains[start : start + _FEW] = np.maximum(table - reached, 0.0) @ heavy
    return gains, table


def _reached(cloud: Cloud, known: Doubles, radii: Radii) -> Doubles:
    """Kernel of each point to the known one that covers it best, (r,)."""
    low = np.full(len(cloud), np.inf)
    for part, chunk, table in cloud.tables(known):
        near = cloud.quiet(part, table) / radii.known[chunk : chunk + table.shape[1]]
        np.minimum(low[part], near.min(axis=1), out=low[part])
    return np.asarray(np.exp(-low / radii.points))


class _Bounds:
    """What each row gains at most, in single precision where its rounding allows that.

    `gains` take account of each point up to the exponent `low`, the same for all rows; what was
    reached since is owed. To leave some of it out only makes a gain too large, so the points
    that owe most are settled first, for all rows at once, and only until few rows are left
    whose bounds reach the best: for those few all points are looked at. Points that are raised
    a little again and again are thus settled once.
    """

    def __init__(self, exact: Kernel, heavy: Doubles) -> None:
        eps = float(np.finfo(np.float32).eps)
        single = eps * exact.largest < 1e-4
        self.kernel = exact.rounded() if single else exact
        if not single:
            eps = float(np.finfo(np.float64).eps)
        # of an exponent and of its exponential; what is random in it cancels in the sum
        self.share = eps * (1.0 + 2.0 * exact.largest)
        self.heavy = heavy.astype(self.kernel.rows.dtype)
        self.work = 0

    def settle(self, reached: Doubles) -> None:
        """Gains of all rows beyond what is `reached` (r,), and their masses, anew."""
        self.low = _logs(reached, self.heavy)
        self.mass, self.gains = self.kernel.sums(self.heavy, np.exp(self.low))
        self.error = self.share * float(self.mass.max(initial=0.0))
        self.upper = self.gains + self.error

    def leave(self, rows: list[int]) -> None:
        """Rows never to be picked again."""
        self.gains[rows] = self.upper[rows] = -np.inf

    def guess(self) -> Ints:
        """The row that probably has most mass, (1,): the best of those around a mode.

        A right guess saves a pass over all pairs, as the first pick takes from all rows.
        """
        kernel, heavy = self.kernel, self.heavy
        everyone = np.arange(len(heavy))
        open_low, open_high = np.full_like(heavy, _LEAST), np.zeros_like(heavy)
        some = everyone[:: max(1, len(heavy) // _NEAR)]
        rough = kernel.raised(slice(None), some, heavy, open_low, open_high)
        points, mode = kernel.points[:, :-2], kernel.rows[int(rough.argmax()), :-2] / 2.0
        norms = kernel.points[:, -1] * kernel.points[:, -2]
        for _ in range(_STEPS):  # mean shift
            near = np.exp(np.minimum(2.0 * (points @ mode) + norms - mode @ mode, 0))
            near *= heavy
            if near.sum() > 0:
                mode = near @ points / near.sum()
        close = kernel.rows[:, :-2] @ mode + kernel.rows[:, -2] * kernel.rows[:, -1]
        rows = np.argsort(-close, kind="stable")[:_NEAR]
        mass = kernel.raised(rows, everyone, heavy, open_low, open_high)
        return rows[mass.argmax(), None]

    def densest(self) -> Ints:
        """Rows that may have most mass."""
        return np.flatnonzero(self.mass >= self.mass.max() - 2.0 * self.error)

    def leaders(self, reached: Doubles) -> Ints:
        """Rows that may gain most: all others gain less than the best of these."""
        high = _logs(reached, self.heavy)
        owing = np.flatnonzero(high > self.low)
        owed = (np.exp(high[owing]) - np.exp(self.low[owing])) * self.heavy[owing]
        owing = owing[np.argsort(-owed)]
        now = np.full(len(self.gains), np.nan)
        many, floor = _FEW, -np.inf
        while True:
            rows = np.flatnonzero(np.isnan(now) & (self.upper >= floor))
            if not len(rows):
                return np.flatnonzero(self.upper >= floor)
            cost = len(rows) * len(owing) + self.work
            if floor > -np.inf and cost > len(now) * min(len(owing), _SIDE):
                some, owing = owing[:_SIDE], owing[_SIDE:]
                self._account(some, high)
                continue
            if len(rows) > many:
                rows = rows[np.argpartition(-self.upper[rows], many)[:many]]
            fallen = self.kernel.raised(rows, owing, self.heavy, self.low, high)
            now[rows] = self.gains[rows] - fallen
            self.upper[rows] = np.minimum(self.upper[rows], now[rows] + self.error)
            floor = max(floor, float(now[rows].max()) - self.error)
            self.work += len(rows) * len(owing)
            many = min(2 * many, _SIDE)

    def _account(self, points: Ints, high: Floats) -> None:
        """Settle some points for all rows."""
        self.gains -= self.kernel.raised(slice(None), points, self.heavy, self.low, high)
        self.low[points] = high[points]
        self.upper = np.minimum(self.upper, self.gains + self.error)
        self.work = 0


def _logs(reached: Doubles, like: Floats) -> Floats:
    return np.log(np.maximum(reached, np.exp(_LEAST))).astype(like.dtype)
