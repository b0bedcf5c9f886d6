"""Expected predictive information gain."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.information import joint_entropy
from querist.selection.scores import entropy
from querist.strategies.base import Score
from querist.strategies.checks import check_positive
from querist.strategies.draw_sources import Committee, checked_committee
from querist.strategies.lookahead import sample_of


class EPIG(Score):
    """Ask where the label would tell most about the labels of target items.

    Mean over targets x* of I(y; y*) = H(y) + H(y*) - H(y, y*), the joint being the mean over
    draws (n, s, k) of p_s(y) p_s(y*). The targets are the candidates themselves, **at most
    `targets` of them**, drawn by their ids. O(n t k^2 (s + 1)) time for t targets, O(n)
    memory and blocks. Best for: pools with much that nobody will ask about, where `BALD`
    learns what is of no use. Fails when: samples are few or classes many.

    Parameters
    ----------
    committee : int or sequence of estimators
        As in `BALD`.
    targets : int
        How many candidates stand for what will be predicted.

    References
    ----------
    Bickford Smith, Kirsch, Farquhar, Gal, Foster and Rainforth (2023), Prediction-oriented
    Bayesian active learning, AISTATS.

    Examples
    --------
    >>> alone, shared = [[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]
    >>> EPIG().score(Signals(draws=np.array([alone, shared, shared]))).round(4)
    array([0.    , 0.4621, 0.4621])
    """

    needs = frozenset({"draws"})

    def __init__(self, committee: Committee = 10, targets: int = 200) -> None:
        check_positive(targets=targets)
        self.committee = checked_committee(committee)
        self.targets = targets
        self.cost_class = f"4 n min(n, {targets:_}) k^2 s"

    def score(self, signals: Signals) -> Floats:
        """Mean mutual information with the targets' labels in nats, (n,), not negative."""
        draws = signals.draws
        assert draws is not None
        mean = np.asarray(draws.mean(axis=1, dtype=np.float64))
        targets = sample_of(signals, self.targets, "EPIG wants to predict")
        joint = joint_entropy(draws, draws[targets])
        gain = entropy(mean) + float(entropy(mean[targets]).mean()) - joint
        # rounded: a matrix product may differ in the last bits between rows that are equal
        return np.round(np.maximum(gain, 0.0), 10)
