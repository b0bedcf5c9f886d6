"""Average linkage of a keyed sample."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection import linkage
from querist.selection.linkage import linked


def naive(points, clusters):
    """Join the two groups of least mean distance until so many are left."""
    groups = [[i] for i in range(len(points))]
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    while len(groups) > clusters:
        pairs = [(a, b) for a in range(len(groups)) for b in range(a)]
        a, b = min(pairs, key=lambda ab: far[np.ix_(groups[ab[0]], groups[ab[1]])].mean())
        groups[b] += groups.pop(a)
    return {frozenset(group) for group in groups}


def sets_of(found):
    return {frozenset(np.flatnonzero(found == c).tolist()) for c in np.unique(found)}


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_a_small_table_is_linked_whole(size):
    points = np.random.default_rng(size).normal(size=(40, 3))
    found = linked(points, np.arange(40), size, lambda rows: np.sin(rows))
    assert sets_of(found) == naive(points, max(1, 40 // size))


def test_the_rest_joins_the_nearest_linked_row(monkeypatch):
    monkeypatch.setattr(linkage, "LINKED", 25)
    points = np.random.default_rng(0).normal(size=(300, 4))
    rows = np.random.default_rng(1).permutation(300)[:120]
    found = linked(points, rows, 5, lambda at: np.sin(at))
    first = np.argsort(np.sin(np.arange(300)))[:25]
    of_first = linked(points, first, 5, lambda at: np.sin(at))
    assert sets_of(of_first) == naive(points[first], 5)
    for row, cluster in zip(rows, found, strict=True):
        near = np.linalg.norm(points[first] - points[row], axis=1).argmin()
        assert cluster == of_first[near]


def test_one_row():
    assert linked(np.ones((1, 2)), np.array([0]), 10, np.negative).tolist() == [1]
