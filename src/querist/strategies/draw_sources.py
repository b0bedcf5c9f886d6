"""Who gives the posterior samples that a strategy reads: copies, members, passes, checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from querist.core.errors import BadInput


@dataclass(frozen=True)
class Members:
    """The model's own draws: trees of a forest, bagged models, a network's own passes."""

    kind: ClassVar[str] = "members"


@dataclass(frozen=True)
class Dropout:
    """So many passes of the network, each with a share of its hidden units dropped.

    Reads scikit-learn's `MLPClassifier`. That one is trained without dropout, so passes
    differ by what the units share, not by a posterior proper.

    Examples
    --------
    >>> from querist.strategies import BALD
    >>> BALD(Dropout(passes=20))
    BALD(committee=Dropout(passes=20, rate=0.5))
    """

    passes: int = 10
    rate: float = 0.5
    kind: ClassVar[str] = "dropout"

    def __post_init__(self) -> None:
        _check(self.passes, rate=self.rate)


@dataclass(frozen=True)
class Perturbations:
    """The model's answers to so many changed copies of each item.

    Numbers move by normal noise, `noise` of their column's spread; words of a text are left
    out with chance `noise`. What flips stands near a boundary, or is answered by a detail.
    """

    passes: int = 10
    noise: float = 0.1
    kind: ClassVar[str] = "perturbations"

    def __post_init__(self) -> None:
        _check(self.passes, noise=self.noise)


@dataclass(frozen=True)
class Checkpoints:
    """The last models of the campaign, one a round: items on which it keeps changing its mind.

    Fewer in the first rounds; the first model alone disagrees with nobody.
    """

    last: int = 5
    kind: ClassVar[str] = "checkpoints"

    def __post_init__(self) -> None:
        _check(self.last)


SOURCES = (Members, Dropout, Perturbations, Checkpoints)
Committee = int | Sequence[Any] | Members | Dropout | Perturbations | Checkpoints


def checked_committee(committee: Committee) -> Committee:
    """Return the committee, or raise BadInput when it has fewer than 2 members.

    Examples
    --------
    >>> checked_committee(10)
    10
    """
    if isinstance(committee, SOURCES):
        return committee
    size = committee if isinstance(committee, int) else len(committee)
    if size < 2 or isinstance(committee, bool):
        raise BadInput(f"a committee has at least 2 members, but got {committee!r}")
    return committee


def _check(count: int, **shares: float) -> None:
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise BadInput(f"disagreement takes a whole number of at least 2, but got {count!r}")
    for name, share in shares.items():
        if not 0 < share < 1:
            raise BadInput(f"{name} lies between 0 and 1, both left out, but it is {share!r}")
