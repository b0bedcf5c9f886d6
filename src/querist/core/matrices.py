"""Checks of arrays: shape, kind and numbers, said so that the caller can mend them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.arrays import Floats
from querist.core.errors import BadInput

_CACHE = 1 << 16  # numbers checked at a time: a block that is read twice stays in cache
_SUMS = 1 << 14  # sums of rows at a time: longer ones are faulted in anew for every block
LARGEST = 1e60  # squares, and sums of products of squares, stay finite


def check_proba(name: str, proba: Floats, *, ndim: int = 2) -> None:
    """Raise BadInput unless the last axis of `proba` holds probabilities.

    Examples
    --------
    >>> check_proba("proba", np.array([[0.7, 0.7]]))
    Traceback (most recent call last):
    querist.core.errors.BadInput: proba row 0 sums to 1.4; every row must sum to 1
    """
    if proba.ndim != ndim:
        shape = "(n, k)" if ndim == 2 else "(n, s, k)"
        raise BadInput(f"{name} must have shape {shape}, but it has shape {proba.shape}")
    check_columns(name, proba)
    rows = max(1, min(_SUMS, _CACHE // max(1, proba[:1].size)))
    per_row = proba.shape[1] if ndim == 3 else 1  # so many sums a row
    for start in range(0, len(proba), rows):
        block = proba[start : start + rows]
        if block.dtype not in (np.float32, np.float64):
            block = block.astype(np.float64)
        low = block.min(initial=0.0)  # NaN where one is
        # a product with ones runs along memory; sums of short rows are several times slower
        ones = np.ones(block.shape[-1], dtype=block.dtype)
        with np.errstate(all="ignore"):
            total = block.reshape(len(block) * per_row, len(ones)) @ ones
            right = np.abs(total - 1) <= 1e-3
        if low >= 0 and right.all():
            continue
        if not low >= 0 or not np.isfinite(total).all():
            raise BadInput(f"{name} holds NaN, infinite or negative values; give probabilities")
        at = int(np.argmin(right))
        row = start + at // per_row
        raise BadInput(f"{name} row {row} sums to {total[at]:.4g}; every row must sum to 1")


def check_columns(name: str, array: Floats) -> None:
    """Raise BadInput when the array has no column at all.

    Examples
    --------
    >>> check_columns("vectors", np.zeros((2, 0)))
    Traceback (most recent call last):
    querist.core.errors.BadInput: vectors has shape (2, 0); give at least one column
    """
    if 0 in array.shape[1:]:
        raise BadInput(f"{name} has shape {array.shape}; give at least one column")


def check_matrix(name: str, matrix: Floats) -> None:
    """Raise BadInput unless it is a table of finite numbers, (n, d), that can be squared.

    Examples
    --------
    >>> check_matrix("vectors", np.array([[1.0], [1e200]]))
    Traceback (most recent call last):
    querist.core.errors.BadInput: vectors row 1 holds a number beyond 1e+60; scale vectors down
    """
    if matrix.ndim != 2:
        raise BadInput(f"{name} must have shape (n, d), but it has shape {matrix.shape}")
    if not np.issubdtype(matrix.dtype, np.number):
        raise BadInput(f"{name} must be numeric, but its dtype is {matrix.dtype}")
    if hasattr(matrix, "tocsr"):
        entries: Any = matrix
        _check_numbers(name, entries.data, lambda at: _row_of(entries.indptr, at))
    elif matrix.size:
        _check_numbers(name, matrix, int)


def check_vectors(name: str, vectors: Floats) -> None:
    """`check_matrix`, and BadInput when all numbers are so small that their squares vanish.

    Examples
    --------
    >>> check_vectors("vectors", np.array([[0.0], [1e-200]]))
    Traceback (most recent call last):
    querist.core.errors.BadInput: vectors holds nothing beyond 1e-200; scale vectors up
    """
    check_matrix(name, vectors)
    numbers: Any = vectors.data if hasattr(vectors, "tocsr") else vectors
    if numbers.dtype.kind != "f" or numbers.dtype.itemsize < 8:
        return
    rows = max(1, _CACHE // max(1, numbers[:1].size))
    largest = 0.0
    for start in range(0, len(numbers), rows):
        block = numbers[start : start + rows]
        largest = max(largest, float(block.max(initial=0.0)), -float(block.min(initial=0.0)))
        if largest >= 1 / LARGEST:  # as a rule at the first block
            return
    if largest:
        raise BadInput(f"{name} holds nothing beyond {largest:.3g}; scale {name} up")


def check_widths(name: str, one: Floats, other_name: str, other: Floats) -> None:
    """Raise BadInput unless two tables have as many columns.

    Examples
    --------
    >>> check_widths("a", np.zeros((2, 3)), "b", np.zeros((4, 2)))
    Traceback (most recent call last):
    querist.core.errors.BadInput: a has 3 columns but b has 2; they must live in the same space
    """
    if one.shape[1] != other.shape[1]:
        columns = f"{one.shape[1]} columns but {other_name} has {other.shape[1]}"
        raise BadInput(f"{name} has {columns}; they must live in the same space")


def check_decision(decision: Floats) -> None:
    """Raise BadInput unless they are decision values: finite, (n,) or (n, k).

    Examples
    --------
    >>> check_decision(np.array([0.5, np.nan]))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    querist.core.errors.BadInput: decision row 1 holds NaN or infinity; impute or drop it before...
    """
    if decision.ndim > 2:
        shape = decision.shape
        raise BadInput(f"decision must have shape (n,) or (n, k), but it has shape {shape}")
    check_columns("decision", decision)
    if decision.size:
        _check_numbers("decision", decision, int)


def check_targets(targets: NDArray[Any], classes: int) -> None:
    """Raise BadInput unless they are what was told: classes, numbers, or 0/1 a label.

    Examples
    --------
    >>> check_targets(np.array([0, 1, 3]), 3)
    Traceback (most recent call last):
    querist.core.errors.BadInput: labelled.targets are positions 0..2 into classes, but one is 3
    """
    if targets.ndim > 2:
        shape = targets.shape
        raise BadInput(f"labelled.targets must be (m,), or (m, k) of 0/1, but have shape {shape}")
    if targets.size:
        _check_numbers("labelled.targets", targets, int)
    if targets.ndim == 2:
        if classes and targets.shape[1] != classes:
            raise BadInput(
                f"labelled.targets has {targets.shape[1]} columns but there are {classes} classes; "
                "give a column of 0/1 for each, or one position (m,) into classes"
            )
        if not np.isin(targets, (0, 1)).all():
            raise BadInput("labelled.targets of shape (m, k) say with 0 or 1 whether a label holds")
        return
    wrong = (targets != np.floor(targets)) | (targets < 0) | (targets >= classes)
    if classes and targets.dtype.kind != "b" and wrong.any():
        raise BadInput(
            f"labelled.targets are positions 0..{classes - 1} into classes, but one is "
            f"{targets[wrong][0]}"
        )


def _check_numbers(name: str, array: NDArray[Any], row_of: Callable[[int], int]) -> None:
    """Raise BadInput when a number, the first axis being rows, is not finite or too large."""
    if array.dtype.kind in "iub":
        return
    rows = max(1, _CACHE // max(1, array[:1].size))
    for start in range(0, len(array), rows):
        block = array[start : start + rows]
        with np.errstate(all="ignore"):
            total = float(np.vdot(block, block))
        if total <= LARGEST**2:
            continue
        wide = np.abs(block.reshape(len(block), -1).astype(np.float64)).max(axis=1)
        bad = np.flatnonzero(~(wide <= LARGEST))  # NaN too
        if not len(bad):
            continue
        row, size = row_of(start + int(bad[0])), wide[bad[0]]
        if np.isfinite(size):
            raise BadInput(f"{name} row {row} holds a number beyond {LARGEST:g}; scale {name} down")
        raise BadInput(f"{name} row {row} holds NaN or infinity; impute or drop it before querying")


def _row_of(starts: NDArray[Any], entry: int) -> int:
    """The row an entry of a sparse matrix stands in."""
    return int(np.searchsorted(starts, entry, side="right")) - 1
