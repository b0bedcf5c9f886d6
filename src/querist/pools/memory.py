"""Pools over what is in memory already: texts and feature matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Floats, Ints
from querist.pools.base import (
    BLOCK,
    BasePool,
    Hashes,
    as_index,
    check_ids,
    check_labels,
    hash_all,
    hash_matrix,
)
from querist.pools.options import Options


class TextPool(BasePool):
    """Texts in a list.

    Examples
    --------
    >>> pool = TextPool(["win money", "see you at six"], ids=["a", "b"])
    >>> pool.items(pool.rows(["b"])), pool.show(0)
    (['see you at six'], 'win money')
    """

    kind = "text"

    def __init__(
        self,
        texts: Sequence[str],
        *,
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        self._texts = list(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def items(self, rows: Ints) -> list[str]:
        """The texts of the rows."""
        which = as_index(rows, len(self))
        if isinstance(which, slice):
            return self._texts[which]
        return [self._texts[row] for row in which.tolist()]

    def show(self, row: int) -> str:
        """The text."""
        return self.items(np.array([row]))[0]

    def _hash(self) -> Hashes:
        return hash_all(encode(text) for text in self._texts)


class ArrayPool(BasePool):
    """A feature matrix (n, d), in memory or memory-mapped, never copied when it is float.

    Parameters
    ----------
    matrix : array (n, d)
        Finite numbers; integers and booleans become float64.
    names : tuple of str
        The d feature names, or empty.

    Examples
    --------
    >>> pool = ArrayPool(np.array([[1.0, 2.0], [3.0, 4.0]]), names=("age", "dose"))
    >>> pool.show(1), pool.vectors().shape
    ({'age': 3.0, 'dose': 4.0}, (2, 2))
    """

    kind = "array"

    def __init__(
        self,
        matrix: NDArray[Any],
        *,
        names: tuple[str, ...] = (),
        ids: list[str] | None = None,
        labels: list[Any] | None = None,
    ) -> None:
        super().__init__(ids, labels)
        wide = matrix if matrix.dtype in (np.float32, np.float64) else matrix.astype(np.float64)
        if names and len(names) != wide.shape[1]:
            raise BadInput(
                f"expected one feature name per column ({wide.shape[1]}), but {len(names)} came"
            )
        check_finite(wide, names)
        self._matrix: Floats = np.asarray(wide).view()
        self._matrix.flags.writeable = False
        self.columns = names

    def __len__(self) -> int:
        return len(self._matrix)

    def items(self, rows: Ints) -> Floats:
        """The rows (len(rows), d); an ascending run is a read-only view."""
        return self._matrix[as_index(rows, len(self))]

    def vectors(self, rows: Ints | None = None, space: str = "default") -> Floats:
        """The rows of the matrix; an ascending run, or all, is a read-only view."""
        return self._matrix[as_index(rows, len(self))]

    def show(self, row: int) -> dict[str, float] | list[float]:
        """Feature name -> number, or the bare numbers when there are no names."""
        values: list[float] = self.items(np.array([row]))[0].tolist()
        return dict(zip(self.columns, values, strict=True)) if self.columns else values

    def _hash(self) -> Hashes:
        # Adding zero turns -0.0 into 0.0: equal numbers, equal bytes.
        return hash_matrix(len(self), lambda run: self._matrix[run].astype("<f8") + 0.0)


def encode(text: str) -> bytes:
    """The bytes of a text; lone surrogates (broken emoji) count as they are."""
    return text.encode("utf-8", "surrogatepass")


def check_finite(matrix: NDArray[Any], names: Sequence[str] = ()) -> None:
    """Raise BadInput naming row and column of the first NaN or infinity.

    Examples
    --------
    >>> check_finite(np.array([[1.0, np.nan]]), ("age", "dose"))
    Traceback (most recent call last):
    querist.core.errors.BadInput: row 0, column 'dose' holds nan, but every number must be \
finite; impute it, or give a DataFrame or file and a pipeline that imputes
    """
    if matrix.dtype.kind != "f":
        return
    flat = matrix.reshape(len(matrix), -1)
    for start in range(0, len(flat), BLOCK):
        good = np.isfinite(flat[start : start + BLOCK])
        if not good.all():
            row, column = (int(at) for at in np.argwhere(~good)[0])
            name = repr(names[column]) if names else str(column)
            raise BadInput(
                f"row {start + row}, column {name} holds {float(flat[start + row, column])}, but "
                "every number must be finite; impute it, or give a DataFrame or file and a "
                "pipeline that imputes"
            )


def open_texts(data: Any, options: Options) -> TextPool | None:
    """A pool for a list of texts; None for anything else."""
    if isinstance(data, np.ndarray):
        if data.ndim != 1 or data.dtype.kind not in "UO":
            return None
        data = data.tolist()
    if not isinstance(data, (list, tuple)) or options.images:
        return None
    if not data or not isinstance(data[0], str):
        return None
    for row, text in enumerate(data):
        if not isinstance(text, str):
            raise BadInput(
                f"expected texts only, but row {row} is {type(text).__name__}; "
                "turn it into a str or drop the row"
            )
    options.refuse("text", "features", because="a list of texts has no columns")
    ids, labels = ids_and_labels(len(data), options)
    return TextPool(data, ids=ids, labels=labels)


def open_array(data: Any, options: Options) -> ArrayPool | None:
    """A pool for a 2-D array or equal lists of numbers; None for anything else."""
    if isinstance(data, (list, tuple)) and data and isinstance(data[0], (list, tuple, np.ndarray)):
        data = _stack(data)
    elif isinstance(data, (list, tuple)) and data and isinstance(data[0], (int, float, np.number)):
        data = np.asarray(data)
    if not isinstance(data, np.ndarray) or data.ndim > 2:
        return None
    if data.ndim < 2:
        raise BadInput(
            f"expected a 2-D array (items, features), but it has shape {data.shape}; "
            "give data.reshape(-1, 1) if each item is one number"
        )
    if data.dtype.kind not in "biuf":
        raise BadInput(
            f"expected a numeric array, but its dtype is {data.dtype}; give a DataFrame or a "
            "list of dicts for mixed columns"
        )
    options.refuse("text", because="an array has no columns of text")
    if not data.size:
        raise BadInput(f"the pool is empty: the array has shape {data.shape}; give some rows")
    ids, labels = ids_and_labels(len(data), options)
    return ArrayPool(data, names=options.feature_names(), ids=ids, labels=labels)


def _stack(data: Sequence[Any]) -> NDArray[Any]:
    lengths = [np.shape(row) if isinstance(row, np.ndarray) else len(row) for row in data]
    for row, length in enumerate(lengths):
        if length != lengths[0]:
            raise BadInput(
                f"rows must have equal length, but row 0 has {lengths[0]} and row {row} has "
                f"{length}; fill the gaps or drop the row"
            )
    try:
        return np.asarray(data)
    except ValueError:
        raise BadInput(
            "expected rows of numbers of equal length, but the rows nest unequal lists; "
            "give a 2-D array"
        ) from None


def ids_and_labels(n: int, options: Options) -> tuple[list[str] | None, list[Any] | None]:
    """Ids and labels that were given as sequences, checked."""
    ids = None if options.id is None else check_ids(options.id, n)
    labels = None if options.label is None else check_labels(options.label, n)
    return ids, labels
