"""Greedy picks by scores that only shrink, with few passes over the pool, exact."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from querist.core.progress import tick
from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Doubles, first_of_best
from querist.selection.topk import Keys, top_k

ACTIVE = 1024  # rows the greedy works on between two passes: their vectors stay in cache

# after the pick of one row: the scores of some rows as they now are, at most what they were
Shrink = Callable[[Ints, Doubles, Ints], None]


def greedy_shrinking(
    scores: Doubles,
    n: int,
    keys: Keys,
    shrink: Shrink,
    tolerance: float = 0.0,
    *,
    active: int = ACTIVE,
) -> tuple[Positions, Doubles]:
    """The `n` rows that score highest when picked one by one, and those scores.

    A score that only shrinks is bounded from above by its stale value. So the greedy runs
    among the `active` highest rows, and goes over the pool again only when their best falls
    under the best stale score outside. Equal scores (within `tolerance`) go by lowest key.

    Parameters
    ----------
    scores : array (n,)
        Scores before the first pick; lowered in place, -inf at what was picked.
    shrink : callable
        `shrink(rows, values, fresh)` lowers `values` of `rows` in place by the picks `fresh`.

    References
    ----------
    Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.

    Examples
    --------
    >>> def halve(rows, values, fresh):
    ...     values *= 0.5 ** len(fresh)
    >>> greedy_shrinking(np.array([1.0, 4.0, 2.0]), 2, np.negative, halve)
    (array([1, 2]), array([4., 1.]))
    """
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        tick("picks", len(picked), n)
        rows = top_k(scores, min(active + 1, len(scores)), keys)
        bound = scores[rows[-1]] if len(rows) > active else -np.inf
        rows = np.sort(rows[:active])
        values, before = scores[rows], len(picked)
        while len(picked) < n:
            best = first_of_best(values, partial(_keys_at, keys, rows), tolerance)
            if len(picked) > before and values[best] <= bound + tolerance:
                break
            picked.append(int(rows[best]))
            won.append(float(values[best]))
            gone = values < 0
            shrink(rows, values, rows[best : best + 1])
            values[gone] = values[best] = -np.inf
        fresh = np.array(picked[before:], dtype=np.int64)
        if len(picked) < n:
            gone = scores < 0
            shrink(np.arange(len(scores)), scores, fresh)
            scores[gone] = -np.inf
            scores[fresh] = -np.inf
    return np.array(picked, dtype=np.int64), np.array(won)


def _keys_at(keys: Keys, rows: Ints, at: Ints) -> Floats:
    return keys(rows[at])
