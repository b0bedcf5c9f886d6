"""Value of information."""

from __future__ import annotations

from typing import Any

import numpy as np

from querist.core.signals import checked_mistakes
from querist.core.types import Floats, Signals
from querist.selection.parzen import cost_risk, costs_of
from querist.strategies.base import Score
from querist.strategies.checks import check_positive
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.lookahead import expected, parzen_of, sample_of
from querist.strategies.mistakes import costs_for


class ValueOfInformation(Score):
    """Ask for the label that is expected to save most: cost of mistakes now, less after it.

    J - sum_y p(y|x) J after (x, y), less the price of asking. J sums p' A p over the items
    without a label and A[y] p over those with one, x among them once it has its label; p is
    a Parzen window classifier's, refitted in closed form. Reads vectors (n, d), labels,
    prices; O(n (r + m) (d + k)) time for r points and m labels. **Samples**: J sums over
    at most `points` of the candidates and is scaled up. Best for: prices of mistakes that
    differ and are known. Fails when: distances say little, or the batch is large.

    Parameters
    ----------
    matrix : array (k, k), optional
        Cost A of deciding for the column when the row is true; the campaign's, else 1.
    price : float
        What one unit of `Signals.cost` is worth in units of the matrix; 0 asks for free.
    gamma : float, optional
        Inverse squared kernel width; one over the pool's total variance by default.
    prior : float
        Frequency of each class before any label.
    points : int
        How many candidates the cost is summed over.

    References
    ----------
    Kapoor, Horvitz and Basu (2007), Selective supervision: guiding supervised learning with
    decision-theoretic active learning, IJCAI.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.0]]), np.array([0]), classes=("a", "b"))
    >>> line = np.array([[0.0], [9.0], [10.0], [11.0]])
    >>> ValueOfInformation().select(Signals(vectors=line, labelled=known), 1, rng=0)
    array([2])
    """

    needs = frozenset({"vectors", "labelled"})
    wants = frozenset({"cost", "mistakes"})
    of_classes = True
    cold_start = KMeansSampling()

    def __init__(
        self,
        matrix: Any = None,
        price: float = 0.0,
        gamma: float | None = None,
        prior: float = 0.1,
        points: int = 1000,
    ) -> None:
        check_positive(prior=prior, points=points)
        check_positive(or_none=True, price=price or None, gamma=gamma)
        self.matrix = None if matrix is None else checked_mistakes(matrix)
        self.price, self.gamma, self.prior, self.points = price, gamma, prior, points
        self.cost_class = f"4 n min(n, {points:_}) (d + 20 k)"

    def score(self, signals: Signals) -> Floats:
        """Expected saving less the price, (n,), in units of the matrix."""
        vectors = signals.vectors
        assert vectors is not None
        points = sample_of(signals, self.points, "ValueOfInformation sums costs over")
        model = parzen_of(signals, points, self.gamma, self.prior)
        matrix = costs_for(self.matrix, signals, model.k)
        scale, mine = len(vectors) / len(points), matrix[model.targets]
        now = scale * costs_of(model.proba(vectors[points]), matrix).sum()
        now += (model.proba(model.known) * mine).sum()
        after = scale * model.risks(vectors[points], vectors, cost_risk(matrix))
        after += model.known_costs(mine, vectors)
        frequencies = model.frequencies(vectors)
        for c in range(model.k):  # the candidate itself goes over to the labelled ones
            own = frequencies + np.eye(model.k)[c]
            own /= own.sum(axis=1, keepdims=True)
            after[c] += own @ matrix[c] - costs_of(own, matrix)
        saved = now - expected(model, vectors, after)
        # rounded: a matrix product may differ in the last bits between rows that are equal
        unit = len(vectors) * max(float(matrix.max()), np.finfo(np.float64).tiny)
        asking = 0.0 if signals.cost is None else self.price * signals.cost
        return np.asarray(np.round(saved / unit, 12) * unit - asking)
