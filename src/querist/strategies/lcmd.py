"""LCMD: largest cluster, maximum distance."""

from __future__ import annotations

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.clusters import largest_cluster_farthest
from querist.strategies.base import Rng, Strategy
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class LCMD(Strategy):
    """Ask for the farthest item of the largest cluster, again and again.

    Centres are the labelled and picked items; every item belongs to its nearest centre. The
    largest cluster is the one with the largest sum of squared distances. With nothing
    labelled the item nearest to the mean starts. A pick's score is its distance when picked.

    Best for: regression, batches of any size; spreads like k-center but follows density, so
    single outliers do not win. Fails when: distances say nothing about the target.
    Cost: O((m + b) n d) time, less where clusters are apart; O(n) memory.

    References
    ----------
    Holzmueller, Zaverkin, Kaestner and Steinwart (2023), A framework and benchmark for deep
    batch active learning for regression, JMLR 24, section 5.2.8 (LCMD).

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Labelled
    >>> line = np.array([[1.0], [8.0], [9.0], [10.0], [-5.0]])
    >>> known = Labelled(np.array([[-1.0], [5.0]]), np.array([0.0, 1.0]))
    >>> LCMD().select(Signals(vectors=line, labelled=known), 2, rng=0)
    array([3, 4])
    """

    needs = frozenset({"vectors"})
    takes_sparse = True
    wants = frozenset({"labelled", "distances", "neighbours"})
    cost_class = "3 n (d + 100) (m + b)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys, known = tie_keys_of(signals, rng), known_vectors(signals)
        near = None
        if signals.neighbours is not None and signals.distances is not None:
            near = signals.neighbours[:, 0].astype(np.int64), signals.distances[:, 0]
        positions, far = largest_cluster_farthest(signals.vectors, n, keys, known, near)
        return self.picks(positions, far, 1.0)
