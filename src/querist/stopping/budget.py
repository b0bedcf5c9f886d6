"""Stop when the budget is used up, in labels or in money."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import BadInput
from querist.core.types import Round, Verdict
from querist.stopping.combine import Rule

_CENT = 1e-6  # sums of prices are rounded; a millionth never buys a label


@dataclass(frozen=True, repr=False)
class Budget(Rule):
    """Stop when no further label can be bought.

    Parameters
    ----------
    labels : int, optional
        Labels that may be bought in all, holdout labels included.
    money : float, optional
        Money that may be spent on labels, in the unit of the price per label.

    Raises
    ------
    BadInput
        When neither is given, or one is not positive.

    Examples
    --------
    >>> Budget(labels=500)([Round(4, bought=480)])
    Verdict(stop=False, reason='480 of 500 labels bought', progress=0.96)
    >>> Budget(money=100)([Round(4, bought=33, spent=99.0)]).reason
    '99.00 of 100.00 spent, and one more label costs 3.00'
    """

    labels: int | None = None
    money: float | None = None
    name: ClassVar[str] = "budget"

    def __post_init__(self) -> None:
        if self.labels is None and self.money is None:
            raise BadInput("a budget needs a limit: Budget(labels=500) or Budget(money=120.0)")
        if self.labels is not None and (self.labels < 1 or self.labels != int(self.labels)):
            raise BadInput(f"labels must be a whole number of at least 1, but it is {self.labels}")
        if self.money is not None and not 0 < self.money < math.inf:
            raise BadInput(f"money must be positive and finite, but it is {self.money}")

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge the history by what its last round says was bought."""
        bought, spent = (history[-1].bought, history[-1].spent) if history else (0, 0.0)
        price = spent / bought if bought else None
        said, shares = [], []
        if self.labels is not None:
            said.append(f"{bought} of {self.labels} labels bought")
            shares.append(bought / self.labels)
        if self.money is not None:
            said.append(_spent(spent, self.money, price, bought))
            shares.append(spent / self.money)
        stop = self.remaining(bought, spent, price) == 0
        return Verdict(stop, "; ".join(said), 1.0 if stop else min(1.0, max(shares)))

    def remaining(self, bought: int, spent: float = 0.0, price: float | None = None) -> int | None:
        """Labels that may still be bought, so that the last batch can shrink to fit.

        Parameters
        ----------
        bought : int
            Labels bought so far.
        spent : float
            Money spent so far.
        price : float, optional
            Price of the next labels, each; without it money sets no limit.

        Examples
        --------
        >>> Budget(labels=500, money=100).remaining(480, spent=96.0, price=0.5)
        8
        """
        limits = [] if self.labels is None else [int(self.labels) - bought]
        if self.money is not None:
            left = self.money - spent
            if left <= _CENT:
                limits.append(0)
            elif price:
                limits.append(math.floor(left / price + _CENT))
        return max(0, min(limits)) if limits else None


def _spent(spent: float, money: float, price: float | None, bought: int) -> str:
    text = f"{spent:.2f} of {money:.2f} spent"
    if bought and not spent:
        return f"{text}: labels have no price, so money sets no limit"
    if price and money - spent > _CENT and math.floor((money - spent) / price + _CENT) < 1:
        return f"{text}, and one more label costs {price:.2f}"
    return text
