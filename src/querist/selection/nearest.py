"""Nearest known rows of every row of a table, kept while more rows become known."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import BLOCK, Cloud, Doubles, rounded_mean

# The shape of a matrix product decides its last bits. All are of one shape, so that adding
# rows one by one, or all at once after a restart, gives the same numbers.
_WIDE = 64


class Nearest:
    """Distances of all rows of `vectors` (n, d) to the `k` nearest known rows among them.

    Only what was added since is compared with the table: O(n d) time for each added row,
    O(n k) memory. The result does not depend on the order or the portions of adding.

    Parameters
    ----------
    vectors : array (n, d)
    k : int
        Columns kept; those beyond the number of known rows hold infinity and -1.
    first : int, optional
        How many of the rows decide where the origin is moved to, for accuracy: all by default.
        Of a table that grows always the same ones, or the last bits would differ.

    Examples
    --------
    >>> near = Nearest(np.array([[0.0], [1.0], [5.0], [6.0]]))
    >>> near.add(np.array([0]))
    >>> near.add(np.array([3]))
    >>> near.distances.ravel(), near.rows.ravel()
    (array([0., 1., 1., 0.]), array([0, 0, 3, 3]))
    """

    def __init__(self, vectors: Floats, k: int = 1, first: int | None = None) -> None:
        self._cloud = Cloud(vectors, rounded_mean(vectors[:first]))
        self.known = np.empty(0, dtype=np.int64)
        self._squares = np.full((len(vectors), k), np.inf)
        self.rows = np.full((len(vectors), k), -1, dtype=np.int64)

    @property
    def distances(self) -> Doubles:
        """Distances (n, k), nearest first."""
        return np.asarray(np.sqrt(self._squares))

    def follow(self, vectors: Floats, known: Ints) -> None:
        """Bring up to date: `vectors` may have more rows, `known` (m,) more or fewer.

        Known rows that are no longer known cost a start from nothing.
        """
        if len(vectors) > len(self._squares):
            self._grow(vectors)
        if not np.isin(self.known, known).all():
            self.known = self.known[:0]
            self._forget(0)
        self.add(np.setdiff1d(known, self.known))

    def add(self, rows: Ints) -> None:
        """Make more rows known."""
        self.known = np.concatenate([self.known, rows])
        self._fold(rows, 0)

    def _grow(self, vectors: Floats) -> None:
        old, k = self._squares.shape
        more = len(vectors) - old
        self._cloud = Cloud(vectors, self._cloud.origin)
        self._squares = np.concatenate([self._squares, np.full((more, k), np.inf)])
        self.rows = np.concatenate([self.rows, np.full((more, k), -1, dtype=np.int64)])
        start = old - old % BLOCK
        self._forget(start)
        self._fold(self.known, start)

    def _forget(self, start: int) -> None:
        self._squares[start:], self.rows[start:] = np.inf, -1

    def _fold(self, known: Ints, start: int) -> None:
        """Compare the rows from `start` on, the first of a block, with some known ones."""
        if not len(known):
            return
        points = self._cloud.rows(known)
        short = -len(points) % _WIDE
        turned = np.pad(-2.0 * points.T, ((0, 0), (0, short)))
        squares = np.pad(self._cloud.norms[known], (0, short), constant_values=np.inf)
        names = np.pad(known, (0, short), constant_values=-1)
        for part, block in self._cloud.blocks(start):
            size = len(block)
            if size < BLOCK:
                block = np.pad(block, ((0, BLOCK - size), (0, 0)))
            for at in range(0, len(names), _WIDE):
                some = slice(at, at + _WIDE)
                table = (block @ np.ascontiguousarray(turned[:, some]))[:size]
                table += squares[some]
                table += self._cloud.norms[part, None]
                self._merge(part, self._cloud.quiet(part, table), names[some])

    def _merge(self, part: slice, table: Doubles, names: Ints) -> None:
        """Keep the nearest of a table of squared distances and of what was kept, (rows, points)."""
        low, rows = self._squares[part], self.rows[part]
        better = np.flatnonzero(table.min(axis=1) <= low[:, -1])
        values = np.concatenate([low[better], table[better]], axis=1)
        which = np.concatenate(
            [rows[better], np.broadcast_to(names, (len(better), len(names)))], axis=1
        )
        if low.shape[1] == 1:
            least = values.min(axis=1, keepdims=True)
            tied = np.where(values == least, which, np.iinfo(np.int64).max)
            low[better], rows[better] = least, tied.min(axis=1, keepdims=True)
            return
        order = np.lexsort((which, values), axis=1)[:, : low.shape[1]]
        low[better] = np.take_along_axis(values, order, axis=1)
        rows[better] = np.take_along_axis(which, order, axis=1)
