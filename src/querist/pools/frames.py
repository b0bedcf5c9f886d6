"""Frames, Arrow tables, datasets and lists of dicts, each turned into an Arrow table.

Libraries are known by the names of their modules: none is imported unless the data is its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.pools.base import row_name
from querist.pools.memory import open_texts
from querist.pools.options import Options
from querist.pools.tables import Where, open_table

_BATCH = 10_000  # rows taken from a dataset at a time


def open_frame(data: Any, options: Options) -> Pool | None:
    """A pool for a pandas or polars frame or series, or an Arrow table; None for anything else.

    Examples
    --------
    >>> open_frame(pa.table({"text": ["hi", "yo"]}), Options()).kind
    'text'
    """
    library = type(data).__module__.partition(".")[0]
    kind = type(data).__name__
    if library == "pyarrow" and kind in ("Table", "RecordBatch"):
        return open_table(pa.table(data), options)
    if library not in ("pandas", "polars"):
        return None
    if kind == "Series":
        return open_texts(list(data), options)
    if kind == "LazyFrame":
        raise BadInput("a polars LazyFrame has no rows yet; give data.collect()")
    if kind != "DataFrame":
        return None
    if library == "polars":
        return open_table(data.to_arrow(), options, frame=data)
    names = [str(name) for name in data.columns]
    columns = [to_column(data.iloc[:, at]) for at in range(len(names))]
    if not columns:
        raise BadInput("the pool is empty: the DataFrame has no columns")
    return open_table(pa.table(columns, names=names), options, frame=data)


def open_columns(data: Any, options: Options) -> Pool | None:
    """A pool for a dict of columns, or of ids to texts or dicts; None for anything else.

    Examples
    --------
    >>> open_columns({"age": [4, 5], "sex": ["F", None]}, Options()).show(1)
    {'age': 5, 'sex': None}
    >>> open_columns({"m1": "win cash", "m2": "see you"}, Options()).ids([1])
    ['m2']
    """
    if not isinstance(data, dict) or hasattr(data, "column_names"):
        return None
    values = list(data.values())
    if all(isinstance(value, (str, Mapping)) for value in values):
        named = options if options.id is not None else replace(options, id=list(data))
        return open_texts(values, named) or open_records(values, named)
    lengths = {str(name): len(value) for name, value in data.items() if hasattr(value, "__len__")}
    if len(lengths) < len(data) or len(set(lengths.values())) > 1:
        raise BadInput(
            "a dict holds columns of one length, or texts by their ids, but the lengths are "
            f"{lengths}"
        )
    columns = [to_column(value) for value in values]
    return open_table(pa.table(columns, names=list(lengths)), options)


def open_records(data: Any, options: Options) -> Pool | None:
    """A pool for a list of dicts; None for anything else.

    Examples
    --------
    >>> open_records([{"age": 4, "sex": "F"}, {"age": 5}], Options()).show(1)
    {'age': 5, 'sex': None}
    """
    if not isinstance(data, (list, tuple)) or not data or not isinstance(data[0], Mapping):
        return None
    return records_pool(data, options)


def records_pool(
    records: Sequence[Mapping[str, Any]], options: Options, where: Where = row_name
) -> Pool:
    """The pool of some dicts; a key that a dict lacks is a missing value."""
    names: dict[str, None] = {}
    for row, record in enumerate(records):
        if not isinstance(record, Mapping):
            raise BadInput(
                f"expected a dict in every row, but {where(row)} is {type(record).__name__}"
            )
        names.update(dict.fromkeys(map(str, record)))
    if not names:
        raise BadInput("the pool is empty: the rows have no columns")
    to_column(list(names))  # a name may be as broken as a text
    columns = [to_column([record.get(name) for record in records]) for name in names]
    return open_table(pa.table(columns, names=list(names)), options, where=where)


def open_dataset(data: Any, options: Options) -> Pool | None:
    """A pool for a Hugging Face `Dataset` (or what behaves as one); None for anything else."""
    if not all(hasattr(data, name) for name in ("column_names", "__len__", "__getitem__")):
        return None
    if isinstance(data, Mapping):
        raise BadInput(
            f"expected one split, but a dict of splits came: {', '.join(map(str, data))}; "
            "give one of them, such as data['train']"
        )
    names = [str(name) for name in data.column_names]
    values: dict[str, list[Any]] = {name: [] for name in names}
    for start in range(0, len(data), _BATCH):
        batch = data[start : start + _BATCH]
        for name in names:
            values[name].extend(batch[name])
    label = options.label
    classes = (
        getattr((getattr(data, "features", None) or {}).get(label), "names", None)
        if isinstance(label, str)
        else None
    )
    if isinstance(label, str) and classes:  # class numbers; -1 marks an unlabelled row
        values[label] = [classes[c] if c is not None and c >= 0 else None for c in values[label]]
    columns = [to_column(values[name]) for name in names]
    return open_table(pa.table(columns, names=names), options)


def to_column(values: Any) -> pa.Array:
    """Values as one Arrow column; those that agree on no type become texts.

    Examples
    --------
    >>> to_column([1, "a", None]).to_pylist()
    ['1', 'a', None]
    """
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array(_texts(values), type=pa.large_string())
    except UnicodeEncodeError as error:
        raise BadInput(
            f"a text holds half of a character ({error.object[error.start : error.end]!a}), which "
            "no file can hold; repair the text"
        ) from error


def _texts(values: Iterable[Any]) -> list[str | None]:
    return [None if value is None or value != value else str(value) for value in values]
