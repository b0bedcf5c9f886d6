"""BADGE: uncertain and diverse by gradients."""

from __future__ import annotations

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.d2 import Outer, d2_sample
from querist.strategies.base import Rng, Strategy
from querist.strategies.ties import tie_keys_of


class BADGE(Strategy):
    """Draw items whose loss gradients are long and far from those already drawn.

    The gradient of item i at its own predicted label, in the last layer, is
    g_i = (p_i - onehot(argmax p_i)) (x) h_i for probabilities p_i (k,) and vector h_i (d,):
    long where the model is in doubt. The longest comes first, the others by k-means++: with
    probability proportional to the squared distance to the nearest drawn gradient. The outer
    product is never formed, and the draws are exact. Score: that squared distance.

    Cost: O(n (d + k)) per pick, a pass over the pool per 50 picks; memory O(n k).
    Best for: large batches; the most robust one across texts and images.
    Fails when: one item at a time is asked (it is then the longest gradient alone), or
    vector lengths mean nothing: they scale the gradients.

    References
    ----------
    Ash et al. (2020), Deep batch active learning by diverse, uncertain gradient lower
    bounds, ICLR, algorithm 1, equation 1.

    Examples
    --------
    >>> proba = np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.6, 0.4]])
    >>> vectors = np.array([[9.0, 0.0], [2.0, 0.0], [2.0, 0.0], [0.0, 2.0]])
    >>> BADGE().select(Signals(proba=proba, vectors=vectors, ids=np.arange(4)), 2, rng=0)[1]
    np.int64(3)
    """

    needs = frozenset({"proba", "vectors"})
    takes_sparse = True
    cost_class = "3 n (d + k) b"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.proba is not None and signals.vectors is not None
        keys = tie_keys_of(signals, rng)
        surprise = np.array(signals.proba, dtype=np.float64)
        rows = np.arange(len(surprise))
        surprise[rows, surprise.argmax(axis=1)] -= 1.0
        positions, far = d2_sample(Outer([surprise, signals.vectors]), n, keys, rng)
        return self.picks(positions, far)
