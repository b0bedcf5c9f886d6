"""Expected model change maximization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.base import Score
from querist.strategies.committee_variance import check_members, checked_committee
from querist.strategies.gsx import GSx


class ExpectedModelChangeMaximization(Score):
    """Ask for the item whose label would move a linear regressor most: EMCM.

    mean over members k of |f(x) - f_k(x)| times ||x||: the length of the squared loss's
    gradient with respect to the weights, were the label what a bootstrap member says. The
    first column of the predictions, (n, 1 + s), is the model f, the others its s members.

    Parameters
    ----------
    committee : int or sequence of estimators
        So many copies of the campaign's model, each on its own bootstrap sample, or these
        estimators. Plain data; the loop fits them, and puts the model itself before them.

    Best for: linear models. Fails when: long vectors are outliers (the length multiplies),
    an item sits at the origin (it scores 0), and in large batches.
    Cost: O(n (s + d)) time beside s trainings, O(n) memory.

    References
    ----------
    Cai, Zhang and Zhou (2013), Maximizing expected model change for active learning in
    regression, ICDM.

    Examples
    --------
    >>> signals = Signals(
    ...     predicted=np.array([[1.0, 0.0, 2.0], [1.0, 1.0, 3.0]]),
    ...     vectors=np.array([[3.0, 4.0], [1.0, 0.0]]),
    ... )
    >>> ExpectedModelChangeMaximization().score(signals)
    array([5., 1.])
    """

    needs = frozenset({"predicted", "vectors"})
    cold_start = GSx()
    leads_committee = True  # the model itself is the first column of `predicted`
    cost_class = "30 n (s + d)"

    def __init__(self, committee: int | Sequence[Any] = 5) -> None:
        self.committee = checked_committee(committee)

    def score(self, signals: Signals) -> Floats:
        """Expected length of the gradient, (n,), not negative."""
        assert signals.predicted is not None and signals.vectors is not None
        check_members(self.name, signals.predicted, 2)
        change = by_blocks(_surprise, signals.predicted)
        return change * by_blocks(_length, signals.vectors)


def _surprise(block: Doubles) -> Doubles:
    return np.asarray(np.abs(block[:, 1:] - block[:, :1]).mean(axis=1))


def _length(block: Doubles) -> Doubles:
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", block, block)))
