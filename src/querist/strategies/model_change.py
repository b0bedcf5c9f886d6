"""Expected model change, as expected gradient length."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.base import Score


class ExpectedModelChange(Score):
    """Ask what would move the model most: the expected length of its loss gradient.

    For a softmax on vectors h (n, d), a linear model or the last layer of a network, the
    gradient for label c is (p - e_c) h', so the score is exactly sqrt(|h|^2 + 1) *
    sum_c p_c |p - e_c|, with proba (n, k). At an optimum of the training loss the known
    labels add nothing. Costs O(n (d + k)) time, O(n) memory. Best for: features of equal
    length. Fails when: lengths vary, as it then asks for the longest vectors (outliers).

    Parameters
    ----------
    intercept : bool
        Whether the model has an intercept, which counts as a feature of 1.

    References
    ----------
    Settles, Craven and Ray (2007), Multiple-instance active learning, NIPS; Settles and
    Craven (2008), An analysis of active learning strategies for sequence labeling tasks,
    EMNLP (expected gradient length).

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [1.0, 0.0]])
    >>> vectors = np.array([[3.0, 4.0], [3.0, 4.0]])
    >>> ExpectedModelChange(intercept=False).score(Signals(proba=proba, vectors=vectors)).round(3)
    array([3.536, 0.   ])
    """

    cost_class = "30 n (d + k)"
    row_by_row = True
    needs = frozenset({"proba", "vectors"})

    def __init__(self, intercept: bool = True) -> None:
        self.intercept = intercept

    def score(self, signals: Signals) -> Floats:
        """Expected gradient length, (n,), not negative."""
        assert signals.proba is not None and signals.vectors is not None
        squares = by_blocks(lambda h: np.einsum("ij,ij->i", h, h), signals.vectors)
        return by_blocks(_residual, signals.proba) * np.sqrt(squares + self.intercept)


def _residual(proba: Doubles) -> Doubles:
    # |p - e_c|^2 = (1 - p_c)^2 + sum of the other p^2, which stays exact near certainty
    squares = proba * proba
    others = np.maximum(squares.sum(axis=1, keepdims=True) - squares, 0.0)
    return np.asarray(np.einsum("ij,ij->i", proba, np.sqrt((1.0 - proba) ** 2 + others)))
