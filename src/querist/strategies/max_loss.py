"""Max loss and mean max loss for several labels an item."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.base import Score


class MaxLoss(Score):
    """Ask where the loss is largest if only the most certain label applied.

    sum over labels j of max(0, 1 - m_j f_j), with f = 2 p - 1 for the decision value, m = 1
    for the label of largest f and -1 for all others.

    Best for: pools where most items have one label. Fails when: items have many labels, for
    then it asks for those that have most. Cost: O(n k) time for k labels, O(n) memory.

    References
    ----------
    Li, Wang and Sung (2004), Multilabel SVM active learning for image classification, ICIP.

    Examples
    --------
    >>> MaxLoss().score(Signals(marginals=np.array([[1.0, 0.0], [1.0, 0.5]])))
    array([0., 1.])
    """

    needs = frozenset({"marginals"})
    cost_class = "100 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """Sum of hinge losses over the labels, (n,), in [0, 2 k]."""
        assert signals.marginals is not None
        return by_blocks(lambda p: _alone(p).min(axis=1), signals.marginals)


class MeanMaxLoss(Score):
    """Ask where the mean loss is largest over the predicted labels, each as the only one.

    The loss of `MaxLoss` for each label with p > 0.5 in turn, averaged; for the most certain
    label where none is predicted.

    Best for: items of several labels, where it is fairer than `MaxLoss`. Fails when: the
    number of labels an item has says nothing. Cost: O(n k) time for k labels, O(n) memory.

    References
    ----------
    Li, Wang and Sung (2004), Multilabel SVM active learning for image classification, ICIP.

    Examples
    --------
    >>> MeanMaxLoss().score(Signals(marginals=np.array([[1.0, 0.75], [1.0, 0.5]])))
    array([2., 1.])
    """

    needs = frozenset({"marginals"})
    cost_class = "200 n k"
    row_by_row = True

    def score(self, signals: Signals) -> Floats:
        """Mean of the sums of hinge losses, (n,), in [0, 2 k]."""
        assert signals.marginals is not None
        return by_blocks(_mean_over_predicted, signals.marginals)


def _alone(block: Doubles) -> Doubles:
    """Loss of each label as the only one, (n, k): |m f| <= 1, so the hinge never cuts."""
    return np.asarray(2.0 * (1.0 - 2.0 * block + block.sum(axis=1, keepdims=True)))


def _mean_over_predicted(block: Doubles) -> Doubles:
    losses, predicted = _alone(block), block > 0.5
    count = predicted.sum(axis=1)
    mean = np.where(predicted, losses, 0.0).sum(axis=1) / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, losses.min(axis=1)))
