"""Distance to the decision boundary."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import by_blocks
from querist.strategies.base import Score


class DistanceToBoundary(Score):
    """Ask for the items closest to the decision boundary: 1 / (1 + |d|), highest first.

    With one column per class (one against the rest) the nearest of the k boundaries counts.
    O(n k) time, O(b) memory beyond a block. Best for: support vector machines and other models
    without probabilities. Fails when: batches are large, as neighbours on the boundary come
    together, or the classes' decision values differ in scale.

    References
    ----------
    Tong and Koller (2001), Support vector machine active learning with applications to
    text classification, JMLR 2 (the "simple margin").

    Examples
    --------
    >>> DistanceToBoundary().score(Signals(decision=np.array([-3.0, 0.0, 1.0])))
    array([0.25, 1.  , 0.5 ])
    """

    needs = frozenset({"decision"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """One over one plus the distance, (n,), in (0, 1]."""
        assert signals.decision is not None
        table = signals.decision.reshape(len(signals), -1)
        distance = by_blocks(lambda block: np.abs(block).min(axis=1), table)
        return 1.0 / (1.0 + distance)
