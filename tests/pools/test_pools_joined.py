from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from PIL import Image
from scipy import sparse

from querist.core.errors import BadInput
from querist.pools import Joined, duplicates, extend, open_pool
from querist.pools.base import BasePool
from querist.testing.pools import PoolContract


class TestTexts(PoolContract):
    def make_pool(self, tmp_path):
        return extend(extend(open_pool(["a", "b"]), ["c", "a"]), ["a"])


class TestArrays(PoolContract):
    def make_pool(self, tmp_path):
        return extend(open_pool(np.eye(3)), np.eye(3)[:2].astype(np.float32))


class TestSparse(PoolContract):
    def make_pool(self, tmp_path):
        return extend(open_pool(sparse.csr_array(np.eye(3))), sparse.csr_array(np.eye(3)))


class TestPandas(PoolContract):
    def make_pool(self, tmp_path):
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
        return extend(open_pool(frame), frame)


class TestPolars(PoolContract):
    def make_pool(self, tmp_path):
        frame = pl.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
        return extend(open_pool(frame), frame)


class TestDicts(PoolContract):
    def make_pool(self, tmp_path):
        pool = open_pool([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])
        return extend(pool, [{"a": None, "b": "x"}, {"a": 1, "b": "x"}])


class TestImageFiles(PoolContract):
    def make_pool(self, tmp_path):
        for folder in ("one", "two"):
            (tmp_path / folder).mkdir(exist_ok=True)
            for shade in (0, 90):
                image = Image.new("RGB", (2, 2), (shade, 0, 0))
                image.save(tmp_path / folder / f"{folder}{shade}.png")
        return extend(open_pool(tmp_path / "one"), tmp_path / "two")


def test_ids_from_content_go_on_counting_and_never_change():
    pool = open_pool(["a", "b", "a"])
    longer = extend(extend(pool, ["a", "c"]), ["b"])
    assert longer.ids()[:3] == pool.ids()
    assert longer.ids() == open_pool(["a", "b", "a", "a", "c", "b"]).ids()
    assert longer.ids()[3] == pool.ids()[0] + "-3"
    assert len(longer.parts) == 3


def test_given_ids_and_ids_from_content_mix():
    longer = extend(extend(open_pool(["a"]), ["b"], id=["b1"]), ["a"])
    assert longer.ids() == [longer.ids()[0], "b1", longer.ids()[0] + "-2"]


def test_labels_duplicates_and_show_reach_every_part():
    longer = extend(open_pool(["a", "b"], label=["x", None]), ["b", "c"], label=["y", "x"])
    assert longer.given_labels() == ["x", None, "y", "x"]
    assert longer.show(2) == "b"
    found = duplicates(longer)
    assert (found.groups, found.rows) == (1, 1)
    assert found.examples == (tuple(longer.ids(np.array([1, 2]))),)


def test_random_orders_match_one_big_pool():
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(500, 4))
    joined = Joined([open_pool(part) for part in np.split(whole, [3, 4, 250])])
    for rows in (rng.integers(0, 500, 200), rng.permutation(500), np.arange(2, 251)):
        np.testing.assert_array_equal(joined.items(rows), whole[rows])
    np.testing.assert_array_equal(joined.vectors(), whole)
    assert np.shares_memory(joined.vectors(np.arange(10, 200)), whole)


def test_a_column_of_gaps_has_no_say_in_the_type():
    pool = open_pool([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}])
    gaps = extend(pool, [{"a": None, "b": None}])
    assert gaps.numeric == (True, False) and not gaps.untyped
    assert gaps.items(np.array([2])).tolist() == [[None, None]]


def test_rows_without_gaps_join_a_table_of_numbers_with_gaps():
    longer = extend(open_pool([{"a": 1}, {"a": None}]), [{"a": 3}])
    assert longer.items(np.array([2, 0])).tolist() == [[3.0], [1.0]]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (["a"], np.eye(2), "kind 'text', but part 1 is 'array'"),
        (np.eye(2), np.eye(3), r"shape \(n, 2\).*shape \(n, 3\)"),
        ([{"a": "x", "b": 1}], [{"a": "x", "c": 1}], "columns a, b.*columns a, c"),
        ([{"a": "x", "b": 1}], [{"a": "x", "b": "y"}], "'b' holds numbers in one part"),
        ([{"a": "x", "b": 1}], pd.DataFrame({"a": ["x"], "b": [1]}), "numpy.ndarray.*pandas"),
    ],
)
def test_parts_that_do_not_fit_are_refused(first, second, said):
    with pytest.raises(BadInput, match=said):
        extend(open_pool(first), second)


def test_shared_ids_are_named():
    pool = open_pool(["a", "b"], id=["x", "y"])
    with pytest.raises(BadInput, match="1 came before: 'y'; leave out items"):
        extend(pool, ["c", "d"], id=["y", "z"])
    with pytest.raises(BadInput, match="at least one pool"):
        Joined([])


class Foreign:
    """A plug-in's pool: the protocol and nothing else."""

    kind = "text"

    def __init__(self, inner: BasePool) -> None:
        for name in ("ids", "rows", "items", "show", "digests", "vectors"):
            setattr(self, name, getattr(inner, name))
        self.size = len(inner)

    def __len__(self) -> int:
        return self.size


def test_a_pool_of_a_plug_in_joins_too():
    foreign = Foreign(open_pool(["a", "b"], id=["x", "y"]))
    longer = extend(foreign, ["a"])
    assert longer.items(np.array([2, 1])) == ["a", "b"]
    assert longer.given_labels() == [None, None, None]
    assert duplicates(longer).rows == 1
    assert duplicates(foreign).rows == 0
