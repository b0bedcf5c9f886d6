"""Squared distances in single precision that are never too large: what they rule out is out."""

from __future__ import annotations

from typing import Any

import numpy as np

from querist.core.types import Floats
from querist.selection.cloud import Cloud, Doubles, squared_norms

LEAST, MOST = 1e-35, 1e30  # squares that single precision holds
_LOOSE = 32.0  # units of the last place a squared distance may be off, and more with columns


def looseness(d: int, dtype: type[np.floating[Any]] = np.float32) -> float:
    """Rounding of a squared distance in `d` columns, relative to the squares it is made of."""
    return (_LOOSE + 2.0 * float(np.sqrt(d))) * float(np.finfo(dtype).eps)


def lefts(rows: Doubles, norms: Doubles, dtype: type[np.floating[Any]] = np.float32) -> Floats:
    """Rows (m, d) with two more columns: their product with `rights` is a squared distance.

    Or a bit less, never more: squares are made smaller by what rounding may add to them.

    Examples
    --------
    >>> rows, points = np.array([[0.0], [3.0]]), np.array([[1.0]])
    >>> table = lefts(rows, rows[:, 0] ** 2) @ rights(points, points[:, 0] ** 2).T
    >>> table.round(3).ravel().tolist()
    [1.0, 4.0]
    """
    return _wide(rows, norms, 1.0, dtype)


def rights(points: Doubles, norms: Doubles, dtype: type[np.floating[Any]] = np.float32) -> Floats:
    """Points (p, d) as what `lefts` are multiplied with, (p, d + 2)."""
    wide = _wide(points, norms, -2.0, dtype)
    wide[:, -2:] = wide[:, :-3:-1]
    return wide


def _wide(rows: Doubles, norms: Doubles, times: float, dtype: type[np.floating[Any]]) -> Floats:
    wide: Floats = np.ones((len(rows), rows.shape[1] + 2), dtype=dtype)
    np.multiply(rows, times, out=wide[:, :-2], casting="same_kind")
    wide[:, -2] = norms * (1.0 - looseness(rows.shape[1], dtype))
    return wide


def fits(cloud: Cloud, points: Doubles | None = None) -> bool:
    """Whether a cloud's rows, and some points (p, d), can be had in single precision."""
    largest = cloud.scale if points is None else max(cloud.scale, squared_norms(points).max())
    return not cloud.sparse and bool(largest < MOST)
