from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.testing.pools import PoolContract

COLUMNS = {"age": [41.0, None, 41.0, 7.0], "sex": ["F", "M", "F", "M"], "label": list("ynyn")}


class StandIn:
    """What a Hugging Face dataset shows of itself."""

    def __init__(self, columns, features=None):
        self.columns, self.features = columns, features
        self.column_names = list(columns)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, which):
        return {name: values[which] for name, values in self.columns.items()}


class TestPandas(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(pd.DataFrame(COLUMNS), label="label")


class TestPolars(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(pl.DataFrame(COLUMNS), label="label")


class TestDicts(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool([{"age": 4, "sex": "F"}, {"age": 5}, {"sex": "F", "age": 4}])


class TestDataset(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(StandIn({"text": ["hi", "yo", "hi"], "source": [1, 2, 1]}))


def test_a_pandas_frame_is_sliced_as_it_is():
    frame = pd.DataFrame(COLUMNS, index=[10, 20, 30, 40])
    pool = open_pool(frame, label="label", features=["sex", "age"])
    part = pool.items(np.array([2, 0]))
    pd.testing.assert_frame_equal(part, frame.loc[[30, 10], ["sex", "age"]])
    assert pool.columns == ("sex", "age") and pool.numeric == (False, True)


def test_a_frame_of_numbers_stays_a_frame_when_asked():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [3, 4]})
    assert open_pool(frame).kind == "array"
    pool = open_pool(frame, mixed=True)
    assert pool.kind == "table" and pool.numeric == (True, True)
    pd.testing.assert_frame_equal(pool.items(np.array([0, 1])), frame)
    assert pool.digests() == open_pool(frame).digests()


def test_a_polars_frame_is_sliced_as_it_is():
    frame = pl.DataFrame(COLUMNS)
    part = open_pool(frame, label="label").items(np.array([2, 0]))
    assert part.equals(frame.select("age", "sex")[[2, 0]])


def test_one_content_has_one_hash_in_every_container():
    dicts = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]
    kinds = [pd.DataFrame(COLUMNS), pl.DataFrame(COLUMNS), pa.table(COLUMNS), dicts]
    digests = [open_pool(data, label="label").digests() for data in kinds]
    assert digests == [digests[0]] * 4


def test_pandas_columns_of_every_sort_open():
    frame = pd.DataFrame(
        {
            0: pd.Categorical(["a", None, "b"]),
            1: ["x", 3, None],
            2: pd.array([1, None, 3], dtype="Int64"),
            3: pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
            4: [np.nan, 1.5, 2.5],
        }
    )
    pool = open_pool(frame)
    assert pool.columns == ("0", "1", "2", "3", "4")
    assert pool.numeric == (False, False, True, False, True)
    assert pool.show(1) == {"0": None, "1": "3", "2": None, "3": None, "4": 1.5}
    assert len(set(pool.digests())) == 3


def test_series_are_texts():
    for series in (pd.Series(["a", "b"]), pl.Series(["a", "b"])):
        assert open_pool(series).items(np.array([1])) == ["b"]


def test_dicts_with_different_keys():
    pool = open_pool([{"a": 1}, {"b": "x"}, {"a": 2.5, "b": ""}])
    assert pool.columns == ("a", "b")
    assert [pool.show(row) for row in range(3)] == [
        {"a": 1.0, "b": None},
        {"a": None, "b": "x"},
        {"a": 2.5, "b": ""},
    ]


def test_dicts_of_texts_with_ids_and_labels():
    rows = [{"id": 7, "text": "hi", "label": "x"}, {"id": 8, "text": "yo", "label": None}]
    pool = open_pool(rows, id="id", text="text", label="label")
    assert (pool.kind, pool.ids(), pool.show(0)) == ("text", ["7", "8"], "hi")
    assert pool.given_labels() == ["x", None]


def test_dataset_class_numbers_become_names():
    features = {"label": SimpleNamespace(names=["ham", "spam"])}
    data = StandIn({"text": ["hi", "yo", "ho"], "label": [1, -1, 0]}, features)
    assert open_pool(data, label="label").given_labels() == ["spam", None, "ham"]


def test_a_long_dataset_is_read_in_batches():
    pool = open_pool(StandIn({"text": [str(n) for n in range(25_001)]}))
    assert pool.items(np.array([25_000, 10_000])) == ["25000", "10000"]


class Splits(dict):
    column_names = ()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (Splits(train=1, test=2), r"one split.*train, test.*data\['train'\]"),
        ([{"a": 1}, "b"], "row 1 is str"),
        ([{}], "no columns"),
        (pd.DataFrame(), "no columns"),
        (pd.DataFrame({"a": []}), "no rows"),
        (pl.LazyFrame({"a": [1]}), "data.collect"),
        (pl.DataFrame({"a": []}), "no rows"),
        (pd.Series([1.0, 2.0]), "cannot open pandas"),
        (pd.Series([], dtype=object), "cannot open pandas"),
        (StandIn({"text": []}), "no rows"),
    ],
)
def test_bad_input_is_explained(data, said):
    with pytest.raises(BadInput, match=said):
        open_pool(data)


def test_no_frame_library_is_loaded_for_other_data():
    code = (
        "import sys; from querist.pools import open_pool; open_pool(['a', 'b']);"
        "open_pool([[1, 2]]); heavy = {'pandas', 'polars', 'pyarrow', 'PIL', 'scipy'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "open_pool([{'a': 1}]); assert 'polars' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_no_table_can_hold_is_refused_in_words(tmp_path):
    for broken in ([{"a": "x\ud800"}], [{"a\ud800": "x"}], [{"a": {"b": "\ud800"}}]):
        with pytest.raises(BadInput, match="half of a character"):
            open_pool(broken)
    assert open_pool([{"a": 10**40, "b": 1}, {"a": 2, "b": 3}]).show(0)["a"] == str(10**40)
    nested = tmp_path / "deep.jsonl"
    nested.write_text("[" * 100_000)
    with pytest.raises(BadInput, match="not JSON"):
        open_pool(nested)
