"""What a pool looks like to a strategy: doubt, sparsity, and how far queries stray from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

FLAT = 0.10  # spread of the doubt below which all items look alike
SPARSE = 0.70  # nearest over typical distance above which nobody has a neighbour


@dataclass(frozen=True)
class Doubt:
    """How a model's doubt, 1 - (best - second best probability), spreads over items.

    Attributes
    ----------
    low, middle, high : float
        Its 10th, 50th and 90th percentile.
    pair : tuple of int or None
        The two classes that most of the doubtful items (doubt 0.8 or more) lie between.
    pair_share : float
        Their share of the doubtful items.
    """

    low: float
    middle: float
    high: float
    pair: tuple[int, int] | None
    pair_share: float

    @property
    def is_flat(self) -> bool:
        """Whether no item is clearly harder than the others: the spread is below 0.10."""
        return self.high - self.low < FLAT


def doubt_profile(proba: ArrayLike) -> Doubt:
    """Spread of the doubt over items of class probabilities (n, k), k at least 2.

    Examples
    --------
    >>> doubt_profile([[0.5, 0.5], [0.99, 0.01], [0.7, 0.3]]).is_flat
    False
    >>> doubt_profile([[0.99, 0.01]] * 3).is_flat
    True
    """
    p = np.asarray(proba, dtype=np.float64)
    top = np.argsort(-p, axis=1, kind="stable")[:, :2]
    best = np.take_along_axis(p, top, axis=1)
    doubt = 1 - (best[:, 0] - best[:, 1])
    low, middle, high = (float(x) for x in np.quantile(doubt, [0.1, 0.5, 0.9]))
    pairs, counts = np.unique(np.sort(top[doubt >= 0.8], axis=1), axis=0, return_counts=True)
    if not len(counts):
        return Doubt(low, middle, high, None, 0.0)
    most = int(counts.argmax())
    pair = (int(pairs[most, 0]), int(pairs[most, 1]))
    return Doubt(low, middle, high, pair, float(counts[most] / counts.sum()))


def sparsity(vectors: ArrayLike) -> float:
    """Median over items (n, d) of the nearest distance over the median distance.

    Near 0 where items lie in clusters, near 1 where everything is as far from everything
    else. Depends on n: compare samples of one size. Equal items count as near.

    Examples
    --------
    >>> sparsity([[0.0], [0.1], [5.0], [5.1]]) < 0.1
    True
    """
    x = np.asarray(vectors, dtype=np.float64)
    squares = (x**2).sum(axis=1)
    apart = np.empty(len(x))
    for i in range(len(x)):
        away = np.sqrt(np.maximum(squares + squares[i] - 2 * (x @ x[i]), 0))
        others = np.delete(away, i)
        middle = np.median(others)
        apart[i] = others.min() / middle if middle > 0 else 0.0
    return float(np.median(apart))


def strayed(queried: ArrayLike, pool: ArrayLike) -> tuple[float, float]:
    """Distance between how queries and pool divide over regions, and what chance alone gives.

    The total variation distance ``0.5 sum |q - p|`` of the shares, and its expectation for
    as many uniform draws, by the normal approximation ``0.5 sum sqrt(2 p (1 - p) / (pi m))``.

    Parameters
    ----------
    queried, pool : array (r,)
        Items in each region.

    Examples
    --------
    >>> far, chance = strayed([50, 0], [500, 500])
    >>> far, round(chance, 3)
    (0.5, 0.056)
    """
    q, p = np.asarray(queried, dtype=np.float64), np.asarray(pool, dtype=np.float64)
    m, p = q.sum(), p / p.sum()
    far = 0.5 * np.abs(q / m - p).sum()
    chance = 0.5 * np.sqrt(2 * p * (1 - p) / (np.pi * m)).sum()
    return float(far), float(chance)
