"""Shares of groups in a batch, checked."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.strategies.walk import within

NAMED = ("equal", "proportional")


def checked_shares(shares: Any) -> str | dict[str, float]:
    """The shares of groups, by name in order, or BadInput when they are none.

    Examples
    --------
    >>> checked_shares({"south": 0.5, "north": 0.25})
    {'north': 0.25, 'south': 0.5}
    """
    if isinstance(shares, str):
        if shares not in NAMED:
            raise BadInput(
                f"shares is {' or '.join(map(repr, NAMED))}, or a dict of group and share such as "
                f"{{'north': 0.5}}, but got {shares!r}"
            )
        return shares
    if not isinstance(shares, Mapping) or not shares:
        raise BadInput(f"shares is a dict of group and share, but got {shares!r}")
    found: dict[str, float] = {}
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, Real) or not 0 < float(share) <= 1:
            raise BadInput(
                f"the share of group {name!r} is above 0 and at most 1, but it is {share!r}"
            )
        found[str(name)] = float(share)
    total = sum(found.values())
    if total > 1 + 1e-9:
        raise BadInput(
            f"the shares add up to {total:g}, but a batch has only 1 to give; lower them"
        )
    return dict(sorted(found.items()))


def groups_named(strategy: Any) -> frozenset[str]:
    """Groups that a strategy, or any it is made of, has shares for.

    Examples
    --------
    >>> from querist.strategies import Distinct, GroupQuota, Margin
    >>> sorted(groups_named(Distinct(GroupQuota(Margin(), {"north": 0.5}))))
    ['north']
    """
    found = (getattr(part, "named_groups", ()) for part in within(strategy))
    return frozenset[str]().union(*found)


def check_groups_named(strategy: Any, groups: NDArray[np.str_] | None) -> None:
    """Raise BadInput when a strategy has a share for a group that no item is in."""
    known = [] if groups is None else np.unique(groups).tolist()
    for name in sorted(groups_named(strategy) - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise BadInput(
            f"{strategy} has a share for the group {name!r}, which no item is in{hint} The groups "
            f"are: {', '.join(known)}"
        )
