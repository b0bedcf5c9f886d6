"""How rare the likely class of an item is among the labels."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.selection.softmax_head import softmax
from querist.strategies.known import class_targets


def rarity(signals: Signals) -> Floats:
    """Expected weight (n,) of each candidate's class, rare among the labels weighing more.

    By `proba`, else by the softmax of `decision`; all weigh 1 where neither has the classes.
    """
    chances, labelled = class_chances(signals), signals.labelled
    if chances is None or labelled is None or chances.shape[1] != len(labelled.classes):
        return np.ones(len(signals))
    counts = np.bincount(class_targets("Class balance", labelled), minlength=chances.shape[1])
    weights = (counts.min() + 1) / (counts + 1)
    # einsum and not BLAS: equal rows then weigh alike wherever they stand
    return by_blocks(lambda block: np.einsum("ij,j->i", block, weights), chances)


def class_chances(signals: Signals) -> Floats | None:
    """Probabilities (n, k), rough ones where a model has decision values only."""
    if signals.proba is not None or signals.decision is None:
        return signals.proba
    decision = signals.decision.reshape(len(signals), -1)
    if decision.shape[1] == 1:
        decision = np.column_stack([-decision, decision])
    return softmax(decision.astype(np.float64))


def label_rarity(signals: Signals) -> Floats:
    """Doubt 1 - |2 p_c - 1| of each of several labels, rare ones weighing more; the mean, (n,)."""
    assert signals.marginals is not None and signals.labelled is not None
    counts = np.atleast_2d(signals.labelled.targets).sum(axis=0)
    weights = (counts.min() + 1) / (counts + 1) / len(counts)

    def weighed(block: Doubles) -> Doubles:
        return np.asarray(np.einsum("ij,j->i", 1.0 - np.abs(2.0 * block - 1.0), weights))

    return by_blocks(weighed, signals.marginals)
