"""Uncertainty of each row of a table of probabilities, one pass in cache-sized blocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from querist.core.arrays import Doubles as Doubles
from querist.core.types import Floats

_CACHE = 1 << 16  # numbers in a block: half a MiB of doubles, so it stays in L2
_ROWS = 1 << 14  # at most: longer columns are given back to the system and faulted in again
_WIDE = 64  # columns from which whole rows are searched, not one column after the other
_TINY = np.finfo(np.float64).tiny
_EPSILON = float(np.finfo(np.float32).eps)
_TINY_SINGLE = np.finfo(np.float32).tiny


def by_blocks(
    measure: Callable[[Any], Doubles], table: Floats, *, cache: int = _CACHE, widen: bool = True
) -> Doubles:
    """Apply a row-wise `measure` to `table` (n, ...) block by block; (n,) in float64.

    Single precision is widened inside the block, so that both precisions of the same
    numbers rank alike and no copy of the whole table is made. A measure that rounds
    nothing before it widens its own result, like a maximum, does without: `widen=False`.

    Examples
    --------
    >>> by_blocks(lambda block: block.sum(axis=1), np.ones((3, 2), dtype=np.float32))
    array([2., 2., 2.])
    """
    width = int(np.prod(table.shape[1:], dtype=np.int64))
    rows = max(1, min(_ROWS, cache // max(1, width)))
    out = np.empty(len(table))
    for start in range(0, len(table), rows):
        block = table[start : start + rows]
        if widen or block.dtype not in (np.float32, np.float64):
            block = np.asarray(block, dtype=np.float64, order="C")
        out[start : start + rows] = measure(block)
    return out


def least_confidence(proba: Floats) -> Doubles:
    """One minus the largest probability of each row of `proba` (n, k); (n,).

    Examples
    --------
    >>> least_confidence(np.array([[0.75, 0.25], [1.0, 0.0]]))
    array([0.25, 0.  ])
    """
    return by_blocks(lambda block: 1.0 - _widened(_largest(block)), proba, widen=False)


def _largest(block: Floats) -> Floats:
    """Largest number of each row, in the precision it came in, which rounds nothing."""
    if block.shape[1] > _WIDE:
        return np.asarray(block.max(axis=1))
    # maxima over turned blocks run along rows of memory, several times faster
    return np.asarray(np.ascontiguousarray(block.T).max(axis=0))


def _widened(numbers: Floats) -> Doubles:
    return np.asarray(numbers, dtype=np.float64)


def top_two_gap(table: Floats) -> Doubles:
    """Largest minus second largest number of each row of `table` (n, k); (n,).

    A single column is compared with nothing at all: the number itself is the gap.

    Examples
    --------
    >>> top_two_gap(np.array([[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]))
    array([0.25, 1.  ])
    """
    return by_blocks(_gap, table, widen=False)


def _gap(block: Floats) -> Doubles:
    if block.shape[1] == 1:
        return _widened(block[:, 0])
    if block.shape[1] > _WIDE:
        best, rows = block.argmax(axis=1), np.arange(len(block))
        rest = block.copy()
        rest[rows, best] = -np.inf
        return _widened(block[rows, best]) - _widened(rest.max(axis=1))
    columns = np.ascontiguousarray(block.T)
    first = np.maximum(columns[0], columns[1])
    second = np.minimum(columns[0], columns[1])
    lower = np.empty_like(first)
    for column in columns[2:]:
        np.minimum(first, column, out=lower)
        np.maximum(second, lower, out=second)
        np.maximum(first, column, out=first)
    # the difference is taken in doubles: single precision would round it, and make ties
    return _widened(first) - _widened(second)


def entropy(proba: Floats) -> Doubles:
    """Entropy in nats of each row of `proba` (n, k), with 0 log 0 = 0; (n,).

    Examples
    --------
    >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5]])).round(4)
    array([0.    , 0.6931])
    """
    return by_blocks(entropy_of, proba)


def entropy_above(proba: Floats, floor: float) -> Doubles:
    """Entropy of each row of `proba` (n, k) that can reach `floor`, minus infinity else; (n,).

    Logarithms in single precision, which cost a third, tell within a known error which rows
    are out; the others are computed as `entropy` does, to the last bit.

    Examples
    --------
    >>> entropy_above(np.array([[1.0, 0.0], [0.5, 0.5]]), 0.5).round(4)
    array([  -inf, 0.6931])
    """
    if floor == -np.inf:
        return entropy(proba)
    k = proba.shape[1]
    # one rounding of p, eight of its logarithm, one of their product, k - 1 of the sum; twice that
    least = floor - 2.0 * _EPSILON * (k + 10) * (1.0 + math.log(k))
    ones = np.ones(k, dtype=np.float32)

    def measure(block: Floats) -> Doubles:
        single = np.maximum(block.astype(np.float32, copy=False), _TINY_SINGLE)
        rough = np.log(single)
        rough *= single
        able = np.flatnonzero(~(rough @ ones > -least))  # what is no number stays, to be told
        out = np.full(len(block), -np.inf)
        out[able] = entropy_of(_widened(block[able]))
        return out

    return by_blocks(measure, proba, widen=False)


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
