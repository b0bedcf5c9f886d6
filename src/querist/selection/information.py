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
    return by_blocks(_information, draws)


def _information(draws: Doubles) -> Doubles:
    apart = entropy_of(draws.mean(axis=1)) - entropy_of(draws).mean(axis=1)
    return np.asarray(np.maximum(apart, 0.0))


def mean_entropy(draws: Floats) -> Doubles:
    """Entropy of each sample's probabilities, averaged over the samples, in nats; (n,).

    Examples
    --------
    >>> mean_entropy(np.array([[[0.5, 0.5], [1.0, 0.0]]])).round(4)
    array([0.3466])
    """
    return by_blocks(lambda block: entropy_of(block).mean(axis=1), draws)
