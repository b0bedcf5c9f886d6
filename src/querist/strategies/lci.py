"""Label cardinality inconsistency."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import by_blocks
from querist.strategies.base import Score


class LCI(Score):
    """Ask where the number of predicted labels is farthest from the mean of the labelled items.

    | #{c: p_c > 0.5} - mean number of labels told |. With nothing labelled the mean is that
    of the candidates' expected numbers, sum_c p_c. Many items tie: multiply it with an
    uncertainty, as the paper does: ``LCI() * BinaryMinimum()``.

    Best for: data whose items have about equally many labels. Fails when: that number varies
    by nature. Cost: O(n k) time for k labels, O(n) memory.

    References
    ----------
    Li and Guo (2013), Active learning with multi-label SVM classification, IJCAI.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(None, np.array([[1, 0, 0], [0, 1, 0]]), classes=("a", "b", "c"))
    >>> LCI().score(Signals(marginals=np.array([[0.9, 0.8, 0.7], [0.1, 0.9, 0.0]]), labelled=known))
    array([2., 0.])
    """

    needs = frozenset({"marginals"})
    wants = frozenset({"labelled"})
    cost_class = "100 n k"

    def score(self, signals: Signals) -> Floats:
        """Difference in the number of labels, (n,), not negative."""
        p = signals.marginals
        assert p is not None
        usual = _cardinality(signals, p)
        return by_blocks(lambda block: np.abs((block > 0.5).sum(axis=1) - usual), p)


def _cardinality(signals: Signals, p: Floats) -> float:
    """Mean number of labels of the labelled items; of the candidates when there are none."""
    told = None if signals.labelled is None else signals.labelled.targets
    if told is None or not len(told):
        # rounded so that the order of the candidates cannot matter
        return round(float(np.sum(p, dtype=np.float64)) / len(p), 9)
    return float(told.sum()) / len(told) if told.ndim == 2 else 1.0
