"""Uncertain, then diverse."""

from __future__ import annotations

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.kmeans import representatives
from querist.selection.topk import top_k
from querist.strategies.base import Rng, Score, Strategy
from querist.strategies.checks import check_count, checked_scores
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.margin import Margin
from querist.strategies.parts import declare
from querist.strategies.ties import tie_keys_of


class DiverseBatch(Strategy):
    """Keep the beta x n most uncertain items, cluster them into n, ask one of each cluster.

    Items weigh in the clustering as much as they score. Most uncertain of the batch first.
    The clustering costs O(beta n^2 d) time for n picks and O(beta n d) memory, whatever the
    pool. Best for: large batches. Fails when: the base is wrong about what is uncertain, or
    so many copies are uncertain that the beta x n kept are all of one kind.

    Parameters
    ----------
    base : Score
        The uncertainty, `Margin()` by default.
    beta : int
        How many candidates per pick go into the clustering; 1 is the base alone.

    References
    ----------
    Zhdanov (2019), Diverse mini-batch active learning, arXiv 1901.05954.

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [0.5, 0.5], [0.55, 0.45], [1.0, 0.0]])
    >>> vectors = np.array([[0.0], [0.0], [9.0], [5.0]])
    >>> picks = DiverseBatch(beta=2).select(Signals(proba=proba, vectors=vectors), 2, rng=0)
    >>> vectors[picks].ravel()
    array([0., 9.])
    """

    def __init__(self, base: Score | None = None, beta: int = 10) -> None:
        self.base = Margin() if base is None else base
        self.beta = check_count(beta, "beta")
        declare(self, [self.base, KMeansSampling()], ("n", f"min(n, {beta} b)"))
        self.cold_start = KMeansSampling()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys = tie_keys_of(signals, rng)
        scores = checked_scores(self.base, signals)
        kept = top_k(scores, self.beta * n, keys)
        weights = scores[kept] - min(0.0, float(scores[kept].min()))
        chosen = representatives(signals.vectors[kept], n, lambda at: keys(kept[at]), rng, weights)
        positions = kept[np.sort(chosen)]  # kept is in order of score
        return self.picks(positions, scores[positions], 1.0 if len(kept) == n else np.nan)
