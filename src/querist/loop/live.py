"""Settings that work at once, by the log alone: their names and what they are at first."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any

from querist.core.errors import BadInput

ORDERS = ("rank", "similar")
MOST_OVERLAP, MOST_DEPTH = 20, 100
LIVE: Mapping[str, Any] = MappingProxyType(
    {
        "overlap": 1.0,  # people who answer an item, on average
        "depth": 1,  # batches the queue holds
        "order": "rank",  # how a batch is served
        "suggestions": False,  # whether annotators see the model's guess
        "blind_why": False,  # whether annotators are not told why an item is asked
        "paused": False,  # whether tasks are handed out
        "guidelines": None,  # what annotators are told, and which version it is
    }
)


def is_number(value: Any) -> bool:
    """Whether a value is a number that has a place among the floats.

    Examples
    --------
    >>> is_number(2), is_number(True), is_number("2"), is_number(float("nan")), is_number(10**400)
    (True, False, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    number: Any = value  # compared, not converted: a whole number may be longer than any float
    return bool(-sys.float_info.max <= number <= sys.float_info.max)


def check_live(name: str, value: Any) -> Any:
    """The value of a setting that works at once, in its plain form.

    Raises
    ------
    BadInput
        When it is not allowed.

    Examples
    --------
    >>> check_live("depth", 2.0), check_live("paused", True)
    (2, True)
    """
    if name in ("suggestions", "blind_why", "paused"):
        if not isinstance(value, bool):
            raise BadInput(f"{name} is true or false; got {value!r}")
        return value
    if name == "order":
        if value not in ORDERS:
            raise BadInput(
                "order is one of 'rank' (most wanted first) and 'similar' (neighbours alike); "
                f"got {value!r}"
            )
        return value
    if name == "overlap":
        if not (is_number(value) and 1 <= value <= MOST_OVERLAP):
            raise BadInput(
                f"overlap is how many people answer an item on average, 1 to {MOST_OVERLAP}, such "
                f"as 1.2 for two people on every fifth item; got {value!r}"
            )
        return float(value)
    if not (is_number(value) and float(value).is_integer() and 1 <= value <= MOST_DEPTH):
        raise BadInput(
            f"depth is how many batches the queue holds, 1 to {MOST_DEPTH}; got {value!r}"
        )
    return int(value)
