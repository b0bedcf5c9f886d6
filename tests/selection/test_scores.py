import numpy as np
import pytest

from querist.selection.scores import (
    by_blocks,
    entropy,
    entropy_above,
    least_confidence,
    top_two_gap,
)


@pytest.mark.parametrize("k", [1, 2, 3, 10, 64, 65, 150])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_scores_equal_their_definitions(k, dtype):
    proba = np.random.default_rng(k).dirichlet(np.full(k, 0.3), size=7001).astype(dtype)
    wide = proba.astype(np.float64)
    ordered = np.sort(wide, axis=1)
    np.testing.assert_array_equal(least_confidence(proba), 1 - ordered[:, -1])
    second = ordered[:, -2] if k > 1 else 0.0
    np.testing.assert_array_equal(top_two_gap(proba), ordered[:, -1] - second)
    safe = np.where(wide > 0, wide, 1.0)
    plain = np.maximum(-(wide * np.log(safe)).sum(axis=1), 0.0)
    np.testing.assert_allclose(entropy(proba), plain, atol=1e-12)


def test_entropy_of_certain_rows_is_zero_and_not_nan():
    np.testing.assert_array_equal(entropy(np.eye(4)), np.zeros(4))
    assert entropy(np.full((1, 4), 0.25))[0] == pytest.approx(np.log(4))


def test_equal_top_two_have_no_gap():
    assert top_two_gap(np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])).tolist() == [0, 0]


def test_single_precision_makes_no_ties_of_its_own():
    # 1 - p and p1 - p2 of these differ, but not after rounding to single precision
    close = np.array([[2.0**-30, 1e-3], [2.0**-31, 1e-3]], dtype=np.float32)
    assert (np.float32(1) - close[0, 0]) == (np.float32(1) - close[1, 0])
    assert np.diff(least_confidence(close[:, :1]))[0] > 0
    gaps = np.array([[0.75, 2.0**-30], [0.75, 2.0**-31]], dtype=np.float32)
    assert gaps[0, 0] - gaps[0, 1] == gaps[1, 0] - gaps[1, 1]
    assert np.diff(top_two_gap(gaps))[0] > 0


def tables(k):
    """Rows of every kind: spread, peaked, even, certain, and with numbers no float32 holds."""
    rng = np.random.default_rng(k)
    yield rng.dirichlet(np.ones(k), size=4000)
    yield rng.dirichlet(np.full(k, 0.02), size=4000)
    yield rng.dirichlet(np.full(k, 1e6), size=4000)
    yield np.eye(k)
    yield np.full((3, k), 1 / k)
    tiny = np.full((3, k), 1e-300)
    tiny[:, 0] = 1.0 - tiny[:, 1:].sum(axis=1)
    yield tiny


@pytest.mark.parametrize("k", [1, 2, 3, 10, 3000])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_screened_entropy_misses_no_row_that_reaches_the_floor(k, dtype):
    for table in tables(k):
        table = table.astype(dtype)
        whole = entropy(table)
        # floors that are entropies themselves: the row they come from must not be lost
        for floor in [-np.inf, 0.0, *np.quantile(whole, [0.1, 0.5, 0.99, 1.0], method="nearest")]:
            some = entropy_above(table, floor)
            np.testing.assert_array_equal(some[whole >= floor], whole[whole >= floor])
            below = some[whole < floor]
            assert ((below == -np.inf) | (below == whole[whole < floor])).all()


def test_a_screened_entropy_screens():
    table = np.random.default_rng(0).dirichlet(np.ones(10), size=10_000)
    floor = np.sort(entropy(table))[-100]
    assert np.isfinite(entropy_above(table, floor)).sum() < 110


@pytest.mark.parametrize("measure", [least_confidence, top_two_gap, entropy])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_scores_do_not_depend_on_the_layout_in_memory_or_the_block(measure, dtype):
    table = np.random.default_rng(0).dirichlet(np.ones(7), size=30_001).astype(dtype)
    whole = measure(table)
    np.testing.assert_array_equal(measure(np.asfortranarray(table)), whole)
    np.testing.assert_array_equal(measure(np.repeat(table, 2, axis=0)[::2]), whole)
    parts = [measure(table[rows]) for rows in np.split(np.arange(len(table)), [1, 2, 777])]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_blocks_of_any_size_give_the_same():
    table = np.random.default_rng(0).random((1000, 3))
    whole = by_blocks(lambda block: block.sum(axis=1), table)
    for cache in (1, 10, 3000):
        np.testing.assert_array_equal(
            by_blocks(lambda block: block.sum(axis=1), table, cache=cache), whole
        )
