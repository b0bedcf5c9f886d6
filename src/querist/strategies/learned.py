"""Any strategy, in the space that the model has learned."""

from __future__ import annotations

from typing import Any

from querist.core.signals import FROM_MODEL
from querist.core.types import Picks, Signals
from querist.strategies.badge import BADGE
from querist.strategies.base import Rng, Strategy
from querist.strategies.foreign import as_strategy
from querist.strategies.parts import declare
from querist.strategies.random import Random


class Learned(Strategy):
    """Let a strategy look at the features the model has learned, not at those of the pool.

    The vectors of candidates, labelled items and reference are then the last hidden layer of
    the newest model: with `BADGE` its gradients are the network's own. `MLPClassifier` gives
    its hidden layer; a network of your own lists "vectors" in `gives` and fills
    `Prediction.vectors`. Until there is a model the pool's vectors do. Best for: networks
    that learn their features. Fails when: labels are few, as what was learned is then poor.
    Cost: the base's, and a pass over the pool. In a `Mix` all parts see the learned space.

    Parameters
    ----------
    base : Strategy or str
        One that reads vectors; `BADGE()` by default.

    Raises
    ------
    MissingNeed
        In a campaign, when the model has no learned features.

    References
    ----------
    Ash, Zhang, Krishnamurthy, Langford and Agarwal (2020), Deep batch active learning by
    diverse, uncertain gradient lower bounds, ICLR.

    Examples
    --------
    >>> import numpy as np
    >>> Learned("kcenter").select(Signals(vectors=np.array([[0.0], [1.0], [9.0]])), 2, rng=0)[-1]
    np.int64(2)
    """

    cost_class = "20 n d"
    learned = True

    def __init__(self, base: Any = None) -> None:
        self.base = BADGE() if base is None else as_strategy(base)
        declare(self, [self.base])
        self.needs |= {"vectors"}
        self.wants -= {"vectors", "distances", "neighbours"}  # kept for the pool's space alone
        other = Random() if self.base.needs & FROM_MODEL else self.base
        self.cold_start = self.base.cold_start or other

    @property
    def name(self) -> str:
        """The expression itself."""
        return repr(self)

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        picks = self.base.pick(signals, n, rng)
        names = (self.name,) * len(picks.positions)
        return Picks(picks.positions, picks.scores, names, picks.probability)
