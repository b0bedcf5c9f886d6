"""Lazy greedy maximisation of weighted coverage (facility location)."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Positions
from querist.selection.cloud import Doubles


def cover(kernel: Floats, weights: Floats, covered: Floats, n: int) -> tuple[Positions, Doubles]:
    """Greedily take `n` candidates that raise the weighted coverage most, and by how much.

    The objective is sum_x weights[x] * max over taken j of kernel[j, x], at least
    covered[x]. Gains only shrink, so a stale gain bounds the true one from above and few
    are computed again (Minoux's lazy greedy, the same picks as the plain one). Equal gains
    go to the earlier row.

    Parameters
    ----------
    kernel : array (c, r)
        Similarity of each candidate to each point to be covered, in [0, 1].
    weights : array (r,)
        How much each point counts.
    covered : array (r,)
        Coverage to begin with.

    References
    ----------
    Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.

    Examples
    --------
    >>> kernel = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> cover(kernel, np.array([1.0, 2.0, 1.0]), np.zeros(3), 2)[0]
    array([1, 2])
    """
    reached = np.array(covered, dtype=kernel.dtype)
    heavy = np.asarray(weights, dtype=kernel.dtype)
    gains = np.array([_gain(row, reached, heavy) for row in kernel])
    current = np.zeros(len(kernel), dtype=np.int64)  # how many picks each gain has seen
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        best = int(np.argmax(gains))
        if current[best] < len(picked):
            gains[best] = _gain(kernel[best], reached, heavy)
            current[best] = len(picked)
            continue
        picked.append(best)
        won.append(float(gains[best]))
        gains[best] = -1.0
        current[best] = n
        np.maximum(reached, kernel[best], out=reached)
    return np.array(picked, dtype=np.int64), np.array(won)


def _gain(row: Floats, reached: Floats, weights: Floats) -> float:
    return float(weights @ np.maximum(row - reached, 0.0))
