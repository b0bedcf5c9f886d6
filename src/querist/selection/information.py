"""What labels and model parameters tell about each other, from posterior samples."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats
from querist.selection.scores import Doubles, by_blocks, entropy_of


def mutual_information(draws: Floats) -> Doubles:
    """Information between each row's label and the model's parameters, in nats; (n,).

    Entropy of the mean of the s samples `draws` (n, s, k) minus their mean entropy.

    Examples
    --------
    >>> sure, torn = [[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> mutual_information(np.array([sure, torn])).round(4)
    array([0.    , 0.6931])
    """
    return by_blocks(information_of, draws)


def information_of(draws: Doubles) -> Doubles:
    """`mutual_information` of one block, in doubles.

    Examples
    --------
    >>> information_of(np.array([[[0.5, 0.5], [0.5, 0.5]]]))
    array([0.])
    """
    apart = entropy_of(draws.mean(axis=1)) - entropy_of(draws).mean(axis=1)
    return np.asarray(np.maximum(apart, 0.0))


def joint_entropy(draws: Floats, targets: Floats) -> Doubles:
    """Entropy of a row's label together with a target's, averaged over the targets; (n,).

    `draws` (n, s, k) and `targets` (t, s, k) are probabilities by the same s samples; given
    a sample the two labels are independent.

    Examples
    --------
    >>> fair = np.full((1, 2, 2), 0.5)
    >>> joint_entropy(fair, fair).round(4)
    array([1.3863])
    """
    count, s, k = targets.shape
    right = np.asarray(targets, dtype=np.float64).transpose(1, 0, 2).reshape(s, count * k) / s
    rows = max(1, (1 << 18) // max(1, count * k * k))
    found = np.empty(len(draws))
    for start in range(0, len(draws), rows):
        block = np.asarray(draws[start : start + rows], dtype=np.float64)
        left = np.ascontiguousarray(block.transpose(0, 2, 1)).reshape(len(block) * k, s)
        joint = (left @ right).reshape(len(block), k * count * k)
        found[start : start + rows] = entropy_of(joint) / count
    return found
