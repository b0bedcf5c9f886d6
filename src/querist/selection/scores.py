"""Uncertainty of each row of a table of probabilities, one pass in cache-sized blocks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats

Doubles = NDArray[np.float64]

_CACHE = 1 << 15  # numbers in a block: 256 KiB of doubles, so temporaries stay in L2
_WIDE = 64  # columns from which whole rows are searched, not one column after the other
_TINY = np.finfo(np.float64).tiny


def by_blocks(
    measure: Callable[[Doubles], Doubles], table: Floats, *, cache: int = _CACHE
) -> Doubles:
    """Apply a row-wise `measure` to `table` (n, ...) block by block, in float64; (n,).

    Single precision is widened inside the block, so that both precisions of the same
    numbers rank alike and no copy of the whole table is made.

    Examples
    --------
    >>> by_blocks(lambda block: block.sum(axis=1), np.ones((3, 2), dtype=np.float32))
    array([2., 2., 2.])
    """
    width = int(np.prod(table.shape[1:], dtype=np.int64))
    rows = max(1, cache // max(1, width))
    out = np.empty(len(table))
    for start in range(0, len(table), rows):
        block = np.asarray(table[start : start + rows], dtype=np.float64)
        out[start : start + rows] = measure(block)
    return out


def least_confidence(proba: Floats) -> Doubles:
    """One minus the largest probability of each row of `proba` (n, k); (n,).

    Examples
    --------
    >>> least_confidence(np.array([[0.75, 0.25], [1.0, 0.0]]))
    array([0.25, 0.  ])
    """
    # maxima over turned blocks run along rows of memory, several times faster
    return by_blocks(lambda block: 1.0 - np.ascontiguousarray(block.T).max(axis=0), proba)


def top_two_gap(table: Floats) -> Doubles:
    """Largest minus second largest number of each row of `table` (n, k); (n,).

    A single column is compared with nothing at all: the number itself is the gap.

    Examples
    --------
    >>> top_two_gap(np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]))
    array([0.25, 1.  ])
    """
    return by_blocks(_gap, table)


def _gap(block: Doubles) -> Doubles:
    if block.shape[1] == 1:
        return block[:, 0]
    if block.shape[1] > _WIDE:
        best, rows = block.argmax(axis=1), np.arange(len(block))
        rest = block.copy()
        rest[rows, best] = -np.inf
        return np.asarray(block[rows, best] - rest.max(axis=1))
    columns = np.ascontiguousarray(block.T)
    first = np.maximum(columns[0], columns[1])
    second = np.minimum(columns[0], columns[1])
    for column in columns[2:]:
        np.maximum(second, np.minimum(first, column), out=second)
        np.maximum(first, column, out=first)
    gap: Doubles = first - second
    return gap


def entropy(proba: Floats) -> Doubles:
    """Entropy in nats of each row of `proba` (n, k), with 0 log 0 = 0; (n,).

    Examples
    --------
    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(4)
    array([0.    , 0.6931])
    """
    return by_blocks(entropy_of, proba)


def entropy_of(block: Doubles) -> Doubles:
    """Entropy over the last axis of a block that fits in memory, (..., k) -> (...).

    Examples
    --------
    >>> float(entropy_of(np.array([0.0, 1.0])))
    0.0
    """
    # the floor makes the logarithm finite where the probability, its factor, is zero
    summed = np.einsum("...k,...k->...", block, np.log(np.maximum(block, _TINY)))
    return np.asarray(np.maximum(-summed, 0.0))
