import tracemalloc

import numpy as np
import pytest

from querist.core.types import unchecked_signals
from querist.selection.topk import top_k
from querist.strategies import Margin


def plain(scores, k, keys):
    rows = np.arange(len(scores))
    return np.lexsort((keys(rows), -scores))[:k]


@pytest.mark.parametrize("n", [1, 5, 65_536, 65_537, 200_003])
@pytest.mark.parametrize("k", [1, 7, 1000])
@pytest.mark.parametrize("levels", [1, 3, 1000, None])
def test_top_k_is_the_sorted_head_of_the_whole(n, k, levels):
    rng = np.random.default_rng(n + k)
    scores = rng.random(n) if levels is None else rng.integers(levels, size=n).astype(float)
    key = rng.random(n)
    np.testing.assert_array_equal(
        top_k(scores, min(k, n), key.__getitem__), plain(scores, min(k, n), key.__getitem__)
    )


def test_minus_infinity_is_picked_last_but_picked():
    scores = np.array([-np.inf, 1.0, -np.inf])
    assert top_k(scores, 3, np.negative).tolist() == [1, 2, 0]


def test_a_thousand_of_a_million_needs_little_more_than_the_scores():
    proba = np.random.default_rng(0).dirichlet(np.ones(10), size=1_000_000).astype(np.float32)
    signals = unchecked_signals(proba=proba)
    tracemalloc.start()
    picks = Margin().select(signals, 1000, 0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(picks) == 1000
    assert peak < 3 * 8 * len(proba)  # the table itself in doubles would be 80 MB
