"""k-center greedy (CoreSet)."""

from __future__ import annotations

from querist.core.types import Picks, Signals
from querist.selection.kcenter import farthest_first
from querist.strategies.base import Rng, Strategy
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class KCenter(Strategy):
    """Ask for the item farthest from all labelled and picked ones, again and again.

    Covers the space with balls of the smallest radius, up to a factor of two. With nothing
    labelled it starts at the item nearest to the mean. A pick's score is its distance when
    picked. O(n d (m + b)) time for m labels and b picks, less where a campaign keeps the
    distances; O(n) memory. Best for: numbers, and rare classes that lie in clusters of their
    own. Fails when: the pool has outliers or many raw columns, as the farthest items come
    first: as a first batch it was worse than a random one.

    References
    ----------
    Sener and Savarese (2018), Active learning for convolutional neural networks: a core-set
    approach, ICLR, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Labelled
    >>> line = np.array([[0.0], [1.0], [4.0], [10.0]])
    >>> known = Labelled(np.array([[0.0]]), np.array([0]))
    >>> KCenter().select(Signals(vectors=line, labelled=known), 2, rng=0)
    array([3, 2])
    """

    needs = frozenset({"vectors"})
    takes_sparse = True
    wants = frozenset({"labelled", "distances"})
    cost_class = "n d (m + b)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys = tie_keys_of(signals, rng)
        far = None if signals.distances is None else signals.distances[:, 0]
        known = known_vectors(signals)
        positions, scores = farthest_first(signals.vectors, n, keys, known, far=far)
        return self.picks(positions, scores, 1.0)
