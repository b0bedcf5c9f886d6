import numpy as np
import pytest

from querist.selection.topk import drawn, stream_top_k, top_k


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


@pytest.mark.parametrize("rows", [1, 3, 64, 999, 1000, 5000])
@pytest.mark.parametrize("k", [1, 7, 600, 1000])
@pytest.mark.parametrize("levels", [1, 5, None])
def test_a_stream_gives_the_same_whatever_its_blocks_and_whatever_is_below_the_floor(
    rows, k, levels
):
    rng = np.random.default_rng(k)
    scores = rng.random(1000) if levels is None else rng.integers(levels, size=1000)
    key = rng.random(1000)

    def scored(part, floor):
        return np.where(scores[part] < floor, rng.choice([-np.inf, floor - 1]), scores[part])

    positions, values = stream_top_k(scored, 1000, k, key.__getitem__, rows=rows)
    np.testing.assert_array_equal(positions, plain(scores, k, key.__getitem__))
    np.testing.assert_array_equal(values, scores[positions])


@pytest.mark.parametrize("k", [10, 1000, 30_000])
def test_ascending_scores_are_cut_only_when_as_many_have_come(k, monkeypatch):
    # the worst case: every row is better than all before it
    scores = np.arange(200_000.0)
    handled = []
    partition = np.partition
    monkeypatch.setattr(np, "partition", lambda v, at: handled.append(len(v)) or partition(v, at))
    asked = []
    keys = lambda rows: asked.append(len(rows)) or rows.astype(float)  # noqa: E731
    positions, _ = stream_top_k(lambda rows, _: scores[rows], len(scores), k, keys, rows=1000)
    np.testing.assert_array_equal(positions, np.arange(200_000)[::-1][:k])
    assert sum(handled) <= 3 * len(scores) + 2 * k
    assert asked == [k]


@pytest.mark.parametrize("k", [1, 50, 100_000])
def test_a_draw_is_the_rows_with_the_lowest_keys(k):
    key = np.random.default_rng(k).random(100_000)
    np.testing.assert_array_equal(drawn(len(key), k, key.__getitem__), np.argsort(key)[:k])


def test_unsigned_scores_rank_like_numbers():
    scores = np.array([0, 3, 1], dtype=np.uint8)
    assert top_k(scores, 3, lambda rows: rows.astype(float)).tolist() == [1, 2, 0]


def test_minus_infinity_is_picked_last_but_picked():
    scores = np.array([-np.inf, 1.0, -np.inf])
    assert top_k(scores, 3, np.negative).tolist() == [1, 2, 0]
