"""The default: cover first, then ask and cover what is uncertain."""

from __future__ import annotations

import numpy as np

from querist.core.remarks import remark_sample
from querist.core.types import Floats, Ints, Picks, Signals
from querist.selection.cloud import Cloud
from querist.selection.coverage import herd
from querist.selection.neighbours import squared_spacing
from querist.selection.topk import Keys, top_k
from querist.strategies.base import Rng, Strategy
from querist.strategies.kcenter import KCenter
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.margin import Margin
from querist.strategies.rarity import rarity
from querist.strategies.ties import tie_keys_of

CERTAIN, UNIFORM, REFERENCE = 800, 200, 3000  # candidates of both kinds; points to be covered
SLICE = 200  # picks between two choices of candidates
FLOOR = 1e-7  # uncertainty of a certain item: with one class seen, coverage decides


class Auto(Strategy):
    """Ask what is most uncertain, and what best covers the uncertain parts of the pool.

    With nothing labelled: `KMeansSampling`. With a classifier, half of a batch is `Margin`'s
    (dense regions that vectors cannot tell apart would count as covered), half uncertainty
    herding with class weights: greedily raise sum_x u(x) max_s exp(-|x - s|^2 / h^2) over
    picked and labelled s, with u = (1 - margin) * sum_c p_c w_c and w_c = 1 / (n_c + 1) for n_c
    labels of class c; h is a low quantile of the distances between labelled items: first it
    covers, later it doubts. With neither probabilities nor decision values: `KCenter`.
    The herding sees 1,000 candidates and 4,000 points: O(n + d 4 x 10^6) time for each 200
    picks, O(n) memory. Best for: any number of labels, if nothing else is known. Fails when:
    distances mean nothing, or late in a run of many near-equal classes.

    References
    ----------
    Bae et al. (2025), Uncertainty herding: one active learning method for all label
    budgets, ICLR, definition 5 (radius and class weights are querist's own).

    Examples
    --------
    >>> points = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> sorted(Auto().select(Signals(vectors=points), 2, rng=0).tolist())
    [1, 4]
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled", "proba", "decision"})
    cold_start = KMeansSampling()
    cost_class = "(1 + b / 200) (2 min(n, 1_000) min(n, 4_000) (d + 20) + 500 n)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, labelled, vectors = known_vectors(signals), signals.labelled, signals.vectors
        if known is None or labelled is None or vectors is None:
            return KMeansSampling().pick(signals, n, rng)
        if signals.proba is None and signals.decision is None:
            return KCenter().pick(signals, n, rng)
        remark_sample("Auto covers by", UNIFORM + REFERENCE, len(signals))
        keys = tie_keys_of(signals, rng)
        doubt = Margin().score(signals)
        worth = doubt * rarity(signals.proba, labelled) + FLOOR
        radius, left = squared_spacing(known, 0.05), np.arange(len(signals))
        done, won = np.empty(0, dtype=np.int64), np.empty(0)
        while (some := min(SLICE, n - len(done))) > 0:
            first = _best(doubt, left, some // 2, keys)
            left = np.setdiff1d(left, first, assume_unique=True)
            covering = np.concatenate([known, vectors[done], vectors[first]])
            taken, gains = _herd(vectors, worth, left, covering, radius, some - len(first), keys)
            left = np.setdiff1d(left, taken, assume_unique=True)
            turns = np.argsort(np.append(np.arange(len(first)) + 0.5, np.arange(len(taken))))
            done = np.append(done, np.append(first, taken)[turns])
            won = np.append(won, np.append(doubt[first], gains)[turns])
        return self.picks(done, won)


def _herd(
    vectors: Floats, worth: Floats, left: Ints, known: Floats, radius: float, n: int, keys: Keys
) -> tuple[Ints, Floats]:
    by_key = _best(np.zeros(len(worth)), left, UNIFORM + REFERENCE, keys)
    certain = _best(worth, left, CERTAIN, keys)
    offered = np.union1d(certain, by_key[:UNIFORM])
    sampled = by_key[~np.isin(by_key, offered)]
    points = np.concatenate([offered, sampled])
    stands_for = np.ones(len(points))
    stands_for[len(offered) :] = (len(left) - len(offered)) / max(1, len(sampled))
    cloud = Cloud(vectors[points])
    radius = radius or float(np.median(cloud.lowest(cloud.moved(known)))) or 1.0
    heavy, key = worth[points] * stands_for, lambda at: keys(offered[at])
    found = herd(
        vectors[offered], n, key, radius**0.5, points=vectors[points], weights=heavy, known=known
    )
    return offered[found.positions], found.gains


def _best(scores: Floats, left: Ints, n: int, keys: Keys) -> Ints:
    return left[top_k(scores[left], n, lambda at: keys(left[at]))] if n else left[:0]
