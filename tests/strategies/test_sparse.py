"""Sparse vectors: the picks of the dense copy in the memory of the entries, or a clear error."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import (
    BADGE,
    BUILTINS,
    CLUE,
    Density,
    Distinct,
    Entropy,
    KCenter,
    KMeansSampling,
    Margin,
    MaxHerding,
    Mix,
    Random,
    Top,
    get,
)

WORK = {
    "badge",
    "clue",
    "density",
    "diverse_batch",
    "gsx",
    "information_density",
    "kcenter",
    "kmeans",
    "lcmd",
    "learned",
    "seals",
}
COMBINED = {
    "chain": Entropy() >> Top(50) >> KCenter(),
    "distinct": Distinct(KCenter()),
    "distinct margin": Distinct(Margin()),
    "mix": Mix([(KCenter(), 1), (Random(), 1)]),
    "product": Entropy() * Density(),
    "weighted": Margin() >> KMeansSampling(),
}


def table(n, d, seed, share=0.1):
    rng = np.random.default_rng(seed)
    # counts, so that the dense copy is moved by its rounded mean
    return np.round(3 * rng.random((n, d)) * (rng.random((n, d)) < share), 2)


def signals_of(strategy, n=3000, wrap=np.asarray, reference=False):
    rng = np.random.default_rng(0)
    vectors, known = table(n, 30, 1), table(12, 30, 2)
    vectors[:, 0] += 5.0  # a column that the dense copy moves
    known[:, 0] += 5.0
    draws = rng.dirichlet(np.ones(3), size=(n, 6))
    labelled = Labelled(
        wrap(known), np.arange(12) % 3, ("a", "b", "c"), proba=rng.dirichlet(np.ones(3), size=12)
    )
    parts = {
        "vectors": wrap(vectors),
        "proba": draws.mean(axis=1),
        "draws": draws,
        "decision": rng.normal(size=(n, 3)),
        "predicted": rng.normal(size=(n, 3)),
        "marginals": rng.uniform(size=(n, 3)),
        "cost": rng.uniform(1, 2, size=n),
        "labelled": labelled,
        "groups": np.arange(n) % 3,
        "ids": np.arange(n),
    }
    if reference:
        parts["reference"] = wrap(table(100, 30, 3))
    read = strategy.needs | strategy.wants | {"ids"}
    return Signals(**{name: part for name, part in parts.items() if name in read})


@pytest.mark.parametrize("wrap", [sparse.csr_matrix, sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("name", [*sorted(WORK), *COMBINED])
def test_sparse_rows_give_the_picks_of_their_dense_copy(name, wrap):
    strategy = COMBINED.get(name) or get(name)
    for seed in (0, 1):
        dense = strategy.pick(signals_of(strategy), 12, seed)
        thin = strategy.pick(signals_of(strategy, wrap=wrap), 12, seed)
        np.testing.assert_array_equal(thin.positions, dense.positions)
        if dense.scores is not None:
            np.testing.assert_allclose(thin.scores, dense.scores, atol=1e-6)


def test_the_start_is_that_of_the_dense_copy():
    vectors = table(500, 30, 4)
    for strategy in (KCenter(), get("lcmd"), get("gsx")):
        dense = strategy.select(Signals(vectors=vectors, ids=np.arange(500)), 9, 0)
        thin = strategy.select(
            Signals(vectors=sparse.csr_matrix(vectors), ids=np.arange(500)), 9, 0
        )
        np.testing.assert_array_equal(thin, dense)


def test_density_of_a_sparse_reference():
    strategy = Density()
    dense = strategy.score(signals_of(strategy, reference=True))
    thin = strategy.score(signals_of(strategy, wrap=sparse.csr_matrix, reference=True))
    np.testing.assert_allclose(thin, dense, atol=1e-12)


@pytest.mark.parametrize("name", BUILTINS)
def test_every_other_strategy_says_what_to_do(name):
    strategy = get(name)
    if name in WORK:
        assert strategy.takes_sparse
        return
    signals = signals_of(strategy, n=50, wrap=sparse.csr_matrix)
    if signals.vectors is None:
        assert len(strategy.select(signals, 3, 0)) == 3
        return
    with pytest.raises(BadInput, match=r"dense vectors.*TruncatedSVD"):
        strategy.select(signals, 3, 0)


def test_a_part_that_needs_dense_vectors_makes_the_whole_need_them():
    mix = Mix([(KCenter(), 1), (MaxHerding(), 1)])
    with pytest.raises(BadInput, match="dense"):
        mix.select(signals_of(mix, n=50, wrap=sparse.csr_matrix), 3, 0)


def test_only_vectors_may_be_sparse():
    with pytest.raises(BadInput, match="proba must be an array, but it is sparse"):
        Signals(proba=sparse.eye(2, format="csr"))


def test_a_missing_value_is_named_by_its_row():
    broken = sparse.csr_matrix(np.array([[0.0, 1.0], [0.0, 0.0], [np.nan, 0.0]]))
    with pytest.raises(BadInput, match="vectors row 2 holds NaN"):
        Signals(vectors=broken)


@pytest.mark.parametrize(
    "strategy", [KCenter(), BADGE(), KMeansSampling(), CLUE(), Density()], ids=lambda s: s.name
)
def test_memory_is_that_of_the_entries(strategy):
    n, d, each = 20_000, 20_000, 20
    rng = np.random.default_rng(0)
    columns = rng.integers(0, d, size=n * each)
    entries = (rng.random(n * each), columns, np.arange(0, n * each + 1, each))
    vectors = sparse.csr_matrix(entries, shape=(n, d))
    signals = Signals(vectors=vectors, proba=rng.dirichlet(np.ones(3), size=n))
    tracemalloc.start()
    strategy.select(signals, 20, 0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100e6  # the dense table is 3.2 GB, a block of it 328 MB
