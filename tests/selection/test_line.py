"""Lines of items a class: leads, thresholds and bisections against plain loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from querist.selection.line import ascending, lead, next_on_line, threshold


@pytest.mark.parametrize("k", [1, 2, 5])
def test_lead(k):
    proba = np.random.default_rng(k).dirichlet(np.ones(k), size=20)
    for c in range(k):
        for row, ahead in zip(proba, lead(proba, c), strict=True):
            others = [row[o] for o in range(k) if o != c] or [0.0]
            assert ahead == row[c] - max(others)


@pytest.mark.parametrize("seed", range(20))
def test_threshold_makes_the_fewest_mistakes(seed):
    rng = np.random.default_rng(seed)
    line = np.sort(rng.integers(0, 40, size=30) / 2.0)
    known = rng.integers(0, 20, size=rng.integers(1, 9)) + 0.25  # ties among the labelled
    own = rng.random(len(known)) < known / 20
    cuts = np.array([-1.0, *(np.unique(known) + 0.125)])  # above this cut is the class
    errors = [int(np.sum(own & (known < cut)) + np.sum(~own & (known > cut))) for cut in cuts]
    best = [i for i, error in enumerate(errors) if error == min(errors)]
    edges = [-np.inf, *np.unique(known), np.inf]
    low, twice, high = threshold(line, known, own)
    assert low == np.sum(line < edges[best[0]])
    assert high == np.sum(line < edges[best[-1] + 1])
    middle = best[len(best) // 2]
    assert twice == np.sum(line < edges[middle]) + np.sum(line < edges[middle + 1])


def naive_next(places, own, size):
    side = dict(zip(places.tolist(), own.tolist(), strict=True))
    marks = sorted(side)
    spans = [(b - a, a, b) for a, b in pairwise(marks) if side[a] != side[b]]
    wide = [span for span in spans if span[0] > 1]
    if wide:
        gap, a, b = min(wide)
        return {(0, gap, (a + b) // 2)}
    found = set()
    for _, a, b in spans:
        down, up = a, b
        while down in side:
            down -= 1
        while up in side:
            up += 1
        found |= {(1, a - down, down)} if down >= 0 else set()
        found |= {(1, up - b, up)} if up < size else set()
    nearest = min((one[1] for one in found), default=0)
    return {one for one in found if one[1] == nearest} or {(2, 0, 0)}


@pytest.mark.parametrize("seed", range(60))
def test_next_on_line(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 30))
    places = rng.permutation(size)[: rng.integers(1, size + 1)]
    if seed % 2:  # a run of neighbours and no stretch left
        places = np.arange(len(places)) + rng.integers(0, size - len(places) + 1)
    own = rng.random(len(places)) < 0.5
    assert next_on_line(places, own, size) in naive_next(places, own, size)


@pytest.mark.parametrize("values", [1000, 5])  # of 200: hardly any equal, many equal
def test_equal_places_go_by_key(values):
    rng = np.random.default_rng(values)
    line, keys = rng.integers(values, size=200) / values, rng.random(200)
    wanted = np.lexsort((keys, line))
    assert ascending(line, np.argsort(keys)).tolist() == wanted.tolist()
    apart = rng.permutation(200) / 200.0
    assert ascending(apart, np.argsort(keys)).tolist() == np.argsort(apart).tolist()
