"""How rare the likely class of an item is among the labels."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Labelled
from querist.selection.scores import by_blocks
from querist.strategies.known import class_targets


def rarity(proba: Floats | None, labelled: Labelled) -> Floats:
    """Expected weight of each candidate's class, rare among the labels weighing more."""
    if proba is None or proba.shape[1] != len(labelled.classes):
        return np.ones(1)
    counts = np.bincount(class_targets("Class balance", labelled), minlength=proba.shape[1])
    weights = (counts.min() + 1) / (counts + 1)
    # einsum and not BLAS: equal rows then weigh alike wherever they stand
    return by_blocks(lambda block: np.einsum("ij,j->i", block, weights), proba)
