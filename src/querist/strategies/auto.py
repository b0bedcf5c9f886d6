"""The default: cover first, then ask and cover what is uncertain."""

from __future__ import annotations

import numpy as np

from querist.core.remarks import remark, remark_sample
from querist.core.types import Floats, Picks, Signals
from querist.selection.neighbours import squared_spacing
from querist.strategies.base import Rng, Strategy
from querist.strategies.herding import REFERENCE, UNIFORM, best_left, herd_some
from querist.strategies.kcenter import KCenter
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.label_scores import AvgConfidence
from querist.strategies.lcmd import LCMD
from querist.strategies.margin import Margin
from querist.strategies.rarity import label_rarity, rarity
from querist.strategies.ties import tie_keys_of

SLICE = 200  # picks between two choices of candidates
UNCERTAIN, COVERS = "Auto: uncertain", "Auto: covers"  # which half asked, for the log
FLOOR = 1e-7  # uncertainty of a certain item: with one class seen, coverage decides


class Auto(Strategy):
    """Ask what is most uncertain, and what best covers the uncertain parts of the pool.

    With nothing labelled: `KMeansSampling`. With a classifier, half of a batch is `Margin`'s
    (dense regions that vectors cannot tell apart would count as covered), half uncertainty
    herding with class weights: greedily raise sum_x u(x) max_s exp(-|x - s|^2 / h^2) over
    picked and labelled s, with u = (1 - margin) * sum_c p_c w_c and w_c = 1 / (n_c + 1) for n_c
    labels of class c; h is a low quantile of the distances between labelled items: first it
    covers, later it doubts. An odd pick goes to either half in turn, by the number of labels.
    Several labels an item: the same by `AvgConfidence`, u weighing each label's doubt by w_c.
    Numbers: `LCMD`. Classes without probabilities or decision values: `KCenter`.
    The herding sees 1,000 candidates and 4,000 points: O(n + d 4 x 10^6) time for each 200
    picks, O(n) memory. `Picks.names` tells "Auto: uncertain" from "Auto: covers".
    Best for: any number of labels, if nothing else is known. Fails when: distances mean
    nothing, or late in a run of many near-equal classes.

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
    wants = frozenset({"labelled", "proba", "decision", "marginals"})
    cold_start = KMeansSampling()
    cost_class = "(1 + b / 200) (2 min(n, 1_000) min(n, 4_000) (d + 20) + 500 n)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, labelled, vectors = known_vectors(signals), signals.labelled, signals.vectors
        if known is None or labelled is None or vectors is None:
            return KMeansSampling().pick(signals, n, rng)
        judged = _judged(signals)
        if judged is None:
            numbers = not len(labelled.classes)
            return (LCMD() if numbers else KCenter()).pick(signals, n, rng)
        doubt, worth = judged
        remark_sample("Auto covers by", UNIFORM + REFERENCE, len(signals))
        keys = tie_keys_of(signals, rng)
        radius, left = squared_spacing(known, 0.05), np.arange(len(signals))
        remark(f"Auto covers what is uncertain within {radius**0.5:.3g} of an item")
        done, won, names = np.empty(0, dtype=np.int64), np.empty(0), list[str]()
        while (some := min(SLICE, n - len(done))) > 0:
            first = best_left(doubt, left, (some + len(known) % 2) // 2, keys)
            left = np.setdiff1d(left, first, assume_unique=True)
            points = np.concatenate([known, vectors[done], vectors[first]])
            by_cover = some - len(first)
            taken, gains = herd_some(vectors, worth, left, points, radius, by_cover, keys)
            left = np.setdiff1d(left, taken, assume_unique=True)
            turns = np.argsort(np.append(np.arange(len(first)) + 0.5, np.arange(len(taken))))
            done = np.append(done, np.append(first, taken)[turns])
            won = np.append(won, np.append(doubt[first], gains)[turns])
            names += [UNCERTAIN if at < len(first) else COVERS for at in turns]
        return Picks(done, won, tuple(names), np.full(n, np.nan))


def _judged(signals: Signals) -> tuple[Floats, Floats] | None:
    """How uncertain each candidate is, and the same by class weights; None without a class."""
    assert signals.labelled is not None
    if signals.marginals is not None and signals.labelled.targets.ndim == 2:
        return AvgConfidence().score(signals), label_rarity(signals) + FLOOR
    if signals.proba is None and signals.decision is None:
        return None
    doubt = Margin().score(signals)
    return doubt, doubt * rarity(signals.proba, signals.labelled) + FLOOR
