"""Batches of least tr(M^-1 F): forward greedy and backward again, in factored form."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Doubles, first_of_best
from querist.selection.fisher import Frame, information
from querist.selection.topk import Keys, top_k

CANDIDATES = 20_000  # rows the greedy works on
_ROWS = 1024
_FADED = 1e-5  # tables that have shrunk so far are computed afresh, before rounding shows
_OFF = 0.25  # squared error of a carried inverse beyond which it is computed afresh


def lowest_trace(
    proba: Floats,
    vectors: Floats,
    n: int,
    keys: Keys,
    frame: Frame,
    known: tuple[Floats, Floats] | None = None,
    *,
    ridge: float,
    candidates: int = CANDIDATES,
) -> tuple[Positions, Doubles]:
    """The `n` rows left of 2 n when tr(M^-1 F) is lowered by greedy steps, and what each won.

    The information of an item is X'X with X = R (x) h', R'R = diag(p) - p p' and h the vector
    with a 1 behind it. F is its mean over the pool and the m items `known` (probabilities and
    vectors); M = ridge I + (m F_known + n sum X'X) / (m + n), the sum over the rows chosen.
    Rows are counted in one by one, always the one that lowers the trace most, up to twice
    as many as wanted; then out, always the one that raises it least. Equal ones go by lowest
    key. Where there are more than `candidates` rows, those of largest first gain take part.

    O(r^2 e) time a row and pick and O(r^2 + e) memory a row, for r directions of the classes
    and e of the vectors; matrices of order r e besides.

    References
    ----------
    Ash, Goel, Krishnamurthy and Kakade (2021), Gone fishing: neural active learning with
    Fisher embeddings, NeurIPS.

    Examples
    --------
    >>> from querist.selection.fisher import frame_of
    >>> proba = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])
    >>> vectors = np.array([[1.0], [3.0], [9.0]])
    >>> lowest_trace(proba, vectors, 1, np.negative, frame_of(proba, vectors), ridge=1.0)[0]
    array([1])
    """
    fisher = information(proba, vectors, frame)
    base = ridge * np.eye(len(fisher))
    m = 0 if known is None else len(known[0])
    if known is not None and m:
        of_known = information(*known, frame)
        fisher += of_known
        base += of_known / (m + n)
    fisher /= len(proba) + m
    scale = np.sqrt(n / (m + n))
    rows = np.arange(len(proba))
    if len(rows) > max(candidates, 2 * n):
        rows = _foremost(proba, vectors, frame, scale, (fisher, base), max(candidates, 2 * n), keys)
    design = Design(proba[rows], vectors[rows], frame, scale, (fisher, base))
    picked, won = _inward(design, min(2 * n, len(rows)), lambda at: keys(rows[at]))
    left = _outward(design.take(picked), n, lambda at: keys(rows[picked[at]]))
    return rows[picked[left]], won[left]


class Design:
    """Candidates X_i = R_i (x) h_i' beside M: tables A = X M^-1 X' and B = X M^-1 F M^-1 X'.

    Counting one in or out changes M by rank r, and the tables of all others by small
    products. `low` and `high` (n,) are bounds of what counting each in takes off tr(M^-1 F),
    tr(B K^-1) with K = I + A: with G the inverse of an earlier K and Z = I - K G it is
    K^-1 = 2 G - G K G + Z' K^-1 Z, and the last term lies between 0 and Z'Z.
    """

    def __init__(
        self,
        proba: Floats,
        vectors: Floats,
        frame: Frame,
        scale: float,
        measures: tuple[Doubles, Doubles],
    ) -> None:
        self.points = frame.points(vectors)
        size, turn = np.linalg.eigh(frame.spreads(proba))
        self.roots = scale * np.sqrt(np.maximum(size, 0.0))[:, :, None] * turn.transpose(0, 2, 1)
        self.fisher, self.base = measures
        self.inverse = _inverse(self.base)
        self._fill()

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: Ints) -> Design:
        """Some of the candidates, with M as it is now."""
        part: Design = object.__new__(Design)
        part.points, part.roots = self.points[rows], self.roots[rows]
        part.fisher, part.base, part.inverse = self.fisher, self.base, self.inverse.copy()
        part._fill()
        return part

    def renew(self, chosen: Ints) -> None:
        """Compute M^-1 and all tables afresh, the candidates `chosen` counted in."""
        rows = np.concatenate([self._rows_of(at) for at in chosen])
        self.inverse = _inverse(self.base + rows.T @ rows)
        self._fill()

    def count(self, at: int, sign: int) -> None:
        """Count a candidate in (`sign` 1) or out (-1)."""
        rows = self._rows_of(at)
        along = self.inverse @ rows.T
        size, turn = np.linalg.eigh(np.eye(len(rows)) + sign * (rows @ along))
        along = along @ (turn / np.sqrt(np.maximum(size, 1e-12)))
        far = self.fisher @ along
        beside = self.inverse @ far - (0.5 * sign) * (along @ (along.T @ far))
        self.inverse -= sign * (along @ along.T)
        r, e = len(rows), self.points.shape[1]
        pair = np.concatenate([along, beside], axis=1).reshape(r, e, 2 * r)
        both = pair.transpose(1, 0, 2).reshape(e, -1)
        for start in range(0, len(self), _ROWS):
            part = slice(start, start + _ROWS)
            moved = self.roots[part] @ (self.points[part] @ both).reshape(-1, r, 2 * r)
            near, off = moved[:, :, :r], moved[:, :, r:]
            self.inner[part] -= sign * (near @ near.transpose(0, 2, 1))
            change = near @ off.transpose(0, 2, 1)
            self.outer[part] -= sign * (change + change.transpose(0, 2, 1))
            if sign > 0:
                self._judge(part)

    def gains(self, rows: Ints) -> Doubles:
        """What counting each of some candidates in takes off the trace."""
        return _trace(np.linalg.solve(_plus(self.inner[rows]), self.outer[rows]))

    def losses(self) -> Doubles:
        """What counting each candidate out adds to the trace, all of them being counted in."""
        # the little more keeps what a candidate alone supports from being singular
        eye = (1.0 + 1e-12) * np.eye(self.inner.shape[1])
        return _trace(np.linalg.solve(eye - self.inner, self.outer))

    def _rows_of(self, at: int) -> Doubles:
        wide = self.roots[at][:, :, None] * self.points[at]
        return np.asarray(wide.reshape(len(wide), -1))

    def _fill(self) -> None:
        spread = self.inverse @ self.fisher @ self.inverse
        self.inner, self.outer = np.empty_like(self.roots), np.empty_like(self.roots)
        self.solved = np.zeros_like(self.roots)
        self.low, self.high = np.empty(len(self)), np.empty(len(self))
        for start in range(0, len(self), _ROWS):
            part = slice(start, start + _ROWS)
            self.inner[part] = _tables(self.inverse, self.roots[part], self.points[part])
            self.outer[part] = _tables(spread, self.roots[part], self.points[part])
            self._judge(part)

    def _judge(self, part: slice) -> None:
        """Bring the bounds of some candidates, and their inverses, up to date."""
        whole, outer, solved = _plus(self.inner[part]), self.outer[part], self.solved[part]
        error = np.eye(whole.shape[1]) - whole @ solved
        off = np.einsum("nab,nab->n", error, error) > _OFF
        if off.any():
            solved[off] = np.linalg.inv(whole[off])
            error[off] = np.eye(whole.shape[1]) - whole[off] @ solved[off]
        solved += solved @ error
        self.low[part] = np.einsum("nab,nab->n", solved, outer)
        self.high[part] = self.low[part] + np.einsum("nab,nab->n", error @ outer, error)


def _inward(design: Design, n: int, keys: Keys) -> tuple[Positions, Doubles]:
    picked: list[int] = []
    won: list[float] = []
    peak = float(_trace(design.outer).max())
    while len(picked) < n:
        heaviest = float(_trace(design.outer).max())
        if heaviest < _FADED * peak:
            design.renew(np.array(picked))
            peak = heaviest
        design.low[picked] = design.high[picked] = -np.inf
        best = float(design.low.max())
        tolerance = 1e-9 * abs(best) + 1e-13 * peak
        rows = np.flatnonzero(design.high >= best - tolerance)
        gains = design.gains(rows)
        at = _first(gains, rows, keys, tolerance)
        picked.append(int(rows[at]))
        won.append(float(gains[at]))
        design.count(picked[-1], 1)
    return np.array(picked, dtype=np.int64), np.array(won)


def _outward(design: Design, n: int, keys: Keys) -> Ints:
    """Which `n` of the candidates, all counted in, are left, in the order they came."""
    left = np.arange(len(design))
    while len(left) > n:
        losses = design.losses()[left]
        tolerance = 1e-9 * abs(float(losses.min()))
        at = _first(-losses, left, lambda rows: -keys(rows), tolerance)
        design.count(int(left[at]), -1)
        left = np.delete(left, at)
    return left


def _first(values: Doubles, rows: Ints, keys: Keys, tolerance: float) -> int:
    return first_of_best(values, lambda at: keys(rows[at]), tolerance)


def _foremost(
    proba: Floats,
    vectors: Floats,
    frame: Frame,
    scale: float,
    measures: tuple[Doubles, Doubles],
    n: int,
    keys: Keys,
) -> Positions:
    first = np.empty(len(proba))
    for start in range(0, len(proba), n):
        part = slice(start, start + n)
        block = Design(proba[part], vectors[part], frame, scale, measures)
        first[part] = block.gains(np.arange(len(block)))
    # rounded, so that copies stand alike wherever they are in a block
    return np.sort(top_k(np.round(first / max(first.max(), 1e-300), 9), n, keys))


def _tables(matrix: Doubles, roots: Doubles, points: Doubles) -> Doubles:
    """X m X' of each candidate for a symmetric matrix m, (n, r, r)."""
    n, r = roots.shape[:2]
    e = points.shape[1]
    tables = np.empty((n, r, r))
    for a in range(r):
        moved = (points @ matrix[a * e : (a + 1) * e, a * e :]).reshape(n, r - a, e)
        tables[:, a, a:] = np.einsum("nce,ne->nc", moved, points)
        tables[:, a:, a] = tables[:, a, a:]
    return np.asarray(roots @ tables @ roots.transpose(0, 2, 1))


def _plus(inner: Doubles) -> Doubles:
    return np.asarray(np.eye(inner.shape[1]) + inner)


def _trace(tables: Doubles) -> Doubles:
    return np.asarray(np.einsum("nrr->n", tables))


def _inverse(matrix: Doubles) -> Doubles:
    turned = np.linalg.inv(matrix)
    return np.asarray((turned + turned.T) / 2)
