"""Files: CSV, TSV, JSON, JSONL, Parquet, NPY, NPZ. What is broken is named by its line."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.pools.frames import records_pool
from querist.pools.images import open_image_array
from querist.pools.memory import open_array, open_texts
from querist.pools.options import Options
from querist.pools.tables import open_table

_ONE_BLOCK = 1 << 30  # files below this are read as one block, so that types fit every row


def open_file(data: Any, options: Options) -> Pool | None:
    """A pool for the path of a file of a known type; None for anything else."""
    if not isinstance(data, (str, Path)) or not os.path.isfile(data):
        return None
    path = Path(data)
    opener = {
        ".csv": _open_csv,
        ".tsv": _open_csv,
        ".jsonl": _open_jsonl,
        ".ndjson": _open_jsonl,
        ".json": _open_json,
        ".parquet": _open_parquet,
        ".npy": _open_npy,
        ".npz": _open_npz,
    }.get(path.suffix.lower())
    if opener is None:
        return None
    if not path.stat().st_size:
        raise BadInput(f"the pool is empty: {path} has no content")
    return opener(path, options)


def _open_csv(path: Path, options: Options) -> Pool:
    delimiter = _delimiter(path)
    asked = [name for name in (options.id, options.text) if isinstance(name, str)]
    size = path.stat().st_size
    try:
        table = pacsv.read_csv(
            path,
            read_options=pacsv.ReadOptions(block_size=min(size + 1, _ONE_BLOCK)),
            parse_options=pacsv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            # An id like 007 or a text like 42 must not become a number.
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(asked, pa.string())),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise BadInput(_say_broken_csv(path, delimiter, error)) from error
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        raise BadInput(_say_not_utf8(path))
    return open_table(table, options, where=lambda row: f"line {_csv_line(path, delimiter, row)}")


def _delimiter(path: Path) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    with path.open("rb") as file:
        header = file.readline()
    return ";" if b"," not in header and b";" in header else ","


def _csv_rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first line number (from 1) and cells of each record; blank lines left out."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 1
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1


def _csv_line(path: Path, delimiter: str, row: int) -> int:
    records = _csv_rows(path, delimiter)
    return next(line for at, (line, _) in enumerate(records) if at == row + 1)


def _say_broken_csv(path: Path, delimiter: str, error: Exception) -> str:
    try:
        width = 0
        for line, cells in _csv_rows(path, delimiter):
            width = width or len(cells)
            if len(cells) != width:
                return (
                    f"{path}, line {line}: expected {width} cells as in the header, but "
                    f"{len(cells)} came: {delimiter.join(cells)[:80]!r}; quote cells that hold "
                    "the delimiter"
                )
    except csv.Error as why:
        return f"{path} is not a readable CSV file: {why}"
    return f"{path} is not a readable CSV file: {error}"


def _say_not_utf8(path: Path) -> str:
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            try:
                raw.decode("utf-8")
            except UnicodeDecodeError:
                return f"{path}, line {line} is not UTF-8: {raw[:60]!r}; save the file as UTF-8"
    return f"{path} is not UTF-8; save it as UTF-8"


def _open_jsonl(path: Path, options: Options) -> Pool:
    values: list[Any] = []
    lines: list[int] = []
    with path.open("rb") as file:
        for line, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                values.append(json.loads(raw))
            except (ValueError, RecursionError) as error:
                raise BadInput(
                    f"{path}, line {line} is not JSON ({error}): {raw[:80]!r}; "
                    "every line must hold one object"
                ) from error
            lines.append(line)
    return _values_pool(path, values, options, lines)


def _open_json(path: Path, options: Options) -> Pool:
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}; for one object a line use .jsonl") from error
    if not isinstance(values, list):
        raise BadInput(f"{path} must hold a list of objects, but it holds {type(values).__name__}")
    return _values_pool(path, values, options, None)


def _values_pool(path: Path, values: list[Any], options: Options, lines: list[int] | None) -> Pool:
    if not values:
        raise BadInput(f"the pool is empty: {path} holds no rows")
    texts = open_texts(values, options)
    if texts is not None:
        return texts
    return records_pool(
        values, options, where=lambda row: f"line {lines[row]}" if lines else f"row {row}"
    )


def _open_parquet(path: Path, options: Options) -> Pool:
    try:
        table = pq.read_table(path, memory_map=True)
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path} is not a readable Parquet file: {error}") from error
    return open_table(table, options)


def _open_npy(path: Path, options: Options) -> Pool:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise BadInput(f"{path} is not a readable array of numbers: {error}") from error
    return _array_pool(path, array, options)


def _open_npz(path: Path, options: Options) -> Pool:
    """The array "X" (or the only one); `id` and `label` may name other arrays of the file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = list(file.files)
            items = "X" if "X" in names else names[0] if len(names) == 1 else None
            if items is None:
                raise BadInput(f"{path} must hold an array named 'X', but it holds {names}")
            given: dict[str, Any] = {}
            for option, name in (("id", options.id), ("label", options.label)):
                if isinstance(name, str):
                    if name not in names:
                        raise BadInput(f"{option}={name!r} names no array; {path} holds {names}")
                    given[option] = file[name]
            array = file[items]
    except (ValueError, OSError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path} is not a readable NPZ file: {error}") from error
    return _array_pool(path, array, replace(options, **given))


def _array_pool(path: Path, array: Any, options: Options) -> Pool:
    pool = open_array(array, options) or open_image_array(array, options)
    if pool is None:
        raise BadInput(f"{path} must hold 2 to 4 dimensions, but its shape is {array.shape}")
    return pool
