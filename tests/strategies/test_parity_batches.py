"""Batches by distance and by clusters: picks of scikit-activeml, where those are the paper's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from querist.core.types import Labelled, Signals
from querist.strategies import (
    DropQuery,
    ExpectedModelChangeMaximization,
    KCenter,
    TypiClust,
)

pool = pytest.importorskip("skactiveml.pool")


def blobs(sizes, d=3, seed=0):
    rng = np.random.default_rng(seed)
    which = np.repeat(np.arange(len(sizes)), sizes)
    return 30.0 * np.eye(len(sizes), d)[which] + rng.normal(size=(len(which), d)), which


def signals_of(rows, y):
    free = np.isnan(y)
    known = Labelled(rows[~free], y[~free].astype(int), ("a", "b", "c"))
    return Signals(vectors=rows[free], labelled=known), np.flatnonzero(free)


@pytest.mark.parametrize("seed", range(3))
def test_core_set_takes_the_same_rows_at_the_same_distances(seed):
    rng = np.random.default_rng(seed)
    rows, y = rng.normal(size=(120, 5)), np.full(120, np.nan)
    y[rng.permutation(120)[:7]] = 0
    theirs, scores = pool.CoreSet(random_state=0).query(
        rows, y, batch_size=25, return_utilities=True
    )
    signals, free = signals_of(rows, y)
    ours = KCenter().pick(signals, 25, 0)
    assert free[ours.positions].tolist() == theirs.tolist()
    np.testing.assert_allclose(ours.scores, scores[np.arange(25), theirs], rtol=1e-9)


@pytest.mark.parametrize(("labelled", "order"), [(0, [1, 2, 0, 3]), (1, [1, 0, 3])])
def test_typi_clust_takes_the_same_rows_largest_cluster_first(labelled, order):
    rows, which = blobs((30, 50, 40, 20), d=4)
    y = np.full(len(rows), np.nan)
    y[np.flatnonzero(which == 2)[:labelled]] = 0
    query = pool.TypiClust(k=5, cluster_algo_dict={"n_init": 10}, random_state=0)
    theirs = query.query(rows, y, batch_size=4 - labelled)
    signals, free = signals_of(rows, y)
    ours = free[TypiClust(5, unit=False).select(signals, 4 - labelled, 0)]
    assert ours.tolist() == theirs.tolist()
    assert which[ours].tolist() == order


def test_drop_query_asks_in_the_same_clusters():
    # The peer stops at what flips in more than half of the passes, the paper goes on until
    # there are 25 a pick: here so many flip that both come to the same. Masks are drawn, so
    # it is the clusters that are compared.
    rng = np.random.default_rng(2)
    known = np.where(np.arange(40)[:, None] % 2, 1.0, -1.0) * np.ones((40, 80))
    known += 0.1 * rng.normal(size=known.shape)
    steady = 4.0 + 0.1 * rng.normal(size=(400, 80))
    shaky = 0.1 * rng.normal(size=(240, 80))  # a large feature for a class, another against it
    shaky[:120, 0] += 9.0
    shaky[120:, 1] -= 9.0
    shaky[:120, 2] -= 8.0
    shaky[120:, 3] += 8.0
    rows = np.concatenate([known, steady, shaky])
    which = np.repeat([0, 1, 2, 3], [40, 400, 120, 120])
    y = np.full(len(rows), np.nan)
    y[:40] = np.arange(40) % 2
    from skactiveml.classifier import SklearnClassifier

    judge = SklearnClassifier(LogisticRegression(), classes=[0, 1])
    query = pool.DropQuery(cluster_algo_dict={"random_state": 0}, random_state=0)
    theirs = query.query(rows, y, judge, batch_size=2)
    signals, free = signals_of(rows, y)
    ours = free[DropQuery(passes=5).select(signals, 2, 0)]
    assert sorted(which[ours]) == sorted(which[theirs]) == [2, 3]


def test_model_change_is_the_peers_for_the_same_members(monkeypatch):
    from skactiveml.pool import _expected_model_change_maximization as module
    from skactiveml.regressor import SklearnRegressor

    rng = np.random.default_rng(6)
    rows, y = rng.normal(size=(60, 3)), np.full(60, np.nan)
    y[:20] = rows[:20] @ [1.0, -2.0, 0.5] + 0.3 * rng.normal(size=20)
    model = SklearnRegressor(LinearRegression()).fit(rows[:20], y[:20])
    members = [
        SklearnRegressor(LinearRegression()).fit(rows[some], y[some])
        for some in rng.integers(20, size=(4, 20))
    ]
    monkeypatch.setattr(module, "_bootstrap_estimators", lambda *_, **__: members)
    theirs, scores = pool.ExpectedModelChangeMaximization(random_state=0).query(
        rows, y, model, fit_reg=False, batch_size=8, return_utilities=True
    )
    said = np.stack([one.predict(rows[20:]) for one in (model, *members)], axis=1)
    ours = ExpectedModelChangeMaximization()
    signals = Signals(predicted=said, vectors=rows[20:])
    np.testing.assert_allclose(ours.score(signals), scores[0, 20:], atol=1e-12)
    assert (ours.select(signals, 8, 0) + 20).tolist() == theirs.tolist()
