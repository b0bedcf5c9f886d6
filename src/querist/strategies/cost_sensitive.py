"""Uncertainty where mistakes differ in price."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from querist.core.errors import BadInput
from querist.core.signals import checked_mistakes
from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.base import Score
from querist.strategies.mistakes import costs_for

Form = Literal["minimal", "margin", "expected"]


class CostSensitive(Score):
    """Ask where the model's decision is expected to cost most, by a matrix of costs.

    Deciding d costs sum_c p_c A[c, d]. Reads proba (n, k); costs O(n k^2). With costs of 1
    for each mistake "minimal" is `LeastConfidence` and "margin" is `Margin`. Best for: few
    classes, mistakes of very unequal price. Fails when: the probabilities are not
    calibrated, as the costs then multiply the error.

    Parameters
    ----------
    matrix : array (k, k), optional
        Cost of deciding for the column when the row is true, not negative; by default the
        campaign's own (`mistakes=`), and without one 0 on the diagonal and 1 elsewhere.
    form : {"minimal", "margin", "expected"}
        Cost of the cheapest decision; largest cost minus the gap between the two cheapest
        decisions; cost of a decision drawn from the probabilities themselves, p' A p.

    References
    ----------
    Margineantu (2005), Active cost-sensitive learning, IJCAI (minimal); Chen and
    Lin (2013), Active learning for multiclass cost-sensitive classification using
    probabilistic models, TAAI (margin); Joshi, Porikli and Papanikolopoulos
    (2009), Multi-class active learning for image classification, CVPR (expected).

    Examples
    --------
    >>> missed = [[0, 1], [10, 0]]  # calling a second-class item first costs 10
    >>> proba = np.array([[0.9, 0.1], [0.5, 0.5]])
    >>> CostSensitive(missed).score(Signals(proba=proba))
    array([0.9, 0.5])
    """

    cost_class = "5 n k (k + 20)"
    needs = frozenset({"proba"})
    wants = frozenset({"mistakes"})

    def __init__(self, matrix: Any = None, form: Form = "minimal") -> None:
        if form not in get_args(Form):
            raise BadInput(f"form must be one of {', '.join(get_args(Form))}, but it is {form!r}")
        self.matrix = None if matrix is None else checked_mistakes(matrix)
        self.form = form

    def score(self, signals: Signals) -> Floats:
        """Cost, (n,), not negative."""
        assert signals.proba is not None
        matrix = costs_for(self.matrix, signals, signals.proba.shape[1])
        worst = max(float(matrix.max()), np.finfo(np.float64).tiny)

        def cost(proba: Doubles) -> Doubles:
            by_decision = proba @ (matrix / worst)
            if self.form == "expected":
                return np.asarray(np.einsum("ij,ij->i", proba, by_decision))
            if by_decision.shape[1] == 1:
                return np.zeros(len(proba))
            cheapest = np.partition(by_decision, 1, axis=1)
            if self.form == "minimal":
                return cheapest[:, 0]
            return np.asarray(1.0 - (cheapest[:, 1] - cheapest[:, 0]))

        # rounded: a matrix product may differ in the last bits between rows that are equal
        return np.asarray(np.round(by_blocks(cost, signals.proba), 12) * worst)
