"""BinMin: the least certain label decides."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import by_blocks
from querist.strategies.base import Score


class BinaryMinimum(Score):
    """Ask for the item with the single label nearest to 0.5: 1 - min over labels |2 p_c - 1|.

    Best for: few labels of which each matters. Fails when: there are many labels, for then
    every item has a doubtful one. The minimum confidence of Esuli and Sebastiani (2009).
    Cost: O(n k) time for k labels, O(n) memory.

    References
    ----------
    Brinker (2006), On active learning in multi-label classification, in From Data and
    Information Analysis to Knowledge Engineering.

    Examples
    --------
    >>> BinaryMinimum().score(Signals(marginals=np.array([[0.5, 1.0], [0.25, 0.0]])))
    array([1. , 0.5])
    """

    needs = frozenset({"marginals"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """How uncertain the least certain label is, (n,), in [0, 1]."""
        assert signals.marginals is not None
        return by_blocks(lambda p: 1.0 - np.abs(2.0 * p - 1.0).min(axis=1), signals.marginals)
