from __future__ import annotations

import time

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.keys import hash_ids
from querist.pools import open_pool
from querist.testing.pools import PoolContract

TEXTS = ["win money", "see you", "", "win money", "ünï 日本 \ud83d"]
MATRIX = np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0], [-0.5, 0.0]])


class TestTexts(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(TEXTS[:4])


class TestTextsWithIds(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(tuple(TEXTS), id=[1, 2, 3, 4, 5])


class TestArray(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(MATRIX, features=["age", "dose"])


class TestLists(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool([[1, 2], (3, 4), [1, 2]], id=["a", "b", "c"])


def test_copies_count_up_and_appending_keeps_ids():
    short, long = open_pool(TEXTS[:4]), open_pool([*TEXTS[:4], "win money"])
    first, *_, fourth = short.ids()
    assert fourth == f"{first}-2"
    assert long.ids()[:4] == short.ids()
    assert long.ids()[4] == f"{first}-3"
    assert first == short.digests()[0][:16]


def test_keys_are_the_hashes_of_the_ids():
    pool = open_pool(TEXTS, id=list("abcde"))
    np.testing.assert_array_equal(pool.keys, hash_ids("abcde"))
    assert pool.keys is pool.keys


def test_given_labels_turn_blank_into_none():
    pool = open_pool(TEXTS[:4], label=["spam", "", None, float("nan")])
    assert pool.given_labels() == ["spam", None, None, None]
    assert open_pool(MATRIX).given_labels() == [None] * 4
    assert open_pool(MATRIX, label=np.array([1, 0, 1, 0])).given_labels() == [1, 0, 1, 0]


def test_a_numpy_array_of_texts_is_texts():
    assert open_pool(np.array(["a", "b"])).items(np.array([1])) == ["b"]


def test_runs_are_views_and_nothing_can_be_written():
    pool = open_pool(MATRIX)
    assert np.shares_memory(pool.vectors(), MATRIX)
    assert np.shares_memory(pool.items(np.array([1, 2])), MATRIX)
    with pytest.raises(ValueError, match="read-only"):
        pool.vectors(np.array([0, 1]))[0, 0] = 9
    assert MATRIX.flags.writeable


def test_equal_numbers_hash_equal_in_any_dtype():
    whole = np.array([[1, 0], [3, 4]])
    negative_zero = np.array([[1, -0.0], [3, 4]])
    digests = open_pool(whole).digests()
    assert digests == open_pool(whole.astype(np.float32)).digests()
    assert digests == open_pool(negative_zero).digests()


def test_show_names_the_features_when_they_are_known():
    assert open_pool(MATRIX, features="age, dose").show(1) == {"age": 3.0, "dose": 4.0}
    assert open_pool(MATRIX).show(1) == [3.0, 4.0]


@pytest.mark.parametrize("data", [TEXTS[:1] * 100_000, np.zeros((100_000, 64))])
def test_a_hundred_thousand_rows_open_fast(data):
    start = time.process_time()
    pool = open_pool(data)
    pool.rows(pool.ids(np.array([0, 99_999])))
    seconds = time.process_time() - start
    assert seconds < 2, f"{seconds:.2f} s of CPU"  # a tenth of it on an idle machine


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (["a", 7], {}, "row 1 is int"),
        ([[1, 2], [3]], {}, "row 0 has 2 and row 1 has 1"),
        ([[1, [2]], [3, [4, 5]]], {}, "nest unequal lists"),
        ([1.0, 2.0], {}, r"shape \(2,\)"),
        (np.zeros(3), {}, "reshape"),
        (np.zeros((0, 3)), {}, "pool is empty"),
        (np.zeros((3, 0)), {}, "pool is empty"),
        (np.zeros((2, 2), dtype=complex), {}, "dtype is complex128"),
        ([["a", "b"]], {}, "list of dicts"),
        (np.array([[1.0, 2.0], [3.0, np.nan]]), {}, "row 1, column 1 holds nan.*impute"),
        (np.array([[np.inf, 2.0]]), {"features": "age,dose"}, "row 0, column 'age' holds inf"),
        (MATRIX, {"features": "age"}, r"one feature name per column \(2\)"),
        (MATRIX, {"text": "body"}, "text='body' cannot apply"),
        (["a"], {"features": "x"}, "features='x' cannot apply"),
        (["a", "b"], {"id": "name"}, "id='name' names a column, but this data has no columns"),
        (["a", "b"], {"label": "spam"}, "label='spam' names a column"),
        (["a", "b"], {"id": ["x"]}, r"one id per row \(2\), but 1 came"),
        (["a", "b"], {"label": ["x"]}, r"one label per row \(2\), but 1 came"),
        (["a", "b"], {"id": ["x", "x"]}, "'x' stands in row 0 and row 1"),
        (["a", "b"], {"id": ["x", None]}, "row 1 has none"),
        (["a", "b"], {"id": ["x", ""]}, "row 1 has none"),
    ],
)
def test_bad_input_is_explained(data, options, said):
    with pytest.raises(BadInput, match=said):
        open_pool(data, **options)


def test_rows_outside_are_refused():
    pool = open_pool(MATRIX)
    for wrong in (np.array([4]), np.array([0, -1]), np.array([[0]]), np.array([0.5])):
        with pytest.raises(BadInput, match="row"):
            pool.items(wrong)
