"""A score for the money."""

from __future__ import annotations

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.strategies.base import Score
from querist.strategies.checks import checked_scores
from querist.strategies.margin import Margin
from querist.strategies.parts import declare


class PerCost(Score):
    """Ask where a unit of money buys most: any score divided by the cost of the label.

    Parameters
    ----------
    base : Score
        What a label is worth, not negative; `Margin()` by default.

    Best for: labels whose price differs and is known. Fails when: cheap items are all alike
    (wrap it in `Distinct`), and when the score has no unit: halving a price then means little.
    Cost: the base's and O(n) time.

    References
    ----------
    Settles, Craven and Friedland (2008), Active learning with real annotation costs, NIPS
    workshop on cost-sensitive learning.

    Examples
    --------
    >>> import numpy as np
    >>> proba = np.array([[0.5, 0.5], [0.6, 0.4]])
    >>> PerCost(Margin()).score(Signals(proba=proba, cost=np.array([4.0, 1.0]))).round(2)
    array([0.25, 0.8 ])
    """

    cost_class = "20 n"

    def __init__(self, base: Score | None = None) -> None:
        self.base = Margin() if base is None else base
        declare(self, [self.base])
        self.needs |= {"cost"}
        self.row_by_row = self.base.row_by_row

    def score(self, signals: Signals) -> Floats:
        """Score per unit of cost, (n,), not negative."""
        assert signals.cost is not None
        return worth(self.base, signals) / signals.cost


def worth(base: Score, signals: Signals) -> Floats:
    """Scores (n,), or BadInput when one is negative: that divided by a price means nothing."""
    scores = checked_scores(base, signals)
    if scores.min() < 0:
        raise BadInput(
            f"{base!r} scored a candidate {float(scores.min()):.3g}; weighing scores against costs "
            "takes scores of at least 0"
        )
    return scores
