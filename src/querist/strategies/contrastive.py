"""Items the model judges unlike their labelled neighbours."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Picks, Signals
from querist.selection.neighbours import nearest_neighbours
from querist.strategies.base import Rng, Score
from querist.strategies.checks import check_count, check_known_proba
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors

_FLOOR = 1e-7  # least probability: keeps the divergence finite
_ROWS = 4096


class ContrastiveAL(Score):
    """Ask what is near labelled items and yet predicted unlike them (CAL).

    Mean divergence KL(p_l || p_i) of the candidate's probabilities p_i (n, k) from those of
    its nearest labelled neighbours l, (m, k), by vectors (n, d): the encoder's output in
    the paper, fixed vectors here. Needs `labelled.proba`, which a campaign gives. O(n m d)
    time, less where a campaign keeps the neighbours; O(n) memory and blocks. Best
    for: fine-tuned text models, vectors in which neighbours share a class. Fails when:
    labels are few, so that neighbours are far.

    Parameters
    ----------
    neighbours : int
        How many labelled neighbours a candidate is compared with.

    References
    ----------
    Margatina, Vernikos, Barrault and Aletras (2021), Active learning by acquiring
    contrastive examples, EMNLP.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.zeros((1, 1)), np.zeros(1), proba=np.array([[0.9, 0.1]]))
    >>> proba = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> signals = Signals(proba=proba, vectors=np.ones((2, 1)), labelled=known)
    >>> ContrastiveAL().score(signals).round(2)
    array([0.  , 1.76])
    """

    needs = frozenset({"proba", "vectors", "labelled"})
    cost_class = "3 n m (d + 20)"
    wants = frozenset({"labelled_proba", "neighbours"})
    cold_start = KMeansSampling()

    def __init__(self, neighbours: int = 10) -> None:
        self.neighbours = self.nearest = check_count(neighbours, "neighbours")

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        if known_vectors(signals) is None:
            return KMeansSampling().pick(signals, n, rng)
        return super()._pick(signals, n, rng)

    def score(self, signals: Signals) -> Floats:
        """Mean divergence in nats, (n,); 0 while nothing is labelled."""
        assert signals.proba is not None and signals.vectors is not None
        known = known_vectors(signals)
        out = np.zeros(len(signals))
        if known is None:
            return out
        said = _floored(check_known_proba(self.name, signals))
        certainty = np.einsum("lk,lk->l", said, np.log(said))
        for start in range(0, len(out), _ROWS):
            part = slice(start, start + _ROWS)
            if signals.neighbours is not None:
                near = signals.neighbours[part, : self.neighbours]
            else:
                _, near = nearest_neighbours(signals.vectors[part], known, self.neighbours)
            expected = said[near].mean(axis=1)
            logs = np.log(_floored(signals.proba[part]))
            out[part] = certainty[near].mean(axis=1) - np.einsum("nk,nk->n", expected, logs)
        return out


def _floored(proba: Floats) -> Floats:
    raised = np.maximum(np.asarray(proba, dtype=np.float64), _FLOOR)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
