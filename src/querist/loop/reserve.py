"""Roles drawn at ingest by hash(seed, item id), never from what a strategy left over."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.keys import Keys, uniform
from querist.core.types import Floats, Role

ROLE_SALT = 0x726F6C65  # "role": keeps this draw apart from every other use of the seed
OPEN, CONTROL, STOP, HOLDOUT = range(4)
LEAST_SHARE = 0.2  # of the full control share: what is left of it however long the run
ROLE_NAMES: tuple[Role, ...] = ("open", "control", "stop", "holdout")


def draw(keys: Keys, seed: int) -> Floats:
    """The number in [0, 1) that decides each item's role and its place in the control queue."""
    return uniform(keys, seed, ROLE_SALT)


def edges(drawn: Floats, *, holdout: float, stop_set: float, control: float) -> dict[str, float]:
    """Upper edges of the ranges holdout < stop < control < open, exact on the items at hand.

    Parameters
    ----------
    drawn : array (n,)
        From `draw`.
    holdout, stop_set : int or float
        A count (1 or more) or a share of the pool (below 1).
    control : float
        Share of every batch, and so of the rest of the pool, kept as the control queue.

    Raises
    ------
    BadInput
        When the reserves leave nothing to choose from.

    Examples
    --------
    >>> drawn = np.array([0.1, 0.9, 0.3, 0.7])
    >>> edges(drawn, holdout=1, stop_set=0, control=0.0)
    {'holdout': 0.2, 'stop': 0.2, 'control': 0.2}
    """
    n = len(drawn)
    test, stop = _count("holdout", holdout, n), _count("stop_set", stop_set, n)
    if test + stop >= n:
        raise BadInput(
            f"holdout ({test}) and stop_set ({stop}) leave nothing of the {n} items to ask about; "
            "lower them"
        )
    if not 0 <= control < 1:
        raise BadInput(f"control is a share of every batch, 0 <= control < 1, but got {control}")
    kept = math.ceil(control * (n - test - stop))
    ranked = np.sort(drawn)
    return {
        "holdout": _between(ranked, test),
        "stop": _between(ranked, test + stop),
        "control": _between(ranked, test + stop + kept),
    }


def roles(drawn: Floats, reserved: Mapping[str, float]) -> NDArray[np.int8]:
    """Role of each item as a position in `ROLE_NAMES`; later arrivals get theirs the same way.

    Examples
    --------
    >>> bounds = {"holdout": 0.2, "stop": 0.2, "control": 0.5}
    >>> [ROLE_NAMES[r] for r in roles(np.array([0.1, 0.3, 0.9]), bounds)]
    ['holdout', 'control', 'open']
    """
    order = np.array([HOLDOUT, STOP, CONTROL, OPEN], dtype=np.int8)
    bounds = [reserved["holdout"], reserved["stop"], reserved["control"]]
    return order[np.searchsorted(bounds, drawn, side="right")]


def control_share(
    control: float, queued: int, queued_control: int, batch: int, until: int | None = None
) -> int:
    """How many of the next `batch` items come from the control queue.

    Keeps the running share at `control` from above, so small batches get their control
    item every few batches and larger ones in every batch; with `until`, these keep one.

    Parameters
    ----------
    until : int, optional
        Control labels from which on their number grows as the root of all labels: twice as
        many control labels then take four times as many labels.

    Examples
    --------
    >>> control_share(0.1, queued=0, queued_control=0, batch=20)
    2
    >>> control_share(0.1, queued=5, queued_control=1, batch=5)
    0
    >>> control_share(0.1, queued=8_000, queued_control=400, batch=100, until=200)
    3
    """
    wanted = math.ceil(control_due(control, queued + batch, until) - 1e-9) - queued_control
    least = 1 if until is not None and control * batch >= 1 else 0
    return min(max(wanted, least), batch)


def control_due(control: float, labels: int, until: int | None = None) -> float:
    """How many of so many labels are to be control labels.

    Examples
    --------
    >>> [round(control_due(0.1, n, until=200)) for n in (1_000, 2_000, 8_000, 50_000, 60_000)]
    [100, 200, 400, 1000, 1200]
    """
    if until is None or control * labels <= until:
        return control * labels
    return max(until * math.sqrt(control * labels / until), LEAST_SHARE * control * labels)


def _count(name: str, wanted: float, n: int) -> int:
    if wanted < 0 or wanted != wanted:
        raise BadInput(f"{name} is a count or a share of the pool, not negative; got {wanted}")
    return round(wanted * n) if 0 < wanted < 1 else int(wanted)


def _between(ranked: Floats, count: int) -> float:
    """A value with exactly `count` of the ranked numbers below it."""
    if count == 0:
        return 0.0
    if count >= len(ranked):
        return 1.0
    return float((ranked[count - 1] + ranked[count]) / 2)
