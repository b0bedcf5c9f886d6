"""Margin sampling."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import top_two_gap
from querist.strategies.base import Score


class Margin(Score):
    """Ask where the two most probable classes are closest: 1 - (p1 - p2), highest first.

    Where the model has no probabilities its decision values do: 1 / (1 + gap), with gap the
    distance |d| of a two-class model and the difference of the two largest values otherwise.
    Reads proba or decision (n, k); costs O(n k) time and O(batch) memory, in blocks. Best for:
    classification by most kinds of models; it is hard to beat one item at a time. Fails when:
    the batch is large, as its items resemble each other (`DiverseBatch`, `PowerSampling`), or
    a whole group of items is confidently wrong.

    References
    ----------
    Scheffer, Decomain and Wrobel (2001), Active hidden Markov models for information
    extraction, IDA.

    Examples
    --------
    >>> Margin().score(Signals(proba=np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])))
    array([0.75, 0.  ])
    >>> Margin().score(Signals(decision=np.array([-1.0, 0.0])))
    array([0.5, 1. ])
    """

    needs = frozenset({"proba"})
    instead = MappingProxyType({"proba": "decision"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """One minus the margin, (n,), in [0, 1]."""
        if signals.proba is not None:
            return 1.0 - top_two_gap(signals.proba)
        assert signals.decision is not None
        table = signals.decision.reshape(len(signals), -1)
        gap = np.abs(table[:, 0]) if table.shape[1] == 1 else top_two_gap(table)
        return 1.0 / (1.0 + gap.astype(np.float64))
