"""Seats of a batch divided among groups by shares, with groups that run out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats, Ints


def seats(shares: Floats, sizes: Ints, n: int, start: float) -> tuple[Ints, NDArray[np.bool_]]:
    """How many of `n` seats each group gets, and where rounding was drawn.

    Systematic sampling of the fractions (Madow, 1949): every group gets the floor or the
    ceiling of its due, and exactly its due on average over `start`. What a full group
    cannot take is divided again among the others, by their shares.

    Parameters
    ----------
    shares : array (g,)
        Not negative, at most 1 in sum; what is missing to 1 goes to nobody.
    sizes : array (g,)
        Candidates of each group.
    start : float
        Uniform in [0, 1).

    Returns
    -------
    counts (g,), drawn (g,)
        At most `n` in all, none above its size.

    Examples
    --------
    >>> counts, drawn = seats(np.array([0.5, 0.5]), np.array([9, 1]), 6, 0.0)
    >>> counts, drawn
    (array([5, 1]), array([False, False]))
    """
    weights = np.append(np.asarray(shares, dtype=np.float64), 0.0)
    weights[-1] = max(0.0, 1.0 - float(weights.sum()))
    weights[-1] *= weights[-1] > 1e-9
    room = np.append(sizes, n)  # the last one stands for nobody
    counts, drawn = np.zeros(len(room), dtype=np.int64), np.zeros(len(room), dtype=bool)
    while (left := n - int(counts.sum())) and weights.sum() > 0:
        whole, some = _rounded(weights / weights.sum() * left, start)
        given = np.minimum(whole, room - counts)
        drawn |= some & (given == whole)
        counts += given
        weights[counts == room] = 0.0
    return counts[:-1], drawn[:-1]


def _rounded(due: Floats, start: float) -> tuple[Ints, NDArray[np.bool_]]:
    """Floor or ceiling of each due (whole in sum), and where it was drawn which."""
    start = min(start, 1.0 - 1e-9)  # or a whole number of seats and it would round up to one more
    whole = np.floor(due + 1e-9)
    fraction = np.clip(due - whole, 0.0, None)
    fraction[fraction < 1e-9] = 0.0
    ends = np.cumsum(fraction)
    near = np.round(ends)
    ends = np.where(np.abs(ends - near) < 1e-9, near, ends)  # thirds add up to whole seats
    extra = np.diff(np.floor(ends + start), prepend=0.0)
    return (whole + extra).astype(np.int64), fraction > 0
