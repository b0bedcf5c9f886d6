"""Points of a table, and squared distances to them by blocked matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from querist.core.arrays import Doubles as Doubles
from querist.core.progress import tick
from querist.core.types import Floats, Ints
from querist.selection.topk import Keys

BLOCK = 2048  # rows of a block: with 128 columns 2 MiB of doubles
_POINTS = 512  # points of a block, so a table of distances never passes 8 MiB
_NOISE = 1e-13  # rounding of a difference of squares, relative to the squares


class Cloud:
    """The rows of `vectors` (n, d), moved near the origin and widened to doubles in blocks.

    Distances come from one matrix product per block. Moving the origin to the rounded mean
    keeps that exact for whole numbers and accurate far from zero. Lowest and nearest values
    that are rounding noise become 0, so copies of a point are at distance 0 of it.
    Sparse rows stay sparse and where they are: their blocks are matrices in CSR form, what
    they are multiplied with is dense.

    Examples
    --------
    >>> cloud = Cloud(np.array([[0.0, 0.0], [3.0, 4.0]]))
    >>> cloud.lowest(cloud.rows(np.array([0])))
    array([ 0., 25.])
    """

    def __init__(self, vectors: Floats, origin: Doubles | None = None) -> None:
        self.vectors = vectors
        self.sparse = is_sparse(vectors)
        if origin is None:
            origin = np.zeros(vectors.shape[1]) if self.sparse else rounded_mean(vectors)
        self.origin = origin
        self._shifts = bool(self.origin.any())
        self.norms = np.empty(vectors.shape[0])
        for part, block in self.blocks():
            self.norms[part] = squared_norms(block)
        self.scale = float(self.norms.max(initial=0.0))

    def __len__(self) -> int:
        return len(self.norms)

    def blocks(self, first: int = 0) -> Iterator[tuple[slice, Doubles]]:
        """Slices of the rows, from `first` on, and the moved rows themselves."""
        for start in range(first, len(self), BLOCK):
            tick("rows", start, len(self))
            part = slice(start, start + BLOCK)
            yield part, self.some(part)

    def moved(self, points: Floats) -> Doubles:
        """Points (p, d) of the caller's space in this cloud's."""
        if is_sparse(points):
            points = points.toarray()  # type: ignore[attr-defined]
        if not self._shifts:
            return np.asarray(points, dtype=np.float64)
        return np.subtract(points, self.origin, dtype=np.float64)

    def rows(self, positions: Ints) -> Doubles:
        """Some rows, moved, (m, d)."""
        return self.moved(self.vectors[positions])

    def some(self, positions: slice | Ints) -> Doubles:
        """Some rows, moved; sparse ones as a sparse matrix."""
        if self.sparse:
            rows: Doubles = self.vectors[positions].astype(np.float64)
            return rows
        return self.moved(self.vectors[positions])

    def lowest(self, points: Doubles, so_far: Doubles | None = None) -> Doubles:
        """Squared distance of each row to the nearest of the moved `points`, (n,).

        `so_far` (n,) is lowered in place where it is given; below-zero marks stay.
        """
        low = np.full(len(self), np.inf) if so_far is None else so_far
        for part, _, distances in self.tables(points):
            np.minimum(low[part], self.quiet(part, distances.min(axis=1)), out=low[part])
        return low

    def nearest(self, points: Doubles) -> tuple[Ints, Doubles]:
        """Which of the moved `points` (p, d) is nearest to each row, and its squared distance."""
        low = np.full(len(self), np.inf)
        which = np.zeros(len(self), dtype=np.int64)
        for part, chunk, distances in self.tables(points):
            best = distances.argmin(axis=1)
            found = self.quiet(part, distances[np.arange(len(best)), best])
            better = found < low[part]
            which[part][better] = best[better] + chunk
            low[part][better] = found[better]
        return which, low

    def quiet(self, part: slice, distances: Doubles) -> Doubles:
        """Squared distances of some rows, (m,) or (m, p), with rounding noise set to 0."""
        noise = _NOISE * self.norms[part]
        return np.where(noise > distances.T, 0.0, distances.T).T

    def tables(self, points: Doubles) -> Iterator[tuple[slice, int, Doubles]]:
        """Blocks of the table of squared distances: rows, first of the points, values.

        Values are raw: a copy's may be rounding noise of either sign, see `quiet`.
        """
        turned = np.ascontiguousarray(-2.0 * points.T)
        squares = np.einsum("ij,ij->i", points, points)
        for part, block in self.blocks():
            norms = self.norms[part][:, None]
            for chunk in range(0, len(points), _POINTS):
                table = block @ turned[:, chunk : chunk + _POINTS]
                table += squares[chunk : chunk + _POINTS]
                table += norms
                yield part, chunk, table


class Directions(Cloud):
    """The rows of `vectors` (n, d) at length one, scaled in blocks; all-zero rows stay.

    Examples
    --------
    >>> Directions(np.array([[0.0, 2.0], [3.0, 4.0]])).rows(np.array([0, 1]))
    array([[0. , 1. ],
           [0.6, 0.8]])
    """

    def __init__(self, vectors: Floats) -> None:
        super().__init__(vectors, origin=np.zeros(vectors.shape[1]))

    def rows(self, positions: Ints) -> Doubles:
        """Some rows at length one, (m, d)."""
        return unit_rows(self.vectors[positions])

    def some(self, positions: slice | Ints) -> Doubles:
        """Some rows at length one, (m, d)."""
        return unit_rows(self.vectors[positions])


def rounded_mean(vectors: Floats) -> Doubles:
    """Mean of the rows rounded to whole numbers, (d,), so that moving by it is exact."""
    return np.asarray(np.round(mean_of(vectors)))


def mean_of(vectors: Floats) -> Doubles:
    """Mean of the rows in doubles, (d,), without a copy of the table."""
    total = np.zeros(vectors.shape[1])
    for start in range(0, vectors.shape[0], BLOCK):
        block = vectors[start : start + BLOCK]
        total += np.asarray(block.sum(axis=0, dtype=np.float64)).ravel()
    return np.asarray(total / max(1, vectors.shape[0]))


def is_sparse(table: Any) -> bool:
    """Whether a table is a sparse matrix."""
    return hasattr(table, "tocsr")


def squared_norms(block: Doubles) -> Doubles:
    """Squared length of each row (n, d), dense or sparse; (n,).

    Examples
    --------
    >>> squared_norms(np.array([[3.0, 4.0]]))
    array([25.])
    """
    if is_sparse(block):
        return np.asarray(block.multiply(block).sum(axis=1)).ravel()  # type: ignore[attr-defined]
    return np.asarray(np.einsum("ij,ij->i", block, block))


def first_of_best(values: Doubles, keys: Keys, tolerance: float) -> int:
    """Row of the highest value; of those within `tolerance` of it the one of lowest key.

    Examples
    --------
    >>> first_of_best(np.array([1.0, 2.0, 2.0]), lambda rows: -rows.astype(float), 1e-9)
    2
    """
    best = np.flatnonzero(values >= values.max() - tolerance)
    return int(best[0] if len(best) == 1 else best[np.argmin(keys(best))])


def unit_rows(vectors: Floats) -> Doubles:
    """Rows scaled to length one, in doubles; all-zero rows stay.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    scaled = np.empty(vectors.shape)
    for start in range(0, len(vectors), BLOCK):
        block = np.asarray(vectors[start : start + BLOCK], dtype=np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        scaled[start : start + BLOCK] = block / np.where(lengths > 0, lengths, 1.0)[:, None]
    return scaled
