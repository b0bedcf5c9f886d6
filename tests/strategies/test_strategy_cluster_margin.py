"""Cluster-Margin against a plain loop over the clusters."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from querist.core.errors import BadInput
from querist.core.types import Signals
from querist.strategies import ClusterMargin, Entropy, KCenter, Margin


def made(n=300, k=4, seed=0):
    rng = np.random.default_rng(seed)
    centres = 4 * rng.normal(size=(12, 3))
    vectors = centres[rng.integers(0, 12, size=n) ** 2 // 11] + rng.normal(size=(n, 3))
    return Signals(proba=rng.dirichlet(np.ones(k), size=n), vectors=vectors)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("base", [Margin(), Entropy()], ids=["margin", "entropy"])
def test_one_of_each_cluster_in_turn_smallest_first(seed, base):
    signals = made(seed=seed)
    n, among, size = 15, 4, 12
    picks = ClusterMargin(base, among, size).select(signals, n, seed).tolist()
    tree = linkage(signals.vectors, method="average")
    cluster = fcluster(tree, 300 // size, criterion="maxclust")
    kept = np.argsort(-base.score(signals))[: among * n].tolist()
    waiting = {c: [row for row in kept if cluster[row] == c] for c in set(cluster[kept])}
    sizes = {c: len(rows) for c, rows in waiting.items()}
    passes, at = [], 0
    while len(passes) < n:  # which clusters a pass visits, and the sizes it visits them by
        passes += [(at, sizes[c]) for c in sorted(sizes, key=sizes.get) if sizes[c] > at]
        at += 1
    taken = {c: 0 for c in waiting}
    for pick, (turn, wanted) in zip(picks, passes[:n], strict=True):
        c = cluster[pick]
        assert pick in waiting[c] and sizes[c] == wanted and taken[c] == turn
        waiting[c].remove(pick)
        taken[c] += 1


def test_which_of_a_cluster_is_drawn():
    signals = Signals(proba=np.full((30, 2), 0.5), vectors=np.zeros((30, 2)))
    drawn = {int(ClusterMargin(among=30).select(signals, 1, seed)[0]) for seed in range(60)}
    assert len(drawn) > 20


def test_neither_model_nor_seed_decides_the_clusters():
    """Two far apart groups are two clusters: one of each is asked whatever the model says."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(40, 2)) + 50 * (np.arange(40) % 2)[:, None]
    for seed in range(10):
        signals = Signals(proba=rng.dirichlet(np.ones(3), size=40), vectors=vectors)
        picks = ClusterMargin(among=10, size=20).select(signals, 2, seed)
        assert set(picks % 2) == {0, 1}


def test_near_copies_come_once():
    rng = np.random.default_rng(1)
    vectors = np.concatenate([np.zeros((30, 2)), 9 * rng.normal(size=(30, 2))])
    doubt = np.concatenate([np.full(30, 0.5), np.full(30, 0.6)])
    signals = Signals(proba=np.column_stack([doubt, 1 - doubt]), vectors=vectors)
    assert np.sum(Margin().select(signals, 8, 0) < 30) == 8
    assert np.sum(ClusterMargin(size=4).select(signals, 8, 0) < 30) <= 2


@pytest.mark.parametrize("given", [{"among": 0}, {"size": 1.5}, {"base": KCenter()}])
def test_bad_options(given):
    with pytest.raises(BadInput, match=next(iter(given))):
        ClusterMargin(**given)
