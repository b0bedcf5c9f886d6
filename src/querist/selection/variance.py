"""Greedy picks of largest posterior variance in Bayesian linear regression."""

from __future__ import annotations

import numpy as np
from scipy.linalg import qr, solve_triangular

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Doubles, squared_norms
from querist.selection.shrinking import greedy_shrinking
from querist.selection.topk import Keys

_ROWS = 2048


def most_variable(
    vectors: Floats, n: int, keys: Keys, known: Floats | None = None, noise: float = 1.0
) -> tuple[Positions, Doubles]:
    """The `n` rows of largest posterior variance when picked one by one, and those variances.

    z' P z with z = (1, x) and P the inverse of noise I + the sum of z z' over all before;
    a pick j takes (z' P z_j)^2 / (1 + z_j' P z_j) off every row's variance, which only
    shrinks.

    Examples
    --------
    >>> picks, variances = most_variable(np.array([[-1.0], [0.0], [3.0]]), 2, np.negative)
    >>> picks, variances.round(3)
    (array([2, 0]), array([10.   ,  1.636]))
    """
    d = vectors.shape[1] + 1
    known = vectors[:0] if known is None else known
    largest = max(float(known.max(initial=0.0)), -float(known.min(initial=0.0)))
    # a root of the sum of squares, not the sum: far from zero that has lost the noise
    root = max(np.sqrt(noise), 1e-12 * largest) * np.eye(d)
    for start in range(0, len(known), _ROWS):
        block = _with_one(known[start : start + _ROWS])
        root = qr(np.concatenate([root, block]), mode="r")[0][:d]
    white = np.asarray(solve_triangular(root, np.eye(d)))
    inverse = white @ white.T
    scores = np.empty(len(vectors))
    for start in range(0, len(vectors), _ROWS):
        block = _with_one(vectors[start : start + _ROWS])
        scores[start : start + _ROWS] = squared_norms(block @ white)
    directions: dict[int, Doubles] = {}  # of each pick: what it takes off is (z' u)^2

    def shrink(rows: Ints, values: Doubles, fresh: Ints) -> None:
        for row in fresh:
            if int(row) not in directions:
                directions[int(row)] = _commit(inverse, _with_one(vectors[row : row + 1])[0])
        off = np.stack([directions[int(row)] for row in fresh], axis=1)
        for start in range(0, len(rows), _ROWS):
            part = slice(start, start + _ROWS)
            taken = _with_one(vectors[rows[part]]) @ off
            values[part] -= np.einsum("ij,ij->i", taken, taken)
            np.maximum(values[part], 0.0, out=values[part])

    tolerance = 1e-12 * float(scores.max(initial=0.0))
    return greedy_shrinking(scores, n, keys, shrink, tolerance)


def _commit(inverse: Doubles, point: Doubles) -> Doubles:
    """Count a point as labelled: lower the inverse in place, return the direction u (d,)."""
    along = inverse @ point
    direction = along / np.sqrt(1.0 + max(float(point @ along), 0.0))
    inverse -= np.outer(direction, direction)
    return np.asarray(direction)


def _with_one(block: Floats) -> Doubles:
    out = np.ones((len(block), block.shape[1] + 1))
    out[:, 1:] = block
    return out
