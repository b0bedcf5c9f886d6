"""Uniform random sampling."""

from __future__ import annotations

from querist.core.types import Picks, Signals
from querist.selection.topk import drawn
from querist.strategies.base import Rng, Strategy
from querist.strategies.ties import tie_keys_of


class Random(Strategy):
    """Draw uniformly without replacement: the baseline every strategy must beat.

    Each item's draw is decided by its id and the seed, so the batch does not depend on the
    order or the partition of the candidates. Its probability is n over the candidates. Costs
    O(n) time and O(batch) memory. Best for: a baseline, an unbiased estimate, a model that
    cannot be trusted yet. Fails when: labels are dear and a class is rare.

    Examples
    --------
    >>> import numpy as np
    >>> picks = Random().pick(Signals(cost=np.ones(10)), 2, rng=0)
    >>> len(picks.positions), picks.probability.tolist()
    (2, [0.2, 0.2])
    """

    cost_class = "500 n"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        positions = drawn(len(signals), n, tie_keys_of(signals, rng))
        return self.picks(positions, None, n / len(signals))
