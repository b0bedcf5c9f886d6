"""Pools laid out on a line for each class: how far the class is ahead of all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats, Ints
from querist.selection.cloud import Doubles


def lead(proba: Floats, label: int) -> Doubles:
    """Probability of class `label` minus the highest of the others, (n,), of `proba` (n, k).

    A single class is ahead of nothing: the probability itself.

    Examples
    --------
    >>> lead(np.array([[0.5, 0.25, 0.25], [0.0, 0.25, 0.75]]), 0)
    array([ 0.25, -0.75])
    """
    ahead = np.asarray(proba[:, label], dtype=np.float64)
    others = [np.asarray(proba[:, c]) for c in range(proba.shape[1]) if c != label]
    if not others:
        return ahead
    best = others[0].astype(np.float64)
    for other in others[1:]:
        np.maximum(best, other, out=best)
    return np.asarray(ahead - best)


def ascending(line: Doubles, by_key: Ints) -> Ints:
    """Places of a `line` (n,) from its lowest to its highest, equal ones in the order `by_key`.

    Examples
    --------
    >>> ascending(np.array([0.5, 0.1, 0.5]), np.array([2, 1, 0]))
    array([1, 2, 0])
    """
    order = np.argsort(line)  # much faster than a stable one, and as good where none are equal
    ranked = line[order]
    if (ranked[1:] == ranked[:-1]).any():
        order = by_key[np.argsort(line[by_key], kind="stable")]
    return order


def threshold(line: Doubles, known: Doubles, own: NDArray[np.bool_]) -> tuple[int, int, int]:
    """Where in a sorted `line` (n,) the best thresholds begin, twice their middle, the end.

    `known` (m,) are the labelled items' places and `own` (m,) whether they belong above. A
    threshold is best when it puts the fewest labelled items on the wrong side. The middle is
    that of the gap between labels which is the median of the best; it is doubled to be a
    whole number.

    Examples
    --------
    >>> line = np.array([0.1, 0.5, 0.9])
    >>> threshold(line, np.array([0.2, 0.8]), np.array([False, True]))
    (1, 3, 2)
    """
    order = np.argsort(known, kind="stable")
    places, mine = known[order], own[order]
    errors = np.append(0, np.cumsum(mine)) + np.append(np.cumsum(~mine[::-1])[::-1], 0)
    # labelled items at one place fall on one side together
    errors[1:-1][places[1:] == places[:-1]] = len(own) + 1
    best = np.flatnonzero(errors == errors.min())
    edges = np.concatenate([[0], np.searchsorted(line, places), [len(line)]])
    centre = best[len(best) // 2]
    return int(edges[best[0]]), int(edges[centre] + edges[centre + 1]), int(edges[best[-1] + 1])


def next_on_line(places: Ints, own: NDArray[np.bool_], size: int) -> tuple[int, int, int]:
    """What to ask of a line of `size` items: stage, distance and place.

    `places` (m,) are the labelled items' and `own` (m,) on which side they are. Stage 0 is
    the middle of the shortest stretch between neighbouring labels that differ, with its
    length; stage 1, when there is none, the free place nearest to where labels change; stage
    2, when labels change nowhere, nothing.

    Examples
    --------
    >>> next_on_line(np.array([9, 0, 4]), np.array([True, False, True]), 10)
    (0, 4, 2)
    >>> next_on_line(np.array([5, 4]), np.array([True, False]), 10)
    (1, 1, 3)
    """
    order = np.argsort(places, kind="stable")
    ranks, own = places[order], own[order]
    gaps, cut = np.diff(ranks), own[1:] != own[:-1]
    if len(wide := np.flatnonzero(cut & (gaps > 1))):
        best = wide[np.argmin(gaps[wide])]
        return 0, int(gaps[best]), int(ranks[best] + ranks[best + 1]) // 2
    ends = np.flatnonzero(np.append(gaps > 1, True))
    run = np.searchsorted(ends, np.flatnonzero(cut))  # the run of neighbours a cut lies in
    first, last = ranks[np.append(0, ends[:-1] + 1)][run], ranks[ends][run]
    below = ranks[:-1][cut]
    sides = np.concatenate([first - 1, last + 1])
    far = np.concatenate([below - first + 1, last - below])
    free = np.flatnonzero((sides >= 0) & (sides < size))
    if not len(free):
        return 2, 0, 0
    best = free[np.argmin(far[free])]
    return 1, int(far[best]), int(sides[best])
