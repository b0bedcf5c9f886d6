from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.testing.pools import PoolContract

MIXED = {
    "key": ["a", "b", "c", "d"],
    "age": [41, None, 41, 7],
    "sex": ["F", "", "F", None],
    "sick": [True, False, True, None],
    "label": ["yes", "", "no", None],
}


def mixed() -> pa.Table:
    return pa.table(MIXED)


class TestMixed(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(mixed(), id="key", label="label")


class TestNumbers(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(pa.table({"x": [1, 2, 1], "y": [0.5, 0.5, 0.5]}))


class TestTextWithContext(PoolContract):
    def make_pool(self, tmp_path):
        table = pa.table(
            {"body": ["hi", None, "hi"], "sent": [date(2024, 1, n) for n in (1, 2, 3)]}
        )
        return open_pool(table, text="body")


class TestChunkedText(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(pa.table({"text": pa.chunked_array([["a", "b"], ["a"], ["c", "b"]])}))


def test_mixed_items_are_floats_and_strings():
    pool = open_pool(mixed(), id="key", label="label")
    assert (pool.kind, pool.columns) == ("table", ("age", "sex", "sick"))
    assert pool.numeric == (True, False, True)
    items = pool.items(np.array([0, 3, 1]))
    assert items.dtype == object and items.shape == (3, 3)
    assert items[0].tolist() == [41.0, "F", 1.0]
    assert items[1, 1] is None and items[2, 1] is None
    assert np.isnan(items[2, 0]) and np.isnan(items[1, 2])
    assert all(type(value) is float for value in items[:, 0])
    assert pool.show(0) == {"age": 41, "sex": "F", "sick": True}
    assert pool.given_labels() == ["yes", None, "no", None]
    assert pool.vectors(np.array([0])) is None


def test_numeric_features_become_an_array_with_names():
    pool = open_pool(pa.table({"x": [1, 2], "y": [0.5, 1.5], "z": ["a", "b"]}), features="y,x")
    assert pool.kind == "array"
    assert pool.vectors().dtype == np.float64
    assert pool.show(1) == {"y": 1.5, "x": 2.0}
    assert pool.digests() == open_pool(np.array([[0.5, 1], [1.5, 2]])).digests()


@pytest.mark.parametrize("gap", [None, float("nan")])
def test_missing_numbers_make_it_a_table(gap):
    pool = open_pool(pa.table({"x": pa.array([1.0, gap])}))
    assert pool.kind == "table" and pool.numeric == (True,)
    assert np.isnan(pool.items(np.array([1]))[0, 0])
    assert pool.show(1) == {"x": None}
    assert pool.digests()[1] == open_pool(pa.table({"x": [None, 2.0]})).digests()[0]


def test_dates_and_dictionaries_are_categories():
    table = pa.table(
        {"day": [date(2024, 1, 1), None], "city": pa.array(["Bern", "Chur"]).dictionary_encode()}
    )
    pool = open_pool(table)
    assert pool.items(np.array([0, 1])).tolist() == [["2024-01-01", "Bern"], [None, "Chur"]]
    assert pool.show(0) == {"day": "2024-01-01", "city": "Bern"}


def test_text_alone_is_shown_as_text_and_with_context_as_dict():
    table = pa.table({"body": ["hi", None], "who": ["Ann", "Bo"], "label": ["x", "y"]})
    assert open_pool(table.select(["body"])).show(1) == ""
    pool = open_pool(table, text="body", label="label")
    assert pool.show(0) == {"text": "hi", "who": "Ann"}
    assert pool.items(np.array([1, 0])) == ["", "hi"]
    assert pool.digests() == open_pool(["hi", ""]).digests()


def test_odd_context_is_shown_as_plain_json():
    table = pa.table(
        {
            "text": ["hi"],
            "tags": [["a", None]],
            "by": [{"name": "Ann", "at": date(2024, 1, 1)}],
            "raw": [b"abc"],
            "price": [Decimal("1.50")],
            "took": [timedelta(seconds=90)],
            "score": [float("inf")],
        }
    )
    shown = open_pool(table).show(0)
    assert json.loads(json.dumps(shown, allow_nan=False)) == {
        "text": "hi",
        "tags": ["a", None],
        "by": {"name": "Ann", "at": "2024-01-01"},
        "raw": "<3 bytes>",
        "price": 1.5,
        "took": "0:01:30",
        "score": None,
    }


LONG = [f"the quick brown fox jumps over number {n}" for n in range(9)]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"a": ["x", "y"]}, "text"),
        ({"text": ["x", "y"], "b": ["x", "y"]}, "text"),
        ({"a": LONG, "b": ["New York", "Bern", "Bern"] * 3, "c": [1] * 9}, "text"),
        ({"a": LONG, "b": LONG[::-1]}, "table"),
        ({"a": ["Upper Bernese Highlands, south"] * 9, "c": [1] * 9}, "table"),
        ({"a": [None] * 9, "b": ["u" * 36] * 9}, "table"),
    ],
)
def test_the_column_of_texts_is_found_when_beyond_doubt(columns, kind):
    assert open_pool(pa.table(columns)).kind == kind


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        (mixed(), {"id": "kye"}, "id='kye' names no column; did you mean 'key'.*key, age, sex"),
        (mixed(), {"label": "zzz"}, "label='zzz' names no column. The columns are"),
        (mixed(), {"features": "age,sx"}, "features='sx' names no column; did you mean 'sex'"),
        (mixed(), {"text": "age"}, "text='age'.*holds int64; name one of key, sex, label"),
        (mixed().select(["age"]), {"text": "age"}, "no column of texts"),
        (mixed(), {"text": "sex", "features": "age"}, "not both"),
        (mixed(), {"features": "age,label", "label": "label"}, "cannot be a feature too"),
        (mixed(), {"id": "sex"}, "row 1 has none"),
        (mixed(), {"id": [1, 2, 3]}, r"one id per row \(4\)"),
        (mixed().select(["key"]), {"id": "key"}, "no column is left"),
        (mixed().slice(0, 0), {}, "pool is empty"),
        (pa.table([[1], [2]], names=["a", "a"]), {}, r"\['a'\] came more than once"),
        (pa.table({"x": [1.0, float("inf")]}), {}, "row 1, column 'x' holds infinity"),
        (pa.table({"x": [1], "v": [[1, 2]]}), {}, "'v' holds list.*leave it out of features="),
        (pa.table({"x": [1], "v": [[1, 2]]}), {"id": "v"}, "id='v'.*holds list"),
    ],
)
def test_bad_input_is_explained(table, options, said):
    with pytest.raises(BadInput, match=said):
        open_pool(table, **options)


def test_trec6(shared_data):
    path = shared_data / "sets" / "trec6" / "data.parquet"
    pool = open_pool(path, text="text", label="label")
    assert (pool.kind, len(pool)) == ("text", 5952)
    assert pool.items(np.array([0])) == ["How did serfdom develop in and then leave Russia ?"]
    assert list(pool.show(0)) == ["text", "fine", "split"]
    assert pool.given_labels()[:2] == ["DESC", "ENTY"]
    assert len(set(pool.ids())) == 5952


def test_uci_sick(shared_data):
    pool = open_pool(str(shared_data / "sets" / "uci_sick" / "data.parquet"), label="label")
    assert (pool.kind, len(pool), len(pool.columns)) == ("table", 3772, 29)
    items = pool.items(np.arange(len(pool)))
    missing = [
        np.isnan(column.astype(float)).sum() if numeric else sum(v is None for v in column)
        for column, numeric in zip(items.T, pool.numeric, strict=True)
    ]
    named = dict(zip(pool.columns, missing, strict=True))
    assert (named["age"], named["sex"], named["TSH"], named["TBG"]) == (1, 150, 369, 3772)
