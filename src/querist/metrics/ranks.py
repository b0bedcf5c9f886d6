"""Comparisons by ranks: the signed-rank test, and ranks with ties shared."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from querist.core.errors import BadInput
from querist.core.types import Floats

EXACT = 60  # pairs up to which every sign is counted; the counts still fit a double exactly


def signed_rank(a: ArrayLike, b: ArrayLike) -> float:
    """Two-sided p value that pairs differ, by the Wilcoxon signed-rank test.

    Pairs that are equal are left out, equal differences share their rank. Up to 60 pairs the
    distribution over all signs is counted, ties included; above it is taken as normal, with
    the variance of the ranks as they are. Differences are rounded to 12 digits before they
    are ranked, so that the last bit breaks no tie. Wilcoxon, Biometrics Bulletin 1945.

    Fewer than six pairs can never fall below 0.05: see `fewest_pairs`.

    Parameters
    ----------
    a, b : array (s,)
        One number a seed (or a data set), in the same order.

    Returns
    -------
    float
        1 where all pairs are equal.

    Raises
    ------
    BadInput
        When the shapes differ.

    Examples
    --------
    >>> signed_rank([5, 6, 7, 8, 9, 10], [1, 1, 1, 1, 1, 1])
    0.03125
    """
    ours, theirs = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1:
        raise BadInput(f"signed_rank takes pairs (s,) and (s,), not {ours.shape}, {theirs.shape}")
    gaps = np.round(ours - theirs, 12)
    gaps = gaps[gaps != 0]
    if not len(gaps):
        return 1.0
    doubled = np.rint(2 * stats.rankdata(np.abs(gaps))).astype(np.int64)  # whole, with ties too
    total = int(doubled.sum())
    positive = int(doubled[gaps > 0].sum())
    less = min(positive, total - positive)
    if len(gaps) > EXACT:
        # the mean is half the total; the correction of 1/2 of a rank is 1 of a doubled one
        spread = np.sqrt((doubled.astype(np.float64) ** 2).sum()) / 2
        return float(min(1.0, 2 * stats.norm.cdf((less + 1 - total / 2) / spread)))
    ways = np.zeros(total + 1)
    ways[0] = 1
    for rank in doubled:
        ways[rank:] = ways[rank:] + ways[:-rank]
    return float(min(1.0, 2 * ways[: less + 1].sum() / ways.sum()))


def fewest_pairs(tests: int = 1, level: float = 0.05) -> int:
    """Pairs from which the signed-rank test can fall below the level, after Holm for `tests`.

    With all signs alike p is 2 / 2^s, and Holm multiplies the smallest by the tests.

    Examples
    --------
    >>> fewest_pairs(), fewest_pairs(4)
    (6, 8)
    """
    pairs = 2
    while tests * 2.0 ** (1 - pairs) >= level:
        pairs += 1
    return pairs


def ranks(scores: ArrayLike) -> Floats:
    """Rank of each column within its row, (r, k), 1 for the highest; equal scores share theirs.

    Examples
    --------
    >>> ranks([[0.9, 0.8, 0.8], [0.1, 0.5, 0.3]]).tolist()
    [[1.0, 2.5, 2.5], [3.0, 1.0, 2.0]]
    """
    table = np.round(np.asarray(scores, dtype=np.float64), 12)
    found: Floats = stats.rankdata(-table, axis=1)
    return found
