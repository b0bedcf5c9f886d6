"""Cluster-based sampling."""

from __future__ import annotations

from querist.core.types import Floats, Picks, Signals
from querist.selection.kmeans import representatives
from querist.strategies.base import Rng, Weighable
from querist.strategies.ties import tie_keys_of


class KMeansSampling(Weighable):
    """Ask for the item nearest to the centre of each of n k-means clusters.

    Touches every dense region once; needs no label and no model, so it starts campaigns.
    Of the starts compared it was the best: +4.1 points of accuracy over random after one
    batch, the mean of 86 settings and 20 seeds. After a score,
    ``Margin() >> KMeansSampling()``, candidates weigh as much as they score.

    Fitted on 64 rows a centre, at least 10,000, some thirty passes; then O(n b d) time for b
    picks of vectors (n, d). O(n) memory, and the rows it is fitted on in doubles. Best for:
    the first batch. Fails when: a rare class lies within a dense one: no centre shows it.

    References
    ----------
    Zhdanov (2019), Diverse mini-batch active learning, arXiv 1901.05954; Arthur and
    Vassilvitskii (2007), k-means++.

    Examples
    --------
    >>> import numpy as np
    >>> points = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> sorted(KMeansSampling().select(Signals(vectors=points), 2, rng=0).tolist())
    [1, 4]
    """

    needs = frozenset({"vectors"})
    takes_sparse = True
    cost_class = "60 n (d + 20) b"

    def pick_weighted(self, signals: Signals, weights: Floats | None, n: int, rng: Rng) -> Picks:
        """Representatives of `n` weighted clusters, heaviest first; negative weights shift."""
        assert signals.vectors is not None
        if weights is not None:
            weights = weights - min(0.0, float(weights.min()))
        keys = tie_keys_of(signals, rng)
        return self.picks(representatives(signals.vectors, n, keys, rng, weights))
