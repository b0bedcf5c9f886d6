"""Entropy sampling."""

from __future__ import annotations

from querist.core.types import Floats, Signals
from querist.selection.scores import entropy, entropy_above
from querist.strategies.base import Score


class Entropy(Score):
    """Ask where the entropy H = -sum_c p_c log p_c of the prediction is highest, in nats.

    Reads proba (n, k). Costs O(n k) time and O(batch) memory: the pool is scored in blocks.
    Best for: models that must tell all k classes apart, log loss. Fails when: classes are
    many, as a tail of unlikely ones then counts as much as a close call (use `Margin`).

    References
    ----------
    Shannon (1948); Settles (2009), Active learning literature survey, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> Entropy().score(Signals(proba=np.array([[0.5, 0.5], [1.0, 0.0]]))).round(4)
    array([0.6931, 0.    ])
    """

    needs = frozenset({"proba"})
    cost_class = "50 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """Entropy, (n,), between 0 and log k."""
        assert signals.proba is not None
        return entropy(signals.proba)

    def score_above(self, signals: Signals, floor: float) -> Floats:
        """Entropy, (n,), minus infinity where it is surely below `floor`."""
        assert signals.proba is not None
        return entropy_above(signals.proba, floor)
