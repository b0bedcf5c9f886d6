"""GALAXY and DIRECT against plain loops, and on the rare classes they are for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from querist.core.errors import MissingNeed
from querist.core.types import Labelled, Signals
from querist.strategies import DIRECT, GALAXY


def made(n=60, m=9, k=3, seed=0):
    rng = np.random.default_rng(seed)
    proba, said = rng.dirichlet(np.ones(k), size=n), rng.dirichlet(np.ones(k), size=m)
    targets = np.array([rng.choice(k, p=row) for row in said])
    return Signals(proba=proba, labelled=Labelled(None, targets, tuple("abcd"[:k]), said))


def ahead(row, c):
    return row[c] - max(p for o, p in enumerate(row) if o != c)


def naive_galaxy(signals, n):
    """All that one pick after the other may be: stage and length of each class's wish."""
    known, proba = signals.labelled, signals.proba
    m, k = len(known), proba.shape[1]
    both = np.concatenate([known.proba, proba])
    label = dict(enumerate(known.targets.tolist()))
    rarest = sorted(range(k), key=lambda c: (sum(known.targets == c), c))
    picked = []
    for _ in range(n):
        wishes = []
        for turn, c in enumerate(rarest):
            line = sorted(range(len(both)), key=lambda i: ahead(both[i], c))
            marks = [r for r, i in enumerate(line) if i in label]
            for a, b in pairwise(marks):
                if (label[line[a]] == c) == (label[line[b]] == c):
                    continue
                if b - a > 1:
                    wishes.append((0, b - a, turn, a, line[(a + b) // 2]))
                down, up = a, b
                while line[max(down, 0)] in label and down >= 0:
                    down -= 1
                while up < len(line) and line[up] in label:
                    up += 1
                if down >= 0:
                    wishes.append((1, a - down, turn, 0, line[down]))
                if up < len(line):
                    wishes.append((1, up - b, turn, 1, line[up]))
        if any(wish[0] == 0 for wish in wishes):
            wishes = [wish for wish in wishes if wish[0] == 0]
        item = min(wishes)[-1]
        picked.append(item - m)
        label[item] = int(np.argmax(both[item]))
    return picked


@pytest.mark.parametrize("seed", range(12))
def test_galaxy_bisects_the_shortest_stretch(seed):
    signals = made(seed=seed)
    picks = GALAXY().select(signals, 12, 0).tolist()
    assert picks[:6] == naive_galaxy(signals, 6)


def test_galaxy_closes_in_on_the_cut_by_halves():
    chance = np.linspace(0.999, 0.001, 500)
    proba = np.column_stack([chance, 1 - chance])
    known = Labelled(None, np.array([0, 1]), proba=np.array([[1.0, 0.0], [0.0, 1.0]]))
    picks = GALAXY().select(Signals(proba=proba, labelled=known), 30, 0)
    # the predicted label stands in while a label is pending, so it ends up at 0.5
    assert np.abs(chance[picks[8:]] - 0.5).max() < 0.04


def test_galaxy_is_random_where_labels_do_not_differ():
    known = Labelled(None, np.array([0]), proba=np.array([[0.9, 0.1]]))
    proba = np.column_stack([np.linspace(0.6, 1, 40), np.linspace(0.4, 0, 40)])
    drawn = {tuple(GALAXY().select(Signals(proba=proba, labelled=known), 3, s)) for s in range(5)}
    assert len(drawn) == 5


@pytest.mark.parametrize("seed", range(10))
def test_direct_asks_between_the_best_thresholds_and_beside_the_middle_one(seed):
    signals = made(n=200, m=12, seed=seed)
    known, k, n = signals.labelled, 3, 12
    rarest = sorted(range(k), key=lambda c: (sum(known.targets == c), c))
    picks = DIRECT().select(signals, n, seed).tolist()
    taken = set(picks[: n // 2])
    spans, nearest = {}, {}
    for c in rarest:
        line = sorted(range(len(signals)), key=lambda i: ahead(signals.proba[i], c))
        at = sorted(
            (ahead(row, c), y == c) for row, y in zip(known.proba, known.targets, strict=True)
        )
        wrong = [sum(own for _, own in at[:j]) + sum(not own for _, own in at[j:])
                 for j in range(len(at) + 1)]  # fmt: skip
        best = [j for j, w in enumerate(wrong) if w == min(wrong)]
        ends = [-9.0, *(place for place, _ in at), 9.0]
        lead = [ahead(signals.proba[i], c) for i in line]
        spans[c] = {
            i for i, x in zip(line, lead, strict=True) if ends[best[0]] < x < ends[best[-1] + 1]
        }
        middle = best[len(best) // 2]
        lower = sum(x < ends[middle] for x in lead)
        upper = sum(x < ends[middle + 1] for x in lead)
        nearest[c] = sorted(range(200), key=lambda r: (abs(r + 0.5 - (lower + upper) / 2), r))
        nearest[c] = [line[r] for r in nearest[c]]
    if all(len(span) >= n for span in spans.values()):
        for turn, item in enumerate(picks[: n // 2]):
            assert item in spans[rarest[turn % k]]
    for turn, item in enumerate(picks[n // 2 :]):
        wish = next(i for i in nearest[rarest[turn % k]] if i not in taken)
        assert item == wish
        taken.add(item)


def test_direct_draws_evenly_between_the_thresholds():
    proba = np.column_stack([np.linspace(0.05, 0.95, 10), np.linspace(0.95, 0.05, 10)])
    known = Labelled(None, np.array([1, 0]), proba=np.array([[0.29, 0.71], [0.71, 0.29]]))
    signals, counts = Signals(proba=proba, labelled=known), np.zeros(10)
    for seed in range(2000):
        counts[DIRECT().select(signals, 2, seed)[0]] += 1 / 2000
    inside = (proba[:, 0] > 0.29) & (proba[:, 0] < 0.71)
    np.testing.assert_allclose(counts, inside / inside.sum(), atol=0.06)


@pytest.mark.parametrize(("strategy", "apart"), [(GALAXY(), 5.0), (DIRECT(), 5.0), (DIRECT(), 2.0)])
def test_rare_classes_come_more_often_than_by_chance(strategy, apart):
    rng = np.random.default_rng(0)
    truth = (rng.random(4000) < 0.03).astype(int)
    score = truth * apart + rng.normal(size=4000) - apart / 2 - 2.0
    proba = np.column_stack([1 / (1 + np.exp(score)), 1 / (1 + np.exp(-score))])
    known = np.append(rng.permutation(np.flatnonzero(truth == 0))[:27], np.flatnonzero(truth)[:3])
    for turn in range(10):
        left = np.setdiff1d(np.arange(4000), known)
        labelled = Labelled(None, truth[known], ("common", "rare"), proba[known])
        picks = strategy.select(Signals(proba=proba[left], labelled=labelled), 10, turn)
        known = np.append(known, left[picks])
    assert truth[known[30:]].sum() >= 4 * 100 * truth.mean()


@pytest.mark.parametrize("strategy", [GALAXY(), DIRECT()], ids=["galaxy", "direct"])
def test_what_is_missing_is_said(strategy):
    signals = Signals(proba=np.full((3, 2), 0.5), labelled=Labelled(None, np.array([0])))
    with pytest.raises(MissingNeed, match=r"labelled\.proba"):
        strategy.select(signals, 1, 0)
