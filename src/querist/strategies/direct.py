"""Both sides of each class's threshold, rarest class first."""

from __future__ import annotations

from itertools import cycle

import numpy as np

from querist.core.types import Ints, Positions
from querist.selection.line import ascending, threshold
from querist.selection.topk import Keys, drawn
from querist.strategies.class_lines import ByClassLines, Lines


class DIRECT(ByClassLines):
    """Find the threshold that parts each class from the rest, and ask on both sides of it.

    For each class the pool is sorted by how far the class is ahead (`lead`, from proba
    (n, k)); the best thresholds make the fewest mistakes on the labelled items, placed by
    `labelled.proba` (m, k), which a campaign gives. Half of the batch is drawn between the
    lowest and the highest best threshold, to find it (a batch is one parallel step of the
    paper's search); half is nearest to the middle best one. Classes take turns, rarest
    first. O(k n log n) time, O(n) memory. Best for: rare classes and noisy labels. Fails
    when: a class has no label yet; its line then has a threshold at the top end only.

    References
    ----------
    Nuggehalli, Zhang, Jain and Nowak (2023), DIRECT: deep active learning under imbalance
    and label noise, arXiv 2312.09196; ICML 2025 as Improved algorithms for deep active
    learning under imbalance via optimal separation.

    Examples
    --------
    >>> from querist.core.types import Labelled, Signals
    >>> known = Labelled(None, np.array([0, 1]), proba=np.array([[0.6, 0.4], [0.4, 0.6]]))
    >>> chance = np.array([0.9, 0.7, 0.5, 0.1])
    >>> proba = np.column_stack([chance, 1 - chance])
    >>> DIRECT().select(Signals(proba=proba, labelled=known), 1, rng=0)
    array([2])
    """

    cost_class = "200 k n log n"

    def _along(self, lines: Lines, n: int) -> list[int]:
        by_key = np.argsort(lines.keys(np.arange(len(lines.proba))), kind="stable")
        between, beside = [], []
        for c in lines.rarest:
            line, known = lines.places(c)
            order = ascending(line, by_key)
            low, twice, high = threshold(line[order], known, lines.targets == c)
            between.append(_some(order[low:high], n, lines.keys))
            window = np.arange(max(0, twice // 2 - n), min(len(line), twice // 2 + n + 1))
            near = np.argsort(np.abs(2 * window + 1 - twice), kind="stable")[:n]
            beside.append(order[window[near]])
        return _turns(beside, n, _turns(between, n // 2, []))


def _some(rows: Ints, n: int, keys: Keys) -> Positions:
    return rows[drawn(len(rows), n, lambda at: keys(rows[at]))]


def _turns(lists: list[Positions], n: int, picked: list[int]) -> list[int]:
    """Fill `picked` up to `n` from the lists in turn, while any of them has more."""
    taken, left = set(picked), [iter(rows.tolist()) for rows in lists]
    waiting, picked = len(left), list(picked)
    for one in cycle(left):
        if len(picked) == n or not waiting:
            return picked
        fresh = next((row for row in one if row not in taken), None)
        waiting = waiting - 1 if fresh is None else len(left)
        if fresh is not None:
            picked.append(fresh)
            taken.add(fresh)
    return picked
