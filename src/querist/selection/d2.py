"""D^2 sampling (k-means++ seeding) by exact rejection, for plain and outer-product features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tick
from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Doubles, first_of_best, is_sparse, squared_norms
from querist.selection.topk import Keys

PENDING = 50  # centres between two passes: with more of them more proposals are refused
_ROWS = 2048  # rows of a block: the table of distances to the pending centres stays in cache
_NOISE = 1e-13  # rounding of a difference of squares, relative to the squares


class Outer:
    """Features that are outer products of the rows of `factors`, never materialised.

    For rows q_i and h_i of two factors the feature is q_i (x) h_i, and inner products are
    <q_i, q_j> <h_i, h_j>. One factor alone is an ordinary table of features.

    Parameters
    ----------
    factors : sequence of arrays (n, d_f)
        Sparse matrices stay so; the centres they meet are dense.

    Examples
    --------
    >>> features = Outer([np.array([[1.0], [2.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])])
    >>> features.norms
    array([25.,  4.])
    >>> features.apart(np.array([0]), np.array([1]))
    array([[13.]])
    """

    def __init__(self, factors: Sequence[Floats]) -> None:
        self.factors = tuple(factors)
        self.norms = np.empty(self.factors[0].shape[0])
        for start in range(0, len(self), _ROWS):
            part = slice(start, start + _ROWS)
            squares = [squared_norms(rows) for rows in self._rows(part)]
            self.norms[part] = np.multiply.reduce(squares)

    def __len__(self) -> int:
        return len(self.norms)

    def _rows(self, part: slice | Ints) -> list[Doubles]:
        return [
            factor[part].astype(np.float64)
            if is_sparse(factor)
            else np.asarray(factor[part], dtype=np.float64)
            for factor in self.factors
        ]

    def _centres(self, centres: Ints) -> list[Doubles]:
        points = self._rows(centres)
        return [p.toarray() if is_sparse(p) else p for p in points]  # type: ignore[attr-defined]

    def apart(self, rows: slice | Ints, centres: Ints) -> Doubles:
        """Squared distances (centres, rows) of some features; rounding noise is 0."""
        return self._table(self._rows(rows), self.norms[rows], self._centres(centres), centres)

    def lower(self, left: Doubles, centres: Ints) -> None:
        """Lower `left` (n,) in place to the squared distance to the nearest of `centres`."""
        points = self._centres(centres)
        for start in range(0, len(self), _ROWS):
            part = slice(start, start + _ROWS)
            table = self._table(self._rows(part), self.norms[part], points, centres)
            np.minimum(left[part], table.min(axis=0), out=left[part])

    def _table(
        self, rows: list[Doubles], norms: Doubles, points: list[Doubles], centres: Ints
    ) -> Doubles:
        table = points[0] @ rows[0].T
        for centre, row in zip(points[1:], rows[1:], strict=True):
            table *= centre @ row.T
        table *= -2.0
        table += norms
        table += self.norms[centres][:, None]
        # equal features stand at 0 exactly: rounding must not make a copy worth a draw
        table[table < _NOISE * norms] = 0.0
        return table


def d2_sample(
    features: Outer, n: int, keys: Keys, rng: np.random.Generator, *, first: int | None = None
) -> tuple[Positions, Doubles]:
    """`n` rows by k-means++ seeding and the squared distance each had when drawn, (n,), (n,).

    The first row is `first`, or the one of largest norm; each further row is drawn with
    probability proportional to D, its squared distance to the nearest drawn one. A row is
    proposed from an older D, which only bounds today's from above, and accepted with
    probability D today / D then, which gives exactly the law of plain k-means++; the whole
    pool is passed over once per `PENDING` draws. When only copies of drawn rows are left,
    they follow in order of key. Rows are drawn in order of key, so picks go by item.

    References
    ----------
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA.

    Examples
    --------
    >>> features = Outer([np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]])])
    >>> d2_sample(features, 2, np.negative, np.random.default_rng(0))
    (array([2, 0]), array([25., 25.]))
    """
    order = np.argsort(keys(np.arange(len(features))), kind="stable")
    start = first
    if start is None:
        tolerance = 1e-12 * float(features.norms.max(initial=0.0))
        start = first_of_best(features.norms, keys, tolerance)
    drawn, worth = [start], [float(features.norms[start])]
    left, done = np.full(len(features), np.inf), 0
    while len(drawn) < n:
        tick("picks", len(drawn), n)
        features.lower(left, np.array(drawn[done:]))
        left[drawn] = 0.0
        done = len(drawn)
        mass = np.cumsum(left[order])
        if not mass[-1] > 0:
            rest = order[~np.isin(order, drawn)][: n - done]
            return np.array([*drawn, *rest]), np.array([*worth, *np.zeros(len(rest))])
        _draw(features, left, mass, order, min(n, done + PENDING), rng, drawn, worth)
    return np.array(drawn, dtype=np.int64), np.array(worth)


def _draw(
    features: Outer,
    left: Doubles,
    mass: Doubles,
    order: NDArray[np.int64],
    until: int,
    rng: np.random.Generator,
    drawn: list[int],
    worth: list[float],
) -> None:
    """Draw from the stale distances `left` until so many are drawn or too many are refused."""
    done, refused = len(drawn), 0
    last = int(np.searchsorted(mass, mass[-1]))  # rounding must not draw a row of no mass
    while len(drawn) < until and refused < PENDING:
        at = min(int(np.searchsorted(mass, rng.random() * mass[-1], side="right")), last)
        row = int(order[at])
        now = float(left[row])
        if len(drawn) > done:
            apart = features.apart(np.array([row]), np.array(drawn[done:]))
            now = min(now, float(apart.min()))
        if rng.random() * left[row] < now:
            drawn.append(row)
            worth.append(now)
        else:
            refused += 1
