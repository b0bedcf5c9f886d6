"""Farthest-first traversal (greedy k-center), exact, with few passes over the pool."""

from __future__ import annotations

import numpy as np

from querist.core.progress import tick
from querist.core.types import Floats, Positions
from querist.selection.cloud import Cloud, Doubles, first_of_best, mean_of
from querist.selection.topk import Keys, top_k

ACTIVE = 1024  # rows the greedy works on between two passes: their vectors stay in cache


def farthest_first(
    vectors: Floats,
    n: int,
    keys: Keys,
    known: Floats | None = None,
    *,
    far: Floats | None = None,
    active: int = ACTIVE,
) -> tuple[Positions, Doubles]:
    """The `n` points each farthest from all before it, and how far, (n,) and (n,).

    Starts from the `known` points (m, d), or from the distances `far` (n,) to the nearest of
    them where the caller has those; with none, from the point nearest to the mean,
    whose distance is given as infinite. Distances only shrink, so a stale one bounds the
    true one from above: the greedy runs among the `active` farthest rows and passes over
    the pool again only when their best falls under the best stale bound outside. The picks
    are those of plain greedy; equal distances go by lowest key.

    References
    ----------
    Gonzalez (1985), Clustering to minimize the maximum intercluster distance; Sener and
    Savarese (2018), Active learning for convolutional neural networks, ICLR, algorithm 1.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [4.0], [10.0]])
    >>> farthest_first(line, 2, np.negative, known=np.array([[0.0]]))[0]
    array([3, 2])
    """
    cloud = Cloud(vectors)
    picked: list[int] = []
    won: list[float] = []
    if far is not None:
        left = np.square(far, dtype=np.float64)
    elif known is not None and known.shape[0]:
        left = cloud.lowest(cloud.moved(known))
    else:
        from_mean = cloud.lowest(cloud.moved(mean_of(vectors)[None]))
        picked.append(first_of_best(-from_mean, keys, 1e-12 * cloud.scale))
        won.append(np.inf)
        left = cloud.lowest(cloud.rows(np.array(picked)))
        left[picked[0]] = -np.inf
    while len(picked) < n:
        tick("picks", len(picked), n)
        fresh = _greedy(cloud, left, n - len(picked), keys, active, won)
        picked += fresh
        if len(picked) < n:
            cloud.lowest(cloud.rows(np.array(fresh)), left)
            left[fresh] = -np.inf
    return np.array(picked, dtype=np.int64), np.sqrt(won)


def _greedy(
    cloud: Cloud, left: Doubles, n: int, keys: Keys, active: int, far: list[float]
) -> list[int]:
    rows = top_k(left, min(active + 1, len(left)), keys)
    bound = left[rows[-1]] if len(rows) > active else -np.inf
    rows = rows[:active]
    near, distances = cloud.some(rows), left[rows]
    norms = cloud.norms[rows]
    picked: list[int] = []
    while len(picked) < n:
        best = first_of_best(distances, lambda at: keys(rows[at]), 1e-12 * cloud.scale)
        if picked and distances[best] <= bound:
            break
        picked.append(int(rows[best]))
        far.append(float(distances[best]))
        point = cloud.rows(rows[best : best + 1])[0]
        fresh = norms + norms[best] - 2.0 * (near @ point)
        fresh[fresh < 1e-13 * norms] = 0.0
        np.minimum(distances, fresh, out=distances)
        distances[best] = -np.inf
    return picked
