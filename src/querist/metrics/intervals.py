"""Intervals: Wilson's for shares of items, the percentile bootstrap for everything else."""

from __future__ import annotations

import numpy as np
from scipy import special

from querist.core.errors import BadInput
from querist.core.types import Floats, Interval

RESAMPLES = 200
_BLOCK = 1 << 20  # counts held at a time by `bootstrap_sums`


def wilson(successes: float, trials: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share (Wilson, 1927; Brown, Cai & DasGupta, 2001, eq. 4).

    Examples
    --------
    >>> str(wilson(9, 10))
    '0.900 [0.596, 0.982]'
    """
    z = float(special.ndtri((1 + level) / 2))
    share, spread = successes / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = np.sqrt(spread * share * (1 - share) + spread * spread / 4) / (1 + spread)
    return Interval(share, max(0.0, centre - float(half)), min(1.0, centre + float(half)))


def wilson_size(width: float, share: float = 0.5, level: float = 0.95) -> int:
    """Fewest items whose Wilson interval of a share is at most `width` wide, end to end.

    Parameters
    ----------
    width : float
        Between 0 and 1; 0.05 is 2.5 points to either side.
    share : float
        The score that is expected; 0.5 needs the most items.

    Raises
    ------
    BadInput
        When width or share is out of range.

    Examples
    --------
    >>> wilson_size(0.05, 0.9), wilson_size(0.05)
    (557, 1533)
    """
    if not (0 < width < 1 and 0 <= share <= 1):
        raise BadInput(
            "an interval's width lies between 0 and 1 (0.05 is 2.5 points to either side) and a "
            f"share within them, but got width={width!r} and share={share!r}"
        )

    def wide(n: int) -> float:
        found = wilson(share * n, n, level)
        return found.high - found.low

    low, high = 0, 1
    while wide(high) > width:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wide(middle) > width else (low, middle)
    return high


def percentile(value: float, resampled: Floats, level: float = 0.95) -> Interval:
    """Percentile bootstrap interval of an estimate (Efron & Tibshirani, 1993, ch. 13).

    Resamples where the score is not defined (NaN) are left out. The interval always holds
    the estimate, which the plain percentiles of a biased score such as the calibration
    error may miss.

    Examples
    --------
    >>> str(percentile(0.5, np.linspace(0, 1, 101), level=0.9))
    '0.500 [0.050, 0.950]'
    """
    known = resampled[np.isfinite(resampled)]
    if not len(known):
        return Interval(float(value), float(value), float(value))
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(value), float(min(low, value)), float(max(high, value)))


def bootstrap_sums(columns: Floats, rng: np.random.Generator, resamples: int = RESAMPLES) -> Floats:
    """Column sums of `resamples` draws of the rows with replacement.

    Parameters
    ----------
    columns : array (m, c)
        What each of the m items adds to each of c sums.

    Returns
    -------
    array (resamples, c)

    Examples
    --------
    >>> bootstrap_sums(np.ones((5, 2)), np.random.default_rng(0), 3).tolist()
    [[5.0, 5.0], [5.0, 5.0], [5.0, 5.0]]
    """
    m = len(columns)
    sums = np.empty((resamples, columns.shape[1]))
    step = max(1, _BLOCK // m)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        drawn = rng.integers(m, size=(size, m)) + m * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * m).reshape(size, m)
        sums[start : start + size] = counts.astype(np.float64) @ columns
    return sums


def divide(top: Floats, bottom: Floats) -> Floats:
    """`top / bottom`, NaN where the bottom is 0.

    Examples
    --------
    >>> divide(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
    [0.5, nan]
    """
    out = np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan)
    np.divide(top, bottom, out=out, where=bottom != 0)
    return out


def mean_known(values: Floats) -> Floats:
    """Mean over the last axis of what is not NaN; NaN where nothing is known.

    Examples
    --------
    >>> mean_known(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
    [1.0, nan]
    """
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=-1)
    return divide(total, known.sum(axis=-1).astype(np.float64))
