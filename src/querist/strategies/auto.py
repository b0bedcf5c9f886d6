"""The default: cover first, then cover what is uncertain, then ask it as well."""

from __future__ import annotations

import numpy as np

from querist.core.remarks import remark_sample
from querist.core.types import Floats, Labelled, Picks, Signals
from querist.strategies.base import Rng, Strategy
from querist.strategies.herding import SAMPLE, best_left, herd_some, reach_of
from querist.strategies.kcenter import KCenter
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.lcmd import LCMD
from querist.strategies.margin import Margin
from querist.strategies.mix import Mix
from querist.strategies.random import Random
from querist.strategies.rarity import label_rarity, rarity
from querist.strategies.ties import tie_keys_of

SLICE = 200  # picks between two choices of candidates
GROWN = 20  # labels a class: from so many on, a part of each batch is what is most uncertain
PART, AMONG_HUBS = 0.5, 0.75  # that part
WIDE, NARROW = 0.5, 0.05  # quantiles of distances between labelled items: the radius, then
UNCERTAIN, COVERS = "Auto: uncertain", "Auto: covers"  # which part asked, for the log
FLOOR = 1e-7  # uncertainty of a certain item: with one class seen, coverage decides


class Auto(Strategy):
    """Cover the uncertain parts of the pool; the more labels, the more ask what is uncertain.

    With nothing labelled: `KMeansSampling`. With a classifier u = (1 - margin) sum_c p_c w_c,
    w_c = 1 / (n_c + 1) for n_c labels of class c. A part s of a batch has the highest u (dense
    regions that vectors cannot tell apart would count as covered); the rest is uncertainty
    herding: greedily raise sum_x u(x) max_s exp(-|x - s|^2 / h^2) over picked and labelled s.
    With m labels of k classes and r = min(1, m / 20 k), s = r / 2, and h goes from the median
    of the distances between labelled items to a low quantile: first it covers, later it doubts.
    Where hubs rule (`hubness` above 2) s = 3 r / 4, and |x - s|^2 is divided by the distances of
    both to their tenth neighbour: else what lies in the middle would cover everything.
    Several labels an item: u is the mean of each label's doubt times w_c. Numbers: `LCMD`.
    Classes without probabilities or decision values: `KCenter`. Where the control slice teaches
    more: half random, half k-means.
    The herding sees 1,000 candidates and 4,000 points: O(n + d 4 x 10^6) time for each 200 picks,
    O(n) memory. `Picks.names` tells "Auto: uncertain" from "Auto: covers".
    Best for: any number of labels, if nothing else is known. Fails when: many near-equal classes.

    References
    ----------
    Bae et al. (2025), Uncertainty herding, ICLR, definition 5 (the rest of u, s and h are
    querist's own); Zelnik-Manor and Perona (2004), Self-tuning spectral clustering (scales).

    Examples
    --------
    >>> points = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> sorted(Auto().select(Signals(vectors=points), 2, rng=0).tolist())
    [1, 4]
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled", "proba", "decision", "marginals"})
    cold_start = KMeansSampling()
    fallback = Mix([(Random(), 1), (KMeansSampling(), 1)])
    cost_class = "(1 + b / 200) (2 min(n, 1_000) min(n, 4_000) (d + 20) + 500 n)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, labelled, vectors = known_vectors(signals), signals.labelled, signals.vectors
        if known is None or labelled is None or vectors is None:
            return KMeansSampling().pick(signals, n, rng)
        worth = _worth(signals, labelled)
        if worth is None:
            return (KCenter() if len(labelled.classes) else LCMD()).pick(signals, n, rng)
        remark_sample("Auto covers by", SAMPLE, len(signals))
        grown = min(1.0, len(known) / (GROWN * max(1, len(labelled.classes))))
        keys, left = tie_keys_of(signals, rng), np.arange(len(signals))
        steady = tie_keys_of(signals, np.random.default_rng(0))  # one sample for all rounds
        reach = reach_of(vectors, known, WIDE + (NARROW - WIDE) * grown, steady)
        part = grown * (PART if reach.around is None else AMONG_HUBS)
        done, won, names = np.empty(0, dtype=np.int64), np.empty(0), list[str]()
        while (some := min(SLICE, n - len(done))) > 0:
            m = len(known) + len(done)  # parts of a pick wait until they are a whole one
            leading = int((m + some) * part) - int(m * part)
            first = best_left(worth, left, leading, keys)
            left = np.setdiff1d(left, first, assume_unique=True)
            points = np.concatenate([known, vectors[done], vectors[first]])
            taken, gains = herd_some(vectors, worth, left, points, reach, some - leading, keys)
            left = np.setdiff1d(left, taken, assume_unique=True)
            turns = np.argsort(np.append(np.arange(leading) + 0.5, np.arange(len(taken))))
            done = np.append(done, np.append(first, taken)[turns])
            won = np.append(won, np.append(worth[first], gains)[turns])
            names += [UNCERTAIN if at < leading else COVERS for at in turns]
        return Picks(done, won, tuple(names), np.full(n, np.nan))


def _worth(signals: Signals, labelled: Labelled) -> Floats | None:
    """Uncertainty of each candidate by class weights; None where the model tells none."""
    if signals.marginals is not None and labelled.targets.ndim == 2:
        return label_rarity(signals) + FLOOR
    if signals.proba is None and signals.decision is None:
        return None
    return Margin().score(signals) * rarity(signals) + FLOOR
