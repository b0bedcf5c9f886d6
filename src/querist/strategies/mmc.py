"""Maximum loss reduction with maximal confidence."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Labelled, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.selection.softmax_head import softmax_head
from querist.strategies.base import Score


class MMC(Score):
    """Ask for the item that would lower the loss most, were its likeliest labels true.

    First the number of labels m of an item is predicted, by a logistic regression on its
    probabilities, sorted and scaled to sum to one, learned from the labelled items. Its m
    likeliest labels count as true, y_c = 1, the others as -1, and it scores
    sum_c (1 - y_c f_c) / 2 with f = 2 p - 1 for the decision value. Without the model's
    probabilities of labelled items, m is the expected number sum_c p_c, rounded.

    Best for: text with several topics. Fails when: too few items are labelled to learn m.
    Cost: O(n k log k) time for k labels, O(n) memory.

    References
    ----------
    Yang, Sun, Wang and Chen (2009), Effective multi-label active learning for text
    classification, KDD.

    Examples
    --------
    >>> MMC().score(Signals(marginals=np.array([[1.0, 0.0], [0.75, 0.75]])))
    array([0. , 0.5])
    """

    needs = frozenset({"marginals"})
    wants = frozenset({"labelled", "labelled_marginals"})
    cost_class = "200 n k log k"

    def score(self, signals: Signals) -> Floats:
        """Expected loss, (n,), in [0, k]."""
        assert signals.marginals is not None
        learned = _count_model(signals.labelled)
        return by_blocks(lambda block: _loss(block, learned), signals.marginals)


# slopes (k, r) and offsets (r,) of a softmax, and the r numbers of labels it tells apart
Counter = tuple[Doubles, Doubles, Doubles]


def _count_model(labelled: Labelled | None) -> Counter | None:
    if labelled is None or labelled.marginals is None or not len(labelled):
        return None
    if labelled.targets.ndim != 2:
        shape = labelled.targets.shape
        said = f"labelled.targets (m, k) of 0/1, but they have shape {shape}"
        raise BadInput(f"MMC learns from {said}")
    counts = labelled.targets.sum(axis=1)
    ranked = _ranked(np.asarray(labelled.marginals, dtype=np.float64))[1]
    return *softmax_head(ranked, counts, scaled=False), np.unique(counts)


def _ranked(block: Doubles) -> tuple[Doubles, Doubles]:
    """Probabilities from high to low, as they are and scaled to sum to one."""
    high = -np.sort(-block, axis=1)
    total = high.sum(axis=1, keepdims=True)
    return high, np.divide(high, total, out=np.zeros_like(high), where=total > 0)


def _loss(block: Doubles, learned: Counter | None) -> Doubles:
    high, scaled = _ranked(block)
    if learned is None:
        many = np.rint(high.sum(axis=1))
    else:
        slopes, offsets, counts = learned
        # einsum and not BLAS: equal rows then count alike wherever they stand
        says = np.einsum("ij,jk->ik", scaled, slopes) + offsets
        many = counts[says.argmax(axis=1)]
    true = np.arange(block.shape[1]) < many[:, None]
    return np.asarray(np.where(true, 1.0 - high, high).sum(axis=1))
