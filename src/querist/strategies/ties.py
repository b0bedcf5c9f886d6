"""Randomness of a strategy, keyed by item."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from querist.core.keys import keys_of, uniform
from querist.core.types import Floats, Positions, Signals

Rng = np.random.Generator


def tie_keys_of(signals: Signals, rng: Rng) -> Callable[[Positions], Floats]:
    """A uniform number for any candidates, decided by their ids and one draw of `rng`.

    Without ids the row number stands in. Only the rows asked for are hashed.
    """
    salt = int(rng.integers(2**64, dtype=np.uint64))
    ids = signals.ids
    return lambda rows: uniform(keys_of(rows if ids is None else ids[rows]), salt)


def tie_keys(signals: Signals, rng: Rng) -> Floats:
    """A uniform number for each candidate, (n,): the same item gets the same in any order.

    Examples
    --------
    >>> a, b = Signals(ids=np.array(["x", "y"])), Signals(ids=np.array(["y", "x"]))
    >>> bool((tie_keys(a, np.random.default_rng(1)) ==
    ...       tie_keys(b, np.random.default_rng(1))[::-1]).all())
    True
    """
    return tie_keys_of(signals, rng)(np.arange(len(signals)))
