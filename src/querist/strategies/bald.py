"""Bayesian active learning by disagreement."""

from __future__ import annotations

from querist.core.types import Floats, Signals
from querist.selection.information import mutual_information
from querist.strategies.base import Score
from querist.strategies.draw_sources import Committee, checked_committee


class BALD(Score):
    """Ask where the label would tell most about the model: I(y; w) = H[mean p] - mean H[p].

    The draws (n, s, k) are s posterior samples of the class probabilities. Noise that all
    samples agree on scores 0. Costs O(n s k) time and O(n) memory. Best for: single
    queries of models with good posterior samples. Fails when: the batch is large, as its
    picks repeat each other (see `PowerBALD`, `BatchBALD`), or the samples are few.

    Parameters
    ----------
    committee : int or sequence of estimators
        Whose members are the samples, where the model itself has none: so many copies of
        it, each fitted to a bootstrap sample of the labels, or these estimators.

    References
    ----------
    Houlsby, Huszár, Ghahramani and Lengyel (2011), Bayesian active learning for
    classification and preference learning, arXiv 1112.5745.

    Examples
    --------
    >>> import numpy as np
    >>> noisy, torn = [[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]
    >>> BALD().score(Signals(draws=np.array([noisy, torn]))).round(4)
    array([0.    , 0.6931])
    """

    cost_class = "100 n s k"
    row_by_row = True
    needs = frozenset({"draws"})

    def __init__(self, committee: Committee = 10) -> None:
        self.committee = checked_committee(committee)

    def score(self, signals: Signals) -> Floats:
        """Mutual information in nats, (n,), not negative."""
        assert signals.draws is not None
        return mutual_information(signals.draws)
