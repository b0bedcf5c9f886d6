"""The most valuable rows that a sum of money buys."""

from __future__ import annotations

import numpy as np

from querist.core.types import Positions
from querist.selection.cloud import Doubles, first_of_best
from querist.selection.topk import Keys, top_k

_HALVINGS = 60


def best_within(values: Doubles, costs: Doubles, budget: float, n: int, keys: Keys) -> Positions:
    """At most `n` rows of high total value whose costs add up to no more than `budget`.

    Lagrangian relaxation: the rows of highest value - price x cost, at the lowest price at
    which they are affordable, and then whatever the money left still buys. The total is within
    price x (money left before that) of the optimum, so exact where the money just suffices.

    Parameters
    ----------
    values, costs : arrays (n,)
        Not negative, and positive; at least one row is affordable.

    Examples
    --------
    >>> best_within(np.array([5.0, 4.0, 3.0]), np.array([5.0, 3.0, 2.0]), 5.0, 3, np.negative)
    array([1, 2])
    """
    bought = _at_price(0.0, values, costs, n, keys)
    if costs[bought].sum() <= budget:
        return bought
    low, high = 0.0, float((values / costs).max()) * 2.0 + 1.0
    bought, price = bought[:0], high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        rows = _at_price(middle, values, costs, n, keys)
        if costs[rows].sum() <= budget:
            high, price, bought = middle, middle, rows
        else:
            low = middle
    left = budget - float(costs[bought].sum())
    gains = values - price * costs
    open_ = costs <= left
    open_[bought] = False
    while len(bought) < n and open_.any():
        best = first_of_best(np.where(open_, gains, -np.inf), keys, 0.0)
        bought = np.append(bought, best)
        left -= float(costs[best])
        open_[best] = False
        open_ &= costs <= left
    return bought[np.lexsort((keys(bought), -values[bought]))]


def _at_price(price: float, values: Doubles, costs: Doubles, n: int, keys: Keys) -> Positions:
    gains = values - price * costs
    rows = top_k(gains, n, keys)
    return rows[gains[rows] >= 0]
