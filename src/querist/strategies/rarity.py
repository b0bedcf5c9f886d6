"""How rare the likely class of an item is among the labels."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Labelled, Signals
from querist.selection.scores import Doubles, by_blocks
from querist.strategies.known import class_targets


def rarity(proba: Floats | None, labelled: Labelled) -> Floats:
    """Expected weight of each candidate's class, rare among the labels weighing more."""
    if proba is None or proba.shape[1] != len(labelled.classes):
        return np.ones(1)
    counts = np.bincount(class_targets("Class balance", labelled), minlength=proba.shape[1])
    weights = (counts.min() + 1) / (counts + 1)
    # einsum and not BLAS: equal rows then weigh alike wherever they stand
    return by_blocks(lambda block: np.einsum("ij,j->i", block, weights), proba)


def label_rarity(signals: Signals) -> Floats:
    """Doubt 1 - |2 p_c - 1| of each of several labels, rare ones weighing more; the mean, (n,)."""
    assert signals.marginals is not None and signals.labelled is not None
    counts = np.atleast_2d(signals.labelled.targets).sum(axis=0)
    weights = (counts.min() + 1) / (counts + 1) / len(counts)

    def weighed(block: Doubles) -> Doubles:
        return np.asarray(np.einsum("ij,j->i", 1.0 - np.abs(2.0 * block - 1.0), weights))

    return by_blocks(weighed, signals.marginals)
