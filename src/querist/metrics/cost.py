"""What decisions cost where one mistake is dearer than another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats, Interval, Ints
from querist.metrics.intervals import bootstrap_sums, percentile


def cheapest(proba: Floats, costs: Floats) -> Ints:
    """The decision of the least expected cost for each item: argmin_d sum_c p_c A[c, d].

    Ties go to the first class. Elkan (2001), The foundations of cost-sensitive learning, IJCAI.

    Parameters
    ----------
    proba : array (m, k)
        Class probabilities.
    costs : array (k, k)
        Cost A of deciding for the column when the row is true.

    Returns
    -------
    array of int (m,)

    Examples
    --------
    >>> missed = np.array([[0.0, 10.0], [1.0, 0.0]])  # a missed first class costs 10
    >>> cheapest(np.array([[0.2, 0.8], [0.05, 0.95]]), missed)
    array([0, 1])
    """
    worst = max(float(costs.max()), np.finfo(np.float64).tiny)
    expected = np.asarray(proba, dtype=np.float64) @ (costs / worst)
    # rounded: what is a tie on paper is not decided by the last bits of a product
    return np.asarray(np.round(expected, 12).argmin(axis=1))


def mean_cost(
    truth: NDArray[Any], value: NDArray[Any], costs: Floats, *, seed: int = 0, level: float = 0.95
) -> Interval:
    """Mean cost of a decision, with its percentile bootstrap interval over items.

    Parameters
    ----------
    truth, value : array (m,)
        True classes and decisions, as positions ``0..k-1``; at least one.
    costs : array (k, k)
        Cost of deciding for the column when the row is true.

    Examples
    --------
    >>> missed = np.array([[0.0, 10.0], [1.0, 0.0]])
    >>> mean_cost(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]), missed).value
    2.75
    """
    each = np.asarray(costs, dtype=np.float64)[truth, value]
    sums = bootstrap_sums(each[:, None], np.random.default_rng(seed))[:, 0]
    return percentile(float(each.mean()), sums / len(each), level)
