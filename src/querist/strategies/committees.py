"""How many models are asked where a strategy reads posterior samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from querist.core.errors import BadInput

Committee = int | Sequence[Any]


def checked_committee(committee: Committee) -> Committee:
    """Return the committee, or raise BadInput when it has fewer than 2 members.

    Examples
    --------
    >>> checked_committee(10)
    10
    """
    size = committee if isinstance(committee, int) else len(committee)
    if size < 2 or isinstance(committee, bool):
        raise BadInput(f"a committee has at least 2 members, but got {committee!r}")
    return committee
