"""Bisection of each class's line of items, for rare classes."""

from __future__ import annotations

import numpy as np

from querist.selection.line import ascending, next_on_line
from querist.strategies.class_lines import ByClassLines, Lines


class GALAXY(ByClassLines):
    """Bisect, class by class, the shortest stretch between an item of the class and another.

    For each class all items, labelled ones too, stand on a line by how far the class is
    ahead (`lead`, from proba (n, k) and `labelled.proba` (m, k), which a campaign gives).
    The middle of the shortest stretch of any line between neighbouring labels that differ
    is asked; once none is left, the item nearest to a place where labels change; where
    nothing changes, a random one. A pick counts as labelled the predicted class until its
    label comes (the authors see each label at once). Equal ones go to the rarer class.
    O(k n log n) time plus O(k m) a pick, O(k n) memory. Best for: rare classes; on digits
    with a long tail of 50:1 balanced accuracy was 0.78, level with `Margin`, and 0.64 at
    random. Fails when: labels are noisy or classes overlap.

    References
    ----------
    Zhang, Katz-Samuels and Nowak (2022), GALAXY: graph-based active learning at the
    extreme, ICML.

    Examples
    --------
    >>> from querist.core.types import Labelled, Signals
    >>> known = Labelled(None, np.array([0, 1]), proba=np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> chance = np.array([0.9, 0.8, 0.6, 0.5, 0.1])
    >>> proba = np.column_stack([chance, 1 - chance])
    >>> GALAXY().select(Signals(proba=proba, labelled=known), 1, rng=0)
    array([2])
    """

    cost_class = "400 k n log n"

    def _along(self, lines: Lines, n: int) -> list[int]:
        proba, owners = lines.proba, lines.targets
        m, size = len(owners), len(owners) + len(proba)
        keys = lines.keys(np.arange(len(proba)))
        # labelled ones first among equals
        by_key = np.argsort(np.concatenate([np.full(m, -1.0), keys]), kind="stable")
        order = np.empty((proba.shape[1], size), dtype=np.int32)
        rank = np.empty_like(order)
        for c in range(len(order)):
            free, known = lines.places(c)
            order[c] = ascending(np.concatenate([known, free]), by_key)
            rank[c, order[c]] = np.arange(size, dtype=np.int32)
        places = rank[:, :m]
        guess, by_chance = proba.argmax(axis=1), iter(by_key[by_key >= m] - m)
        picked: list[int] = []
        while len(picked) < n:
            found = [(*next_on_line(places[c], owners == c, size), c) for c in lines.rarest]
            stage, _, where, c = min(found, key=lambda one: one[:2])
            taken = set(picked)
            item = int(order[c, where]) - m if stage < 2 else int(next(by_chance))
            while item in taken:  # only chance may meet what was picked before
                item = int(next(by_chance))
            picked.append(item)
            places = np.column_stack([places, rank[:, m + item]])
            owners = np.append(owners, guess[item])
        return picked
