"""Batches of items, whatever holds them: lists, arrays, sparse matrices and frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from querist.core.types import Ints

BLOCK = 8192  # rows predicted at a time: bounds the memory of what transformers make of them


def count(items: Any) -> int:
    """Number of rows of a batch.

    Examples
    --------
    >>> import numpy as np
    >>> count(["a", "b"]), count(np.zeros((3, 2)))
    (2, 3)
    """
    return int(items.shape[0]) if hasattr(items, "shape") else len(items)


def blocks(items: Any, size: int = BLOCK) -> Iterator[Any]:
    """The batch in slices of at most `size` rows; a small batch comes as it is.

    Examples
    --------
    >>> [len(part) for part in blocks(list(range(5)), 2)]
    [2, 2, 1]
    """
    n = count(items)
    if n <= size:
        yield items
        return
    rows = items.iloc if hasattr(items, "iloc") else items
    if hasattr(items, "tocsr"):
        rows = items.tocsr()
    for start in range(0, n, size):
        yield rows[start : start + size]


def take(items: Any, rows: Ints) -> Any:
    """The rows of a batch at the positions given, in that order.

    Examples
    --------
    >>> import numpy as np
    >>> take(["a", "b", "c"], np.array([2, 0]))
    ['c', 'a']
    """
    if hasattr(items, "iloc"):
        return items.iloc[rows]
    if hasattr(items, "tocsr"):
        return items.tocsr()[rows]
    if isinstance(items, list | tuple):
        return [items[row] for row in rows]
    if hasattr(items, "shape"):
        return items[rows]
    return [items[int(row)] for row in rows]
