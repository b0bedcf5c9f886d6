"""Scores and confidences of several labels an item, averaged or at their maximum."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.base import Score


class AvgScore(Score):
    """Ask for the item with the highest mean score over the labels: mean of 2 p_c - 1.

    A label's score is high where the label probably applies: evidence for positives is what
    rare labels lack. Best for: rare labels. Fails when: frequent labels dominate the mean.
    Cost: O(n k) time for k labels, O(n) memory.

    References
    ----------
    Esuli and Sebastiani (2009), Active learning strategies for multi-label text
    classification, ECIR.

    Examples
    --------
    >>> AvgScore().score(Signals(marginals=np.array([[1.0, 0.5], [0.0, 0.5]])))
    array([ 0.5, -0.5])
    """

    needs = frozenset({"marginals"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """The four classes of this file differ in `_measure` alone; (n,)."""
        assert signals.marginals is not None
        return by_blocks(self._measure, signals.marginals)

    def _measure(self, p: Doubles) -> Doubles:
        return np.asarray((2.0 * p - 1.0).mean(axis=1))


class MaxScore(AvgScore):
    """Ask for the item with the single likeliest label: max of 2 p_c - 1.

    Best for: finding items of any rare label. Fails when: one label is easy and frequent.
    Cost and source as `AvgScore` (score, maximum).

    Examples
    --------
    >>> MaxScore().score(Signals(marginals=np.array([[1.0, 0.5], [0.0, 0.5]])))
    array([1., 0.])
    """

    def _measure(self, p: Doubles) -> Doubles:
        return np.asarray((2.0 * p - 1.0).max(axis=1))


class AvgConfidence(AvgScore):
    """Ask for the item of lowest mean confidence: 1 - mean of |2 p_c - 1|.

    Best for: a sound first choice for several labels. Fails when: labels are rare, so that
    sure negatives fill the mean. Cost and source as `AvgScore` (confidence, average).

    Examples
    --------
    >>> AvgConfidence().score(Signals(marginals=np.array([[1.0, 0.5], [0.0, 1.0]])))
    array([0.5, 0. ])
    """

    def _measure(self, p: Doubles) -> Doubles:
        return np.asarray(1.0 - np.abs(2.0 * p - 1.0).mean(axis=1))


class MaxConfidence(AvgScore):
    """Ask for the item of which no label is certain: 1 - max of |2 p_c - 1|.

    Best for: items unlike all seen. Fails when: every item has one certain label, for then
    all score alike; `BinaryMinimum` looks at the least certain one. Cost and source as
    `AvgScore` (confidence, maximum).

    Examples
    --------
    >>> MaxConfidence().score(Signals(marginals=np.array([[0.75, 0.5], [0.0, 0.5]])))
    array([0.5, 0. ])
    """

    def _measure(self, p: Doubles) -> Doubles:
        return np.asarray(1.0 - np.abs(2.0 * p - 1.0).max(axis=1))
