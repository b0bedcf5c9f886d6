from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.testing.pools import PoolContract

CSV = 'id,text,age,label\n007,"win, money",41,spam\n008,"two\nlines",,\n9,"win, money",41,ham\n'


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestCsv(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(write(tmp_path / "a.csv", CSV), id="id", text="text", label="label")


class TestTsvTable(PoolContract):
    def make_pool(self, tmp_path):
        return open_pool(write(tmp_path / "a.tsv", "x\tcity\n1\tBern\n\tChur\n1\tBern\n"))


class TestJsonl(PoolContract):
    def make_pool(self, tmp_path):
        lines = '{"text": "hi"}\n\n{"text": "yo", "by": 1}\n{"text": "hi"}'
        return open_pool(write(tmp_path / "a.jsonl", lines))


class TestParquet(PoolContract):
    def make_pool(self, tmp_path):
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"x": [1, 2, 1], "c": ["a", None, "a"]}), path)
        return open_pool(path)


class TestNpy(PoolContract):
    def make_pool(self, tmp_path):
        path = tmp_path / "a.npy"
        np.save(path, np.array([[1.0, 2.0], [3.0, 4.0], [1.0, 2.0]]))
        return open_pool(path)


def test_csv_keeps_ids_texts_and_quoted_lines(tmp_path):
    pool = open_pool(str(write(tmp_path / "a.csv", CSV)), id="id", text="text", label="label")
    assert pool.ids() == ["007", "008", "9"]
    assert pool.items(np.array([1])) == ["two\nlines"]
    assert pool.show(0) == {"text": "win, money", "age": 41}
    assert pool.given_labels() == ["spam", None, "ham"]


def test_csv_text_of_digits_stays_text(tmp_path):
    pool = open_pool(write(tmp_path / "a.csv", "t,x\n042,1\nNA,2\n"), text="t")
    assert pool.items(np.array([0, 1])) == ["042", "NA"]


def test_csv_types_fit_every_row(tmp_path):
    rows = "".join(f"{n},{n}\n" for n in range(300_000))
    path = write(tmp_path / "a.csv", "x,y\n" + rows + "1.5,a\n")
    pool = open_pool(path)
    assert pool.numeric == (True, False)
    assert pool.items(np.array([300_000])).tolist() == [[1.5, "a"]]


@pytest.mark.parametrize(
    "content", [b"\xef\xbb\xbfx;name\r\n1;a,b\r\n2;c\r\n", b'x,name\n1,"a,b"\n2,c\n']
)
def test_csv_of_a_spreadsheet(tmp_path, content):
    pool = open_pool(write(tmp_path / "a.CSV", content))
    assert pool.show(0) == {"x": 1, "name": "a,b"}


def test_csv_and_jsonl_hash_alike(tmp_path):
    rows = [{"x": 1, "c": "a"}, {"x": None, "c": "b"}]
    jsonl = write(tmp_path / "a.ndjson", "\n".join(map(json.dumps, rows)))
    table = write(tmp_path / "a.json", json.dumps(rows))
    sheet = write(tmp_path / "a.csv", "x,c\n1,a\n,b\n")
    digests = open_pool(rows).digests()
    assert all(open_pool(path).digests() == digests for path in (jsonl, table, sheet))


def test_json_of_texts(tmp_path):
    assert open_pool(write(tmp_path / "a.json", '["hi", "yo"]')).show(1) == "yo"


def test_npy_is_memory_mapped(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(6, dtype=np.float32).reshape(3, 2))
    found = open_pool(path).vectors()
    assert found.dtype == np.float32 and isinstance(found.base.base, np.memmap)


def test_npz_takes_x_and_named_arrays(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, X=np.eye(2), y=np.array([1, 0]), name=np.array(["a", "b"]))
    pool = open_pool(path, id="name", label="y")
    assert (pool.ids(), pool.given_labels()) == (["a", "b"], [1, 0])
    with pytest.raises(BadInput, match="label='z' names no array"):
        open_pool(path, label="z")
    np.savez(path, only=np.zeros((2, 4, 4)))
    assert open_pool(path).kind == "image"


BIG = 'a,b\n1,"x\ny"\n\n'


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("a.csv", BIG + "1,2,3\n", {}, r"a\.csv, line 5: expected 2 cells.*3 came: '1,2,3'"),
        ("a.csv", BIG + "1\n", {}, r"line 5: expected 2 cells"),
        ("a.csv", BIG + "1,z\n", {"id": "a"}, "'1' stands in line 2 and line 5"),
        ("a.csv", b"a,b\n1,x\n2,\xff\xfe\n", {}, "line 3 is not UTF-8"),
        ("a.csv", "", {}, "pool is empty"),
        ("a.csv", "a,b\n", {}, "pool is empty"),
        ("a.csv", "a,b\n1,inf\n", {}, "line 2, column 'b' holds infinity"),
        ("a.csv", "txt,b\nhi,1\n", {"text": "text"}, "did you mean 'txt'"),
        ("a.jsonl", '{"a": 1}\n\n{"a": \n', {}, r"a\.jsonl, line 3 is not JSON"),
        ("a.jsonl", '{"a": 1}\n\n[1]\n', {}, "line 3 is list"),
        ("a.jsonl", "\n\n", {}, "pool is empty"),
        ("a.jsonl", "1\n2\n", {}, "line 1 is int"),
        ("a.jsonl", '{"a": 1}\n\n{"a": 1}\n', {"id": "a"}, "line 1 and line 3"),
        ("a.json", '{"a": 1}', {}, "must hold a list of objects, but it holds dict"),
        ("a.json", '[{"a": 1}', {}, r"not JSON: .*line 1"),
        ("a.parquet", "hello", {}, "not a readable Parquet file"),
        ("a.npy", "hello", {}, "not a readable array"),
        ("a.npz", "hello", {}, "not a readable NPZ file"),
        ("a.xlsx", "hello", {}, "unknown file type; a pool opens"),
    ],
)
def test_bad_files_are_explained(tmp_path, name, content, options, said):
    path = write(tmp_path / name, content)
    with pytest.raises(BadInput, match=said):
        open_pool(path, **options)


def test_npy_and_npz_of_the_wrong_shape(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((1, 1, 1, 1, 1)))
    with pytest.raises(BadInput, match="2 to 4 dimensions"):
        open_pool(tmp_path / "a.npy")
    np.savez(tmp_path / "a.npz", a=np.eye(2), b=np.eye(2))
    with pytest.raises(BadInput, match="an array named 'X'"):
        open_pool(tmp_path / "a.npz")
