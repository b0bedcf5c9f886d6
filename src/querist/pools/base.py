"""What every pool shares: ids, the way back from ids to rows, content hashes, given labels."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput, UnknownTask
from querist.core.keys import Keys, hash_ids
from querist.core.protocols import Pool
from querist.core.types import Floats, Ints
from querist.pools.beside import Beside

Hashes = NDArray[np.uint64]  # (n, 2): the 16 bytes of BLAKE2b-128, one row an item
BLOCK = 1 << 14  # rows hashed or checked at a time: the temporary stays small


def row_name(row: int) -> str:
    """How an error names a row of data that has no line numbers."""
    return f"row {row}"


class BasePool(ABC):
    """Ids, hashes and given labels; a pool adds its data, `items` and `show`.

    Parameters
    ----------
    ids : list of str or None
        One per row, checked already; None takes ids from the content.
    labels : list or None
        Labels that came with the data, None where a row has none.

    Attributes
    ----------
    kind : str
        "text", "table", "array", "sparse" or "image".
    hashed : bool
        Whether the ids come from the content.
    """

    kind: str

    def __init__(self, ids: list[str] | None, labels: list[Any] | None) -> None:
        self.hashed = ids is None
        self._given_ids = ids
        self._labels = labels
        self._beside = Beside()

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def items(self, rows: Ints) -> Any:
        """The rows as a batch the model takes."""

    @abstractmethod
    def show(self, row: int) -> Any:
        """One row as an annotator sees it, plain JSON."""

    @abstractmethod
    def _hash(self) -> Hashes:
        """The content hash of every row, (n, 2)."""

    @cached_property
    def hashes(self) -> Hashes:
        """The content hash of every row as two 64-bit numbers, (n, 2)."""
        return self._hash()

    @cached_property
    def _all_ids(self) -> list[str]:
        return content_ids(self.hashes) if self._given_ids is None else self._given_ids

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self._all_ids)}

    @cached_property
    def keys(self) -> Keys:
        """64-bit key of every id, (n,): what decides draws and ties."""
        return hash_ids(self._all_ids)

    def ids(self, rows: Ints | None = None) -> list[str]:
        """Ids of the rows, of all rows when None."""
        which = as_index(rows, len(self))
        names = self._all_ids
        return names[which] if isinstance(which, slice) else [names[row] for row in which.tolist()]

    def rows(self, ids: Sequence[str]) -> Ints:
        """Rows of the ids.

        Raises
        ------
        UnknownTask
            Naming the first id that is not here.
        """
        row_of = self._row_of
        try:
            return np.array([row_of[name] for name in ids], dtype=np.int64)
        except KeyError as miss:
            raise UnknownTask(
                f"no item goes by the id {miss.args[0]!r} in this pool of {len(self)} items; "
                f"its ids look like {self._all_ids[0]!r}"
            ) from None

    def digests(self, rows: Ints | None = None) -> list[str]:
        """Content hash of each row, 32 hex digits: equal content, equal hash."""
        return to_hex(self.hashes[as_index(rows, len(self))])

    def vectors(self, rows: Ints | None = None, space: str = "default") -> Floats | None:
        """None: this pool holds no feature vectors of its own."""
        return None

    def given_labels(self) -> list[Any]:
        """Label of every row as it came with the data, None where there was none."""
        return [None] * len(self) if self._labels is None else list(self._labels)

    def costs(self) -> Floats | None:
        """Price of one label of every row, (n,), as it came with the data; None without any."""
        return self._beside.costs

    def groups(self) -> NDArray[np.str_] | None:
        """Group of every row, (n,), as it came with the data; None without any."""
        return self._beside.groups

    def with_beside(self, beside: Beside) -> Self:
        """Set prices and groups, checked already, and return the pool; for who builds one."""
        self._beside = beside
        return self


def as_index(rows: Ints | None, n: int) -> slice | Ints:
    """Rows as a slice when they are an ascending run (so that no copy is made), else as they are.

    Raises
    ------
    BadInput
        For a row outside ``0..n-1``.

    Examples
    --------
    >>> as_index(np.array([2, 3, 4]), 9)
    slice(2, 5, None)
    """
    if rows is None:
        return slice(0, n)
    which = np.asarray(rows)
    if not which.size:
        return np.empty(0, dtype=np.int64)
    if which.ndim != 1 or which.dtype.kind not in "iu":
        raise BadInput(
            f"rows must be a 1-D array of integers, but it is {which.dtype} of shape {which.shape}"
        )
    low, high = int(which.min()), int(which.max())
    if low < 0 or high >= n:
        wrong = low if low < 0 else high
        raise BadInput(f"row {wrong} is outside this pool; its rows are 0 to {n - 1}")
    if which[0] == low and high - low + 1 == len(which) and bool((np.diff(which) == 1).all()):
        return slice(low, high + 1)
    return which.astype(np.int64, copy=False)


def hash_all(contents: Iterable[bytes]) -> Hashes:
    """BLAKE2b-128 of each content as two 64-bit numbers, (n, 2).

    Examples
    --------
    >>> to_hex(hash_all([b"a", b"a"]))
    ['27c35e6e9373877f29e562464e46497e', '27c35e6e9373877f29e562464e46497e']
    """
    blake = hashlib.blake2b
    joined = b"".join([blake(content, digest_size=16).digest() for content in contents])
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def hash_matrix(n: int, block: Callable[[slice], NDArray[Any]], prefix: bytes = b"") -> Hashes:
    """Hash n rows of equal width; `block` gives a run of them in their canonical dtype."""

    def contents() -> Iterable[bytes]:
        for start in range(0, n, BLOCK):
            part = block(slice(start, min(n, start + BLOCK)))
            raw = part.tobytes()
            width = len(raw) // len(part)
            for at in range(0, len(raw), width):
                yield prefix + raw[at : at + width]

    return hash_all(contents())


def hashes_of(pool: Pool) -> Hashes:
    """Content hashes (n, 2) of any pool; those of a plug-in come from its digests."""
    if isinstance(pool, BasePool):
        return pool.hashes
    joined = bytes.fromhex("".join(pool.digests(np.arange(len(pool)))))
    return np.frombuffer(joined, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def to_hex(hashes: Hashes) -> list[str]:
    """The 32 hex digits of each hash."""
    text = hashes.astype(">u8").tobytes().hex()
    return [text[at : at + 32] for at in range(0, len(text), 32)]


def content_ids(hashes: Hashes) -> list[str]:
    """Ids from content: 16 hex digits; the second, third... copy gets ``-2``, ``-3``...

    Appending rows never changes the ids of earlier ones.

    Examples
    --------
    >>> content_ids(hash_all([b"a", b"b", b"a"]))
    ['27c35e6e9373877f', '96172b4c53372cd1', '27c35e6e9373877f-2']
    """
    text = np.ascontiguousarray(hashes[:, 0]).astype(">u8").tobytes().hex()
    names = [text[at : at + 16] for at in range(0, len(text), 16)]
    if len(set(names)) == len(names):
        return names
    seen: dict[str, int] = {}
    for row, name in enumerate(names):
        count = seen[name] = seen.get(name, 0) + 1
        if count > 1:
            names[row] = f"{name}-{count}"
    return names


def check_ids(values: Sequence[Any], n: int, where: Callable[[int], str] = row_name) -> list[str]:
    """The values as ids, after checking that there is one per row and none comes twice.

    Examples
    --------
    >>> check_ids(["a", "b", "a"], 3)
    Traceback (most recent call last):
    querist.core.errors.BadInput: ids must be unique, but 'a' stands in row 0 and row 2; drop \
the copies or name another id column
    """
    if isinstance(values, str):
        raise BadInput(
            f"id={values!r} names a column, but this data has no columns; "
            f"give a sequence of {n} ids, or None to take them from the content"
        )
    if len(values) != n:
        raise BadInput(f"expected one id per row ({n}), but {len(values)} came")
    names = [str(value) for value in values]
    for row, value in enumerate(values):
        if value is None or value != value or not names[row]:
            raise BadInput(
                f"every row needs an id, but {where(row)} has none; fill it in, or give id=None "
                "to take ids from the content"
            )
    if len(set(names)) < n:
        raise BadInput(_say_repeats(names, where))
    return names


def _say_repeats(names: list[str], where: Callable[[int], str]) -> str:
    first: dict[str, int] = {}
    repeats: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if first.setdefault(name, row) != row:
            repeats.setdefault(name, [first[name]]).append(row)
    said = "; ".join(
        f"{name!r} stands in {' and '.join(where(row) for row in rows[:3])}"
        for name, rows in list(repeats.items())[:3]
    )
    more = f" (and {len(repeats) - 3} more)" if len(repeats) > 3 else ""
    return f"ids must be unique, but {said}{more}; drop the copies or name another id column"


def check_labels(values: Any, n: int) -> list[Any]:
    """Given labels as a list of plain values; blank, NaN and null become None.

    Examples
    --------
    >>> check_labels(["spam", "", float("nan")], 3)
    ['spam', None, None]
    """
    if isinstance(values, str):
        raise BadInput(
            f"label={values!r} names a column, but this data has no columns; "
            f"give a sequence of {n} labels, or None"
        )
    labels = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if len(labels) != n:
        raise BadInput(f"expected one label per row ({n}), but {len(labels)} came")
    return [None if _blank(label) else label for label in labels]


def _blank(label: Any) -> bool:
    if isinstance(label, str):
        return not label.strip()
    return label is None or (isinstance(label, float) and label != label)


@dataclass(frozen=True)
class Duplicates:
    """Rows of a pool that hold the same content.

    Attributes
    ----------
    groups : int
        Contents that occur more than once.
    rows : int
        Rows beyond the first of each group: labelling them teaches nothing new.
    examples : tuple of tuple of str
        Ids of the largest groups, at most three ids of at most three groups.
    """

    groups: int
    rows: int
    examples: tuple[tuple[str, ...], ...] = ()

    def __str__(self) -> str:
        if not self.groups:
            return "no two rows are equal"
        said = "; ".join(", ".join(group) for group in self.examples)
        return f"{self.rows} rows repeat {self.groups} others, for example {said}"


def duplicates(pool: Pool) -> Duplicates:
    """Find the rows of a pool that hold exactly the same content.

    Examples
    --------
    >>> from querist.pools import open_pool
    >>> print(duplicates(open_pool(["hi", "yo", "hi"], id=["a", "b", "c"])))
    1 rows repeat 1 others, for example a, c
    """
    hashes = hashes_of(pool)
    order = np.lexsort((np.arange(len(hashes)), hashes[:, 1], hashes[:, 0]))
    ordered = hashes[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(order)))
    repeated = np.flatnonzero(sizes > 1)
    largest = repeated[np.argsort(-sizes[repeated], kind="stable")[:3]]
    examples = tuple(
        tuple(pool.ids(order[starts[g] : starts[g] + min(3, int(sizes[g]))])) for g in largest
    )
    return Duplicates(len(repeated), int((sizes[repeated] - 1).sum()), examples)
