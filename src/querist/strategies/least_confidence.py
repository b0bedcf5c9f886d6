"""Least confidence sampling."""

from __future__ import annotations

from querist.core.types import Floats, Signals
from querist.selection.scores import least_confidence
from querist.strategies.base import Score


class LeastConfidence(Score):
    """Ask where the highest predicted probability is lowest: 1 - p1, highest first.

    Reads proba (n, k). Costs O(n k) time and O(batch) memory: the pool is scored in blocks.
    Best for: accuracy as the goal, as 1 - p1 is the expected error. Fails when: the batch is
    large, or probabilities are not calibrated and some classes always get low ones.

    References
    ----------
    Lewis and Gale (1994), A sequential algorithm for training text classifiers, SIGIR.

    Examples
    --------
    >>> import numpy as np
    >>> LeastConfidence().score(Signals(proba=np.array([[0.75, 0.25], [0.5, 0.5]])))
    array([0.25, 0.5 ])
    """

    needs = frozenset({"proba"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """One minus the largest probability, (n,)."""
        assert signals.proba is not None
        return least_confidence(signals.proba)
