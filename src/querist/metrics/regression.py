"""How good a regression is, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Interval
from querist.metrics.intervals import bootstrap_sums, divide, percentile


def regression(
    truth: NDArray[Any], value: NDArray[Any], *, seed: int = 0, level: float = 0.95
) -> dict[str, Interval]:
    """Score predicted numbers against the true ones, with percentile bootstrap intervals.

    Parameters
    ----------
    truth, value : array (m,)
        True and predicted numbers.
    seed : int
        Decides the bootstrap.
    level : float
        Level of the intervals.

    Returns
    -------
    dict of str to Interval
        ``rmse`` and ``mae`` in the unit of the numbers, ``r2`` where the truth varies. Empty
        without items.

    Raises
    ------
    BadInput
        When the lengths differ.

    Examples
    --------
    >>> scores = regression(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))
    >>> round(scores["mae"].value, 3), scores["r2"].value
    (0.667, -1.0)
    """
    truth, value = np.asarray(truth, np.float64), np.asarray(value, np.float64)
    if truth.shape != value.shape or truth.ndim != 1:
        raise BadInput(
            "truth and value must both have shape (m,), but they have the shapes "
            f"{truth.shape} and {value.shape}"
        )
    m = len(truth)
    if not m:
        return {}
    # slow to load
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    gap, centred = truth - value, truth - truth.mean()
    columns = np.stack([gap**2, np.abs(gap), centred, centred**2], axis=1)
    square, absolute, first, second = bootstrap_sums(columns, np.random.default_rng(seed)).T / m
    rmse, mae = root_mean_squared_error(truth, value), mean_absolute_error(truth, value)
    scores = {
        "rmse": percentile(rmse, np.sqrt(square), level),
        "mae": percentile(mae, absolute, level),
    }
    if np.ptp(truth) > 0:
        spread = second - first**2
        known = np.where(spread > 1e-12 * columns[:, 3].mean(), spread, 0.0)
        scores["r2"] = percentile(r2_score(truth, value), 1 - divide(square, known), level)
    return scores
