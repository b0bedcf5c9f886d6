"""Mean cosine similarity to a table, without a table of pairs."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats
from querist.selection.cloud import BLOCK, Doubles, is_sparse, squared_norms
from querist.selection.scores import by_blocks


def mean_cosine(vectors: Floats, pool: Floats) -> Doubles:
    """Mean cosine of each row (n, d) to the rows of `pool` (r, d), in [-1, 1]; (n,).

    That is the dot product with the mean of the unit rows: O((n + r) d), or as many steps as
    sparse tables have entries. An all-zero row is like nothing: 0.

    Examples
    --------
    >>> corner = np.array([[1.0, 0.0], [0.0, 5.0]])
    >>> mean_cosine(corner, corner)
    array([0.5, 0.5])
    """
    centre = np.zeros(pool.shape[1])
    for start in range(0, pool.shape[0], BLOCK):
        block = pool[start : start + BLOCK].astype(np.float64)
        if is_sparse(block):
            centre += (1.0 / _lengths(block)) @ block
        else:
            centre += _unit(block).sum(axis=0)
    centre /= pool.shape[0]
    if is_sparse(vectors):
        return np.asarray((vectors.astype(np.float64) @ centre) / _lengths(vectors))
    # einsum and not BLAS: equal rows then give equal scores wherever they stand
    return by_blocks(lambda block: np.einsum("ij,j->i", _unit(block), centre), vectors)


def _unit(block: Doubles) -> Doubles:
    return np.asarray(block / _lengths(block)[:, None])


def _lengths(block: Floats) -> Doubles:
    lengths = np.sqrt(squared_norms(block.astype(np.float64, copy=False)))
    return np.asarray(np.where(lengths > 0, lengths, 1.0))
