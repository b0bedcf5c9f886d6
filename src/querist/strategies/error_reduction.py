"""Expected error reduction."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.selection.parzen import log_risk, zero_one_risk
from querist.strategies.base import Score
from querist.strategies.checks import check_positive
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.lookahead import expected, parzen_of, sample_of

Loss = Literal["log", "zero_one"]


class ExpectedErrorReduction(Score):
    """Ask for the label after which the expected error over the pool is least.

    -sum_y p(y|x) mean_x' loss(x'), the loss being what a Parzen window classifier, refitted
    with (x, y), expects of itself: the entropy of p(x') or 1 - max p(x'). Its refits cost
    one kernel value each, so any model may stand beside it. Reads vectors (n, d) and their
    labels; O(c r (d + k)) time for c candidates and r points, O(n + c k) memory and blocks.
    **Samples**: at most `candidates` are scored (the others rank last, at -inf) and
    the error is averaged over at most `points`; another sample after each label.
    Best for: few labels, one query at a time. Fails when: distances say little (many raw
    columns), or the batch is large, as its picks repeat each other.

    Parameters
    ----------
    loss : {"log", "zero_one"}
        Which error is to shrink.
    gamma : float, optional
        Inverse squared kernel width; one over the pool's total variance by default.
    prior : float
        Frequency of each class before any label.
    candidates, points : int
        How many items are scored, and how many the error is averaged over.

    References
    ----------
    Roy and McCallum (2001), Toward optimal active learning through sampling estimation of
    error reduction, ICML.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.0]]), np.array([0]), classes=("a", "b"))
    >>> line = np.array([[0.0], [9.0], [10.0], [11.0]])
    >>> ExpectedErrorReduction().select(Signals(vectors=line, labelled=known), 1, rng=0)
    array([2])
    """

    needs = frozenset({"vectors", "labelled"})
    of_classes = True
    cold_start = KMeansSampling()

    def __init__(
        self,
        loss: Loss = "log",
        gamma: float | None = None,
        prior: float = 0.1,
        candidates: int = 10_000,
        points: int = 1000,
    ) -> None:
        if loss not in get_args(Loss):
            raise BadInput(f"loss must be one of {', '.join(get_args(Loss))}, but it is {loss!r}")
        check_positive(prior=prior, candidates=candidates, points=points)
        check_positive(or_none=True, gamma=gamma)
        self.loss, self.gamma, self.prior = loss, gamma, prior
        self.candidates, self.points = candidates, points
        self.cost_class = f"3 min(n, {candidates:_}) min(n, {points:_}) (d + 20 k)"

    def score(self, signals: Signals) -> Floats:
        """Minus the mean expected loss, (n,); -inf for those not sampled."""
        assert signals.vectors is not None
        points = sample_of(signals, self.points, "ExpectedErrorReduction averages the error over")
        tried = sample_of(signals, self.candidates, "ExpectedErrorReduction scores")
        model = parzen_of(signals, points, self.gamma, self.prior)
        vectors = signals.vectors[tried]
        risk = log_risk if self.loss == "log" else zero_one_risk
        outcomes = model.risks(signals.vectors[points], vectors, risk) / len(points)
        scores = np.full(len(signals), -np.inf)
        # rounded: a matrix product may differ in the last bits between rows that are equal
        scores[tried] = -np.round(expected(model, vectors, outcomes), 10)
        return scores
