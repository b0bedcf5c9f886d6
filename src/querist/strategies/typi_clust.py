"""TypiClust: typical items of uncovered clusters."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints, Picks, Signals
from querist.selection.cloud import Doubles
from querist.selection.kmeans import assigned
from querist.selection.neighbours import nearest_neighbours
from querist.selection.topk import Keys
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.max_herding import scaled
from querist.strategies.ties import tie_keys_of

SMALLEST = 5  # clusters of at most so many items are left out
EPSILON = 1e-5  # keeps the typicality of copies finite


class TypiClust(Strategy):
    """Ask for the most typical item of each cluster nothing is labelled of, largest first.

    k-means of candidates and labelled items into as many clusters as there will be labels.
    Clusters with fewest labelled items come first, among them the largest, and round again;
    those of at most 5 items come last. Typicality is one over the mean distance to the
    nearest min(`neighbours`, half the cluster) items of it not asked yet. Score: typicality.

    Cost: n d per cluster and k-means step, n^2 d / clusters for the neighbours; memory O(n d).
    Best for: the very first labels, on good embeddings.
    Fails when: labels are many; it never asks what is difficult.

    Parameters
    ----------
    neighbours, clusters : int
        Most neighbours the typicality looks at; most clusters.
    unit : bool
        Scale vectors to length one first, as the paper does.

    References
    ----------
    Hacohen et al. (2022), Active learning on a budget: opposite strategies suit high and low
    budgets, ICML.

    Examples
    --------
    >>> blob = np.array([[-3.0], [-1.0], [0.0], [1.0], [3.0], [6.0]])
    >>> points = np.concatenate([blob, blob + 50])
    >>> sorted(TypiClust(2, unit=False).select(Signals(vectors=points), 2, rng=0).tolist())
    [2, 8]
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled"})

    def __init__(self, neighbours: int = 20, clusters: int = 500, unit: bool = True) -> None:
        self.neighbours = check_count(neighbours, "neighbours")
        self.clusters = check_count(clusters, "clusters")
        self.unit = unit
        self.cost_class = f"n (d + 20) (10 min(m + b, {clusters:_}) + n / min(m + b, {clusters:_}))"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        keys = tie_keys_of(signals, rng)
        vectors, known, _ = scaled(signals, self.unit)
        size, many = len(vectors), n + (0 if known is None else len(known))
        everything = vectors if known is None else np.concatenate([vectors, known])
        which = assigned(everything, min(many, self.clusters), _after(keys, size), rng)
        sizes = np.bincount(which)
        labelled = np.bincount(which[size:], minlength=len(sizes))
        left = [np.flatnonzero(which[:size] == cluster) for cluster in range(len(sizes))]
        turns = np.lexsort((-sizes, labelled))
        large = sizes[turns] > SMALLEST
        picked, won = list[int](), list[float]()
        for some in (turns[large], turns[~large]):  # small ones once the large are used up
            while len(picked) < n and any(len(left[cluster]) for cluster in some):
                for cluster in [c for c in some if len(left[c])][: n - len(picked)]:
                    rows = left[cluster]
                    typical = self._typicality(vectors[rows])
                    tied = np.flatnonzero(typical >= typical.max() * (1 - 1e-9))
                    best = tied[np.argmin(keys(rows[tied]))]
                    picked.append(int(rows[best]))
                    won.append(float(typical[best]))
                    left[cluster] = np.delete(rows, best)
        return self.picks(np.array(picked), np.array(won))

    def _typicality(self, vectors: Floats) -> Doubles:
        near = max(1, min(self.neighbours, len(vectors) // 2))
        far, _ = nearest_neighbours(vectors, vectors, near, itself=np.arange(len(vectors)))
        return np.asarray(1.0 / (far.mean(axis=1) + EPSILON)) if far.size else np.ones(len(far))


def _after(keys: Keys, size: int) -> Keys:
    """Keys of the candidates, and after them those of the labelled items in order."""

    def of(rows: Ints) -> Floats:
        found = 1.0 + np.asarray(rows, dtype=np.float64)
        found[rows < size] = keys(rows[rows < size])
        return found

    return of
