"""The k best of a stream of scores, exactly, ties broken by a key of each row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist.core.types import Floats, Positions

Keys = Callable[[Positions], Floats]  # tie-breaking numbers of some rows: lowest goes first
Scored = Callable[[slice, float], Floats]  # scores of some rows, as `stream_top_k` asks for them

_ROWS = 1 << 15


def top_k(scores: Floats, k: int, keys: Keys) -> Positions:
    """Positions of the `k` highest scores (n,), best first; equal scores go by lowest key.

    Never sorts more than the survivors: each block is compared with the k-th best so far,
    and keys are asked only of rows that tie at the cut or are returned.

    Examples
    --------
    >>> top_k(np.array([0.1, 0.9, 0.5, 0.9]), 3, lambda rows: -rows.astype(float))
    array([3, 1, 2])
    """
    return stream_top_k(lambda rows, _: scores[rows], len(scores), k, keys)[0]


def stream_top_k(
    scored: Scored, n: int, k: int, keys: Keys, *, rows: int = _ROWS
) -> tuple[Positions, Floats]:
    """Positions (k,) and scores (k,) of the best of `n` rows that are scored block by block.

    Holds O(k) and one block of `rows` scores. What is picked does not depend on `rows`.

    Parameters
    ----------
    scored : function (slice, floor) -> array
        Scores of these rows. One below `floor` cannot be picked any more: any other number
        below `floor` will do in its place.
    keys : function (rows) -> array
        Breaks ties, the lowest first.

    Examples
    --------
    >>> scores = np.array([0.1, 0.9, 0.5, 0.9])
    >>> stream_top_k(lambda rows, floor: scores[rows], 4, 2, np.negative, rows=2)
    (array([3, 1]), array([0.9, 0.9]))
    """
    kept, values = np.empty(0, dtype=np.int64), np.empty(0)
    floor = -np.inf
    for start in range(0, n, rows):
        block = scored(slice(start, min(start + rows, n)), floor)
        fresh = np.flatnonzero(block >= floor)
        kept = np.concatenate([kept, fresh + start])
        values = np.concatenate([values, block[fresh]], dtype=np.float64)
        # not at every newcomer: a cut handles k rows, so it waits until as many have come
        if len(kept) >= 2 * k or start + rows >= n > k:
            left = _cut(values, kept, k, keys)
            kept, values = kept[left], values[left]
            floor = float(values.min())
    order = np.lexsort((keys(kept), -values))
    return kept[order], values[order]


def drawn(n: int, k: int, keys: Keys) -> Positions:
    """The `k` of `n` rows (or all) of lowest keys, lowest first: a uniform draw if the keys are.

    Examples
    --------
    >>> drawn(4, 2, np.array([0.7, 0.2, 0.9, 0.1]).__getitem__)
    array([3, 1])
    """
    return stream_top_k(lambda rows, _: -keys(np.arange(rows.start, rows.stop)), n, k, keys)[0]


def _cut(values: Floats, rows: Positions, k: int, keys: Keys) -> Positions:
    """Which k of the candidates stay: places in `values` (m,), not rows."""
    if len(values) <= k:
        return np.arange(len(values))
    threshold = np.partition(values, len(values) - k)[len(values) - k]
    sure = np.flatnonzero(values > threshold)
    tied = np.flatnonzero(values == threshold)
    short = k - len(sure)
    if short < len(tied):
        tied = tied[np.argpartition(keys(rows[tied]), short)[:short]]
    return np.concatenate([sure, tied])
