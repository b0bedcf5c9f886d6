"""Bisection of each class's line of items, for rare classes."""

from __future__ import annotations

import numpy as np

from querist.core.types import Picks, Signals
from querist.selection.line import lead, next_on_line
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_known_proba
from querist.strategies.random import Random
from querist.strategies.ties import tie_keys_of


class GALAXY(Strategy):
    """Bisect, class by class, the shortest stretch between an item of the class and another.

    For each class all items, labelled ones too, stand on a line by how far the class is
    ahead (`lead`, from proba (n, k) and `labelled.proba` (m, k), which a campaign gives).
    The middle of the shortest stretch of any line between neighbouring labels that differ
    is asked; once none is left, the item nearest to a place where labels change; where
    nothing changes, a random one. A pick counts as labelled the predicted class until its
    label comes. Equal ones go to the rarer class. O(k n log n) time plus O(k m) a pick,
    O(k n) memory. Best for: rare classes. Fails when: labels are noisy or classes overlap.

    References
    ----------
    Zhang, Katz-Samuels and Nowak (2022), GALAXY: graph-based active learning at the
    extreme, ICML.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(None, np.array([0, 1]), proba=np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> chance = np.array([0.9, 0.8, 0.6, 0.5, 0.1])
    >>> proba = np.column_stack([chance, 1 - chance])
    >>> GALAXY().select(Signals(proba=proba, labelled=known), 1, rng=0)
    array([2])
    """

    needs = frozenset({"proba", "labelled"})
    cost_class = "400 k n log n"
    wants = frozenset({"labelled_proba"})
    cold_start = Random()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        labelled, proba = signals.labelled, signals.proba
        assert labelled is not None and proba is not None
        m, classes = len(labelled), proba.shape[1]
        if not m:
            return Random().pick(signals, n, rng)
        said = check_known_proba(self.name, signals)
        keys = tie_keys_of(signals, rng)(np.arange(len(proba)))
        at = np.concatenate([np.full(m, -1.0), keys])  # labelled ones first among equals
        order = np.empty((classes, m + len(proba)), dtype=np.int32)
        rank = np.empty_like(order)
        for c in range(classes):
            line = np.concatenate([lead(said, c), lead(proba, c)])
            order[c] = np.lexsort((at, line))
            rank[c, order[c]] = np.arange(m + len(proba), dtype=np.int32)
        targets = np.asarray(labelled.targets, dtype=np.int64)
        rarest = np.argsort(np.bincount(targets, minlength=classes)[:classes], kind="stable")
        places, owners = rank[:, :m], targets
        guess, by_chance = proba.argmax(axis=1), iter(np.argsort(keys, kind="stable"))
        picked: list[int] = []
        while len(picked) < n:
            found = [(*next_on_line(places[c], owners == c, order.shape[1]), c) for c in rarest]
            stage, _, where, c = min(found, key=lambda one: one[:2])
            taken = set(picked)
            item = int(order[c, where]) - m if stage < 2 else next(by_chance)
            while item in taken:  # only chance may meet what was picked before
                item = next(by_chance)
            picked.append(int(item))
            places = np.column_stack([places, rank[:, m + item]])
            owners = np.append(owners, guess[item])
        return self.picks(np.array(picked, dtype=np.int64))
