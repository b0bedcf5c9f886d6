"""Only the neighbours of what is labelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.reach import reach
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.margin import Margin
from querist.strategies.parts import declare, narrow


class SEALS(Strategy):
    """Let a strategy choose among the nearest neighbours of the labelled items only.

    The candidates are the k nearest of each labelled vector (m, d) among the pool's (n, d),
    ties included, and twice as many while they do not fill the batch. Exact neighbours:
    O(m n d) time, O(m k) memory; then the base's cost on at most m k candidates. Best for:
    rare classes in huge pools, costly strategies. Fails when: a class lies where no label
    is near; start from some examples of each.

    Parameters
    ----------
    base : Strategy
        Who chooses, `Margin()` by default.
    k : int
        Neighbours of each labelled item.

    References
    ----------
    Coleman et al. (2022), Similarity search for efficient active learning and search of
    rare concepts, AAAI.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.0]]), np.array([0]))
    >>> proba = np.array([[0.9, 0.1], [0.7, 0.3], [0.5, 0.5]])
    >>> signals = Signals(proba=proba, vectors=np.array([[0.1], [0.2], [9.0]]), labelled=known)
    >>> SEALS(k=2).select(signals, 1, rng=0)
    array([1])
    """

    cost_class = "3 n m (d + 20)"

    def __init__(self, base: Strategy | None = None, k: int = 100) -> None:
        self.base = Margin() if base is None else base
        self.k = check_count(k, "k")
        declare(self, [self.base], [f"min(n, {k} m + b)"])
        self.needs = self.base.needs | {"vectors", "labelled"}
        self.wants = self.base.wants - self.needs
        self.cold_start = self.base.cold_start or KMeansSampling()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, k = known_vectors(signals), self.k
        assert signals.vectors is not None
        if known is None:
            return self.base.pick(signals, n, rng)
        rows = np.empty(0, dtype=np.int64)
        while len(rows) < n:
            rows = np.unique(reach(signals.vectors, known, k)[1])
            k *= 2
        picks = self.base.pick(narrow(signals, rows, self.base), n, rng)
        return replace(picks, positions=rows[picks.positions])
