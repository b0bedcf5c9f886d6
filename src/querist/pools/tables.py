"""Pools over columns: everything tabular becomes an Arrow table and stays one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.core.types import Ints
from querist.pools.base import (
    BLOCK,
    BasePool,
    Hashes,
    as_index,
    check_ids,
    check_labels,
    hash_all,
    hash_matrix,
    row_name,
)
from querist.pools.beside import Beside
from querist.pools.memory import ArrayPool, encode
from querist.pools.options import Options

Where = Callable[[int], str]
_SAMPLE = 1000  # rows looked at to tell a column of text from one of categories


class ColumnTextPool(BasePool):
    """A column of texts; the other columns are context for the annotator.

    Examples
    --------
    >>> pool = ColumnTextPool(pa.table({"body": ["hi"], "sender": ["Ann"]}), "body")
    >>> pool.items(np.array([0])), pool.show(0)
    (['hi'], {'text': 'hi', 'sender': 'Ann'})
    """

    kind = "text"

    def __init__(
        self,
        table: pa.Table,
        text: str,
        *,
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        texts = table[text].cast(pa.large_string())
        # fill_null makes pyarrow import pandas, which would cost every `ask` 0.3 s
        self._texts = pc.fill_null(texts, "") if texts.null_count else texts
        self._context = table.drop_columns([text])

    def __len__(self) -> int:
        return len(self._texts)

    def items(self, rows: Ints) -> list[str]:
        """The texts of the rows; a missing text is empty."""
        texts: list[str] = take(self._texts, as_index(rows, len(self))).to_pylist()
        return texts

    def show(self, row: int) -> str | dict[str, Any]:
        """The text, or a dict of "text" and the context columns when there are any."""
        text = self.items(np.array([row]))[0]
        if not self._context.num_columns:
            return text
        context = show_row(self._context, row)
        return {"text": text} | {name: context[name] for name in context if name != "text"}

    def _hash(self) -> Hashes:
        return hash_all(
            encode(text)
            for start in range(0, len(self), BLOCK)
            for text in self._texts.slice(start, BLOCK).to_pylist()
        )


class TablePool(BasePool):
    """Mixed columns: numbers and categories, missing values allowed.

    Attributes
    ----------
    columns : tuple of str
        The d columns of an item.
    numeric : tuple of bool
        Which of them hold numbers.
    untyped : frozenset of str
        Columns without a single value: they may yet turn out to be either.

    Examples
    --------
    >>> pool = TablePool(pa.table({"age": [41, None], "sex": ["F", ""]}))
    >>> pool.items(np.array([0, 1]))
    array([[41.0, 'F'],
           [nan, None]], dtype=object)
    >>> pool.show(1)
    {'age': None, 'sex': ''}
    """

    kind = "table"

    def __init__(
        self,
        table: pa.Table,
        *,
        frame: Any = None,
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        self._table = table
        self._frame = frame  # pandas or polars, its columns those of the table
        self.columns: tuple[str, ...] = tuple(table.column_names)
        self.numeric = tuple(is_numeric(field.type) for field in table.schema)
        self.untyped = frozenset(
            field.name for field in table.schema if pa.types.is_null(field.type)
        )

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def items(self, rows: Ints) -> Any:
        """A slice of the user's frame, or an object array (len(rows), d).

        In the array numbers are floats with NaN for missing, categories str with None.
        """
        which = as_index(rows, len(self))
        if self._frame is not None:
            return self._frame.iloc[which] if hasattr(self._frame, "iloc") else self._frame[which]
        part = take(self._table, which)
        out = np.empty((part.num_rows, len(self.columns)), dtype=object)
        for at, column in enumerate(part.columns):
            if self.columns[at] in self.untyped:
                continue  # np.empty filled it with None already
            values = numbers(column) if self.numeric[at] else categories(column).to_pylist()
            out[:, at] = values
        return out

    def show(self, row: int) -> dict[str, Any]:
        """Column name -> value as it came."""
        return show_row(self._table, row)

    def _hash(self) -> Hashes:
        return hash_matrix(len(self), self._canonical)

    def _canonical(self, run: slice) -> NDArray[np.uint64]:
        """Numbers as their float64 bits, categories as their hash: one width for all rows."""
        cells = []
        for column, numeric in zip(take(self._table, run).columns, self.numeric, strict=True):
            if numeric:
                values = numbers(column) + 0.0  # -0.0 becomes 0.0
                values[np.isnan(values)] = np.nan
                cells.append(values.astype("<f8").view("<u8")[:, None])
                continue
            coded = categories(column).combine_chunks().dictionary_encode()
            distinct = hash_all(map(encode, coded.dictionary.to_pylist()))
            of_code = np.vstack([distinct, np.zeros((1, 2), dtype=np.uint64)])  # last: missing
            codes = pc.fill_null(coded.indices, len(distinct)).to_numpy(zero_copy_only=False)
            cells.append(of_code[codes].astype("<u8"))
        return np.hstack(cells)


def take(data: Any, which: slice | Ints) -> Any:
    """Rows of an Arrow table or column; a run is not copied."""
    if isinstance(which, slice):
        return data.slice(which.start, which.stop - which.start)
    return data.take(pa.array(which))


def show_row(table: pa.Table, row: int) -> dict[str, Any]:
    """One row as plain JSON values."""
    which = as_index(np.array([row]), table.num_rows)
    record = take(table, which).to_pylist()[0]
    return {name: plain(value) for name, value in record.items()}


def plain(value: Any) -> Any:
    """The value as JSON can hold it: NaN is null, dates ISO texts, bytes their length.

    Examples
    --------
    >>> plain([date(2024, 2, 29), float("nan"), b"abc"])
    ['2024-02-29', None, '<3 bytes>']
    """
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, timedelta) else value


def is_numeric(kind: pa.DataType) -> bool:
    """Whether a column of this type is one of numbers; one without any value counts as such."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal)
    return any(test(kind) for test in (*tests, pa.types.is_null))


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A numeric column as float64 (n,), NaN where missing."""
    return np.array(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def categories(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of categories as strings, null where missing or blank."""
    strings = column.cast(pa.large_string())
    return pc.if_else(pc.equal(strings, ""), None, strings)


def open_table(
    table: pa.Table, options: Options, *, frame: Any = None, where: Where = row_name
) -> Pool:
    """The pool of a table: texts, numbers or mixed columns, as the options or its columns say.

    `frame` is the user's pandas or polars frame, handed on to models; `where` names a row.
    """
    names = list(table.column_names)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"columns must have different names, but {repeated} came more than once")
    if not table.num_rows:
        raise BadInput(f"the pool is empty: the table has columns {names} but no rows")
    n = table.num_rows
    ids = labels = None
    aside = []
    if isinstance(options.id, str):
        aside.append(find_column(names, options.id, "id"))
        ids = check_ids(_as_text(table[options.id], options.id), n, where)
    elif options.id is not None:
        ids = check_ids(options.id, n, where)
    if isinstance(options.label, str):
        aside.append(find_column(names, options.label, "label"))
        labels = check_labels(table[options.label].to_pylist(), n)
    elif options.label is not None:
        labels = check_labels(options.label, n)
    given: dict[str, Any] = {"costs": options.costs, "groups": options.groups}
    for option, column in given.items():
        if isinstance(column, str):
            aside.append(find_column(names, column, option))
            given[option] = table[column].to_pylist()
    beside = Beside.checked(**given, n=n)
    rest = [name for name in names if name not in aside]
    if options.text is not None and options.features is not None:
        raise BadInput("give text= for a pool of texts or features= for a table, not both")
    text = options.text
    if text is None and options.features is None:
        text = guess_text(table.select(rest))
    if text is not None:
        check_text_column(table, text)
        kept = table.select([text, *(name for name in rest if name != text)])
        return ColumnTextPool(kept, text, ids=ids, labels=labels).with_beside(beside)
    chosen = [find_column(names, name, "features") for name in options.feature_names()] or rest
    if isinstance(options.label, str) and options.label in chosen:
        raise BadInput(f"the label column {options.label!r} cannot be a feature too; drop it there")
    if not chosen:
        raise BadInput(f"no column is left for the items: the table has only {names}")
    if frame is not None:
        places = [names.index(name) for name in chosen]
        frame = frame.iloc[:, places] if hasattr(frame, "iloc") else frame[:, places]
    part = table.select(chosen)
    if _check_columns(part, where) and not options.mixed:
        matrix = np.column_stack([numbers(column) for column in part.columns])
        numeric = ArrayPool(matrix, names=tuple(chosen), ids=ids, labels=labels)
        return numeric.with_beside(beside)
    return TablePool(part, frame=frame, ids=ids, labels=labels).with_beside(beside)


def _check_columns(table: pa.Table, where: Where) -> bool:
    """Refuse what no model can take; return whether all is numbers without gaps."""
    whole = True
    for name, column in zip(table.column_names, table.columns, strict=True):
        kind = column.type
        if not is_numeric(kind):
            if not is_text(kind) and not pa.types.is_temporal(kind):
                raise BadInput(
                    f"column {name!r} holds {kind}, which is neither numbers nor categories; "
                    "leave it out of features="
                )
            whole = False
            continue
        values = numbers(column)
        infinite = np.isinf(values)
        if infinite.any():
            raise BadInput(
                f"{where(int(np.argmax(infinite)))}, column {name!r} holds infinity, but every "
                "number must be finite; write a number, or leave the cell empty for missing"
            )
        whole = whole and not np.isnan(values).any()
    return whole


def find_column(names: Sequence[str], wanted: str, option: str) -> str:
    """The column's name, or BadInput listing the columns there are.

    Examples
    --------
    >>> find_column(["text", "label"], "txt", "text")
    Traceback (most recent call last):
    querist.core.errors.BadInput: text='txt' names no column; did you mean 'text'? The columns \
are: text, label
    """
    if wanted in names:
        return wanted
    near = get_close_matches(wanted, names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise BadInput(f"{option}={wanted!r} names no column{hint} The columns are: {', '.join(names)}")


def check_text_column(table: pa.Table, text: str) -> None:
    """Raise BadInput unless the column is there and holds texts."""
    find_column(table.column_names, text, "text")
    kind = table[text].type
    if is_text(kind):
        return
    others = [field.name for field in table.schema if is_text(field.type)]
    advice = f"name one of {', '.join(others)}" if others else "this table has no column of texts"
    raise BadInput(f"text={text!r} must name a column of texts, but it holds {kind}; {advice}")


def guess_text(table: pa.Table) -> str | None:
    """The column of texts when it is beyond doubt: named "text", alone, or the only long one."""
    strings: list[str] = [field.name for field in table.schema if is_text(field.type)]
    if "text" in strings:
        return "text"
    if len(strings) == table.num_columns == 1:
        return strings[0]
    long = [name for name in strings if _is_long(table[name].slice(0, _SAMPLE).to_pylist())]
    return long[0] if len(long) == 1 else None


def _is_long(values: Iterable[str | None]) -> bool:
    """Sentences rather than categories: twenty characters, a space, mostly different."""
    texts = [value for value in values if value]
    if not texts:
        return False
    wordy = sum(" " in text.strip() for text in texts) > len(texts) / 2
    different = len(set(texts)) > len(texts) / 2
    return wordy and different and sum(map(len, texts)) / len(texts) >= 20


def _as_text(column: pa.ChunkedArray, name: str) -> list[Any]:
    try:
        values: list[Any] = column.cast(pa.large_string()).to_pylist()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise BadInput(
            f"id={name!r} must name a column of texts or numbers, but it holds {column.type}"
        ) from None
    return values
