"""The k best of a stream of scores, exactly, ties broken by a key of each row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist.core.types import Floats, Positions

Keys = Callable[[Positions], Floats]  # tie-breaking numbers of some rows: lowest goes first

_ROWS = 1 << 16


def top_k(scores: Floats, k: int, keys: Keys) -> Positions:
    """Positions of the `k` highest scores (n,), best first; equal scores go by lowest key.

    Never sorts more than the survivors: each block is compared with the k-th best so far,
    and keys are asked only of rows that tie at the cut or are returned.

    Examples
    --------
    >>> top_k(np.array([0.1, 0.9, 0.5, 0.9]), 3, lambda rows: -rows.astype(float))
    array([3, 1, 2])
    """
    kept = np.empty(0, dtype=np.int64)
    floor = -np.inf
    for start in range(0, len(scores), _ROWS):
        block = scores[start : start + _ROWS]
        fresh = np.flatnonzero(block >= floor).astype(np.int64) + start
        kept = np.concatenate([kept, fresh])
        if len(kept) > k:
            kept = _cut(scores, kept, k, keys)
            floor = float(scores[kept].min())
    return kept[np.lexsort((keys(kept), -scores[kept]))]


def _cut(scores: Floats, rows: Positions, k: int, keys: Keys) -> Positions:
    values = scores[rows]
    threshold = np.partition(values, len(values) - k)[len(values) - k]
    sure = rows[values > threshold]
    tied = rows[values == threshold]
    short = k - len(sure)
    if short < len(tied):
        tied = tied[np.argpartition(keys(tied), short)[:short]]
    return np.concatenate([sure, tied])
