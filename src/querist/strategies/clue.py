"""Clusters weighted by entropy."""

from __future__ import annotations

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.kmeans import representatives
from querist.selection.scores import by_blocks, entropy_of
from querist.selection.softmax_head import softmax
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.ties import tie_keys_of


class CLUE(Strategy):
    """Cluster the pool with every item weighing its entropy; ask the item nearest each centre.

    Reads probabilities (n, k) and vectors (n, d): the last hidden layer in the paper, any
    fixed vectors here. With all entropies 0 it is `KMeansSampling`. O(n d) per centre,
    memory O(n). Best for: moving a model to a pool unlike its training data. Fails when:
    the model is confidently wrong; its mistakes then weigh nothing.

    Parameters
    ----------
    temperature : float
        Softens the probabilities, p^(1/temperature) up to scale, before the entropy; high
        ones turn it into plain clustering (the paper's trade-off between the two aims).

    References
    ----------
    Prabhu, Chandrasekaran, Saenko and Hoffman (2021), Active domain adaptation via
    clustering uncertainty-weighted embeddings, ICCV.

    Examples
    --------
    >>> proba = np.array([[1.0, 0.0], [0.5, 0.5], [1.0, 0.0], [0.6, 0.4]])
    >>> vectors = np.array([[0.0], [0.5], [9.0], [9.5]])
    >>> picks = CLUE().select(Signals(proba=proba, vectors=vectors), 2, rng=0)
    >>> sorted(picks.tolist())
    [1, 3]
    """

    needs = frozenset({"proba", "vectors"})
    takes_sparse = True
    cost_class = "60 n (d + 20) b + 50 n k"
    cold_start = KMeansSampling()

    def __init__(self, temperature: float = 1.0) -> None:
        check_positive(temperature=temperature)
        self.temperature = temperature

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.proba is not None and signals.vectors is not None
        keys = tie_keys_of(signals, rng)
        heat = self.temperature
        weights = by_blocks(
            lambda block: entropy_of(softmax(np.log(np.maximum(block, 1e-300)) / heat)),
            signals.proba,
        )
        positions = representatives(signals.vectors, n, keys, rng, weights)
        return self.picks(positions, weights[positions])
