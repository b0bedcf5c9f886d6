"""The best batch that a sum of money buys."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Signals
from querist.selection.knapsack import best_within
from querist.strategies.base import Rng, Score, Strategy
from querist.strategies.margin import Margin
from querist.strategies.parts import declare
from querist.strategies.per_cost import worth
from querist.strategies.ties import tie_keys_of


class Knapsack(Strategy):
    """Ask the batch of highest total score whose labels together cost no more than `budget`.

    At most the batch size, and fewer when the money is spent before. The batch is within
    lambda x (money left) of the best there is, with lambda the score a unit of money bought.

    Parameters
    ----------
    base : Score
        What a label is worth, not negative; `Margin()` by default.
    budget : float
        Money for one batch, in the unit of the costs; by default there is enough for all.

    Best for: known prices that differ much, and money that is fixed per round. Fails when:
    redundant items are cheap, for values add up as if every label taught something new.
    Cost: the base's and O(n) time for each of about 60 prices, O(n) memory.

    References
    ----------
    Dantzig (1957), Discrete-variable extremum problems, Operations Research 5(2) (relaxation);
    Tomanek and Hahn (2010), A comparison of models for cost-sensitive active learning, COLING.

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [0.6, 0.4], [0.6, 0.4]])
    >>> signals = Signals(proba=proba, cost=np.array([3.0, 1.0, 2.0]))
    >>> sorted(Knapsack(Margin(), budget=3).select(signals, 3, rng=0).tolist())
    [1, 2]
    """

    cost_class = "1_000 n"

    def __init__(self, base: Score | None = None, budget: float = np.inf) -> None:
        if not budget > 0:
            raise BadInput(f"budget is a sum of money above 0, but it is {budget!r}")
        self.base = Margin() if base is None else base
        self.budget = float(budget)
        declare(self, [self.base])
        self.may_fall_short = True
        self.needs |= {"cost"}

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.cost is not None
        cost = np.asarray(signals.cost, dtype=np.float64)
        if cost.min() > self.budget:
            raise BadInput(
                f"the budget of {self.budget:g} a batch is below the cheapest label, which costs "
                f"{cost.min():g}; raise it"
            )
        scores = np.asarray(worth(self.base, signals), dtype=np.float64)
        rows = best_within(scores, cost, self.budget, n, tie_keys_of(signals, rng))
        return self.picks(rows, scores[rows], 1.0)
