"""Only what is most like a few labelled items of every class."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from querist.core.types import Picks, Positions, Signals
from querist.selection.cloud import Cloud, Directions, Doubles, unit_rows
from querist.selection.kmeans import seeds
from querist.selection.reach import reach
from querist.selection.topk import Keys, top_k
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import class_targets, known_vectors
from querist.strategies.margin import Margin
from querist.strategies.parts import declare, narrow
from querist.strategies.ties import tie_keys_of


class AnchorAL(Strategy):
    """Let a strategy choose in a small subpool around anchors of every class, drawn anew.

    Anchors are drawn by k-means++ from each class's labelled vectors (m, d), the same number
    a class however rare; each fetches its nearest candidates (n, d) by cosine, and the
    `subpool` nearest on average to the anchors that fetched them stay. More are fetched
    while they do not fill the batch. O(k a n d) time for k classes, O(n d) memory. Best for:
    rare classes in large pools. Fails when: vectors do not bring a class together.

    Parameters
    ----------
    base : Strategy
        Who chooses, `Margin()` by default.
    anchors, neighbours, subpool : int
        Anchors a class; candidates an anchor fetches; how many stay.

    References
    ----------
    Lesci and Vlachos (2024), AnchorAL: computationally efficient active learning for large
    and imbalanced datasets, NAACL.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[1.0, 0.0]]), np.array([0]))
    >>> signals = Signals(
    ...     proba=np.array([[0.9, 0.1], [0.7, 0.3], [0.5, 0.5]]),
    ...     vectors=np.array([[2.0, 0.1], [3.0, 0.0], [0.0, 1.0]]), labelled=known)
    >>> AnchorAL(neighbours=2).select(signals, 1, rng=0)
    array([1])
    """

    def __init__(
        self,
        base: Strategy | None = None,
        anchors: int = 10,
        neighbours: int = 50,
        subpool: int = 1000,
    ) -> None:
        self.base = Margin() if base is None else base
        self.anchors = check_count(anchors, "anchors")
        self.neighbours = check_count(neighbours, "neighbours")
        self.subpool = check_count(subpool, "subpool")
        self.cost_class = f"3 min(m, {anchors} k) n (d + 20)"
        declare(self, [self.base], [f"min(n, {subpool:_} + b)"])
        self.takes_sparse = False
        self.of_classes = True
        self.needs = self.base.needs | {"vectors", "labelled"}
        self.wants = self.base.wants - self.needs
        self.cold_start = self.base.cold_start or KMeansSampling()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known = known_vectors(signals)
        if known is None:
            return self.base.pick(signals, n, rng)
        assert signals.labelled is not None and signals.vectors is not None
        points, targets = unit_rows(known), class_targets(self.name, signals.labelled)
        classes = [points[targets == c] for c in np.unique(targets)]
        anchors = np.concatenate([one[_some(one, self.anchors, rng)] for one in classes])
        rows = self._subpool(Directions(signals.vectors), anchors, n, tie_keys_of(signals, rng))
        picks = self.base.pick(narrow(signals, rows, self.base), n, rng)
        return replace(picks, positions=rows[picks.positions])

    def _subpool(self, cloud: Cloud, anchors: Doubles, n: int, keys: Keys) -> Positions:
        found, fetched = np.empty(0, dtype=np.int64), self.neighbours
        while len(found) < n:
            _, rows, far = reach(cloud, anchors, fetched)
            found, of = np.unique(rows, return_inverse=True)
            fetched *= 2
        mean = np.round(np.bincount(of, far) / np.bincount(of), 9)  # copies are equally far
        best = top_k(-mean, min(max(n, self.subpool), len(found)), lambda at: keys(found[at]))
        return found[np.sort(best)]


def _some(points: Doubles, n: int, rng: Rng) -> Positions:
    return (
        seeds(points, n, rng, np.ones(len(points))) if n < len(points) else np.arange(len(points))
    )
