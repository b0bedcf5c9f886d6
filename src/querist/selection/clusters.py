"""Greedy picks out of the largest cluster."""

from __future__ import annotations

import numpy as np

from querist.core.progress import tick
from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles, first_of_best, mean_of
from querist.selection.topk import Keys

_ROWS = 2048


def largest_cluster_farthest(
    vectors: Floats,
    n: int,
    keys: Keys,
    known: Floats | None = None,
    nearest: tuple[Ints, Floats] | None = None,
) -> tuple[Positions, Doubles]:
    """The `n` points each farthest from its centre in the largest cluster, and how far.

    Every row belongs to the nearest centre, the earliest of equally near ones; centres are the
    `known` points (m, d) and all picks. `nearest` gives the known point nearest to each row
    and how far it is, (n,) and (n,), where the caller has them. The size of a cluster is
    its sum of squared distances. Equal sizes and distances go by lowest key. With nothing
    known the row nearest to the mean is first, its distance given as infinite.

    A new centre c' can only win a row of c that is farther from c than half of ||c - c'||
    (triangle inequality), so all other rows are passed over, exactly.

    Examples
    --------
    >>> line = np.array([[1.0], [8.0], [9.0], [10.0], [-5.0]])
    >>> largest_cluster_farthest(line, 2, np.negative, np.array([[-1.0], [5.0]]))
    (array([3, 4]), array([5., 4.]))
    """
    cloud = Cloud(vectors)
    picked: list[int] = []
    won: list[float] = []
    if known is not None and known.shape[0]:
        used = known.shape[0]
        centres = np.empty((used + n, cloud.vectors.shape[1]))
        centres[:used] = cloud.moved(known)
        if nearest is None:
            owner, far = cloud.nearest(centres[:used])
        else:
            owner, far = nearest[0].copy(), np.square(nearest[1], dtype=np.float64)
    else:
        centres = np.empty((n, cloud.vectors.shape[1]))
        from_mean = cloud.lowest(cloud.moved(mean_of(vectors)[None]))
        picked.append(first_of_best(-from_mean, keys, 1e-12 * cloud.scale))
        won.append(np.inf)
        centres[:1] = cloud.rows(np.array(picked))
        used = 1
        owner, far = cloud.nearest(centres[:1])
        far[picked[0]] = -np.inf
    tolerance = 1e-12 * max(cloud.scale, float(far.max(initial=0.0)))
    whole = 1e-12 * float(np.maximum(far, 0.0).sum())
    while len(picked) < n:
        tick("picks", len(picked), n)
        sizes = np.bincount(owner, weights=np.maximum(far, 0.0), minlength=used)
        largest = np.flatnonzero(sizes >= sizes.max() - whole)
        inside = owner == largest[0] if len(largest) == 1 else np.isin(owner, largest)
        best = first_of_best(np.where(inside, far, -np.inf), keys, tolerance)
        picked.append(best)
        won.append(float(far[best]))
        far[best] = -np.inf
        centres[used] = cloud.rows(np.array([best]))[0]
        _claim(cloud, centres, used, owner, far)
        used += 1
    return np.array(picked, dtype=np.int64), np.sqrt(won)


def _claim(cloud: Cloud, centres: Doubles, new: int, owner: Ints, far: Doubles) -> None:
    """Give the rows nearer to the new centre than to their own over to it."""
    gaps = ((centres[:new] - centres[new]) ** 2).sum(axis=1)
    reach = np.flatnonzero(4.0 * far > gaps[owner] * (1.0 - 1e-9))
    square = float(centres[new] @ centres[new])
    for start in range(0, len(reach), _ROWS):
        rows = reach[start : start + _ROWS]
        # einsum and not BLAS: equal rows are then equally far wherever they stand
        block = cloud.some(rows)
        to = centres[new]
        cross = block @ to if cloud.sparse else np.einsum("ij,j->i", block, to)
        fresh = cloud.norms[rows] + square - 2.0 * cross
        fresh[fresh < 1e-13 * cloud.norms[rows]] = 0.0
        nearer = fresh < far[rows]
        owner[rows[nearer]] = new
        far[rows[nearer]] = fresh[nearer]
