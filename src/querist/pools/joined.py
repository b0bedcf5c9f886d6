"""Several pools as one: how data arrives while a campaign runs."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate, chain
from operator import add
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.protocols import Pool
from querist.core.types import Floats, Ints
from querist.pools.base import BasePool, Hashes, as_index, content_ids, hashes_of
from querist.pools.beside import Beside
from querist.pools.opening import open_pool


class Joined(BasePool):
    """Pools of one kind, one after the other; earlier rows and ids never change.

    Parameters
    ----------
    parts : sequence of Pool
        Their ids must differ, but ids taken from content go on counting: ``-2``, ``-3``...

    Raises
    ------
    BadInput
        When the parts differ in kind, in columns or in container, or share ids.

    Examples
    --------
    >>> pool = Joined([open_pool(["a", "b"]), open_pool(["b"])])
    >>> pool.items(np.array([2, 0])), pool.ids()[2] == pool.ids()[1] + "-2"
    (['b', 'a'], True)
    """

    def __init__(self, parts: Sequence[Pool]) -> None:
        self.parts: tuple[Pool, ...] = tuple(
            chain.from_iterable(
                part.parts if isinstance(part, Joined) else (part,) for part in parts
            )
        )
        if not self.parts:
            raise BadInput("expected at least one pool to join, but none came")
        first = self.parts[0]
        self.kind = first.kind
        for number, part in enumerate(self.parts[1:], start=1):
            _check_fit(first, part, number)
        if hasattr(first, "columns"):
            self.columns: tuple[str, ...] = first.columns
        if hasattr(first, "numeric"):
            self.numeric, self.untyped = _join_types(self.parts)
        self._starts = np.array([0, *accumulate(len(part) for part in self.parts)])
        super().__init__(_join_ids(self.parts), None)
        self.with_beside(_join_beside(self.parts))

    def __len__(self) -> int:
        return int(self._starts[-1])

    def items(self, rows: Ints) -> Any:
        """The rows in the order given, in the container of the parts."""
        return self._gather(rows, lambda part, local: part.items(local))

    def vectors(self, rows: Ints | None = None, space: str = "default") -> Floats | None:
        """The feature vectors of the rows, a view when they are a run within one part."""
        found: Floats | None = self._gather(rows, lambda part, local: part.vectors(local, space))
        return found

    def show(self, row: int) -> Any:
        """One row as its part shows it."""
        as_index(np.array([row]), len(self))
        part = int(np.searchsorted(self._starts, row, side="right")) - 1
        return self.parts[part].show(row - int(self._starts[part]))

    def given_labels(self) -> list[Any]:
        """Label of every row as it came, None where there was none."""
        return [
            label
            for part in self.parts
            for label in (
                part.given_labels() if hasattr(part, "given_labels") else [None] * len(part)
            )
        ]

    def _hash(self) -> Hashes:
        return np.vstack([hashes_of(part) for part in self.parts])

    def _gather(self, rows: Ints | None, get: Callable[[Pool, Ints], Any]) -> Any:
        which = as_index(rows, len(self))
        wanted = np.arange(which.start, which.stop) if isinstance(which, slice) else which
        owner = np.searchsorted(self._starts, wanted, side="right") - 1
        order = np.argsort(owner, kind="stable")
        bounds = np.searchsorted(owner[order], np.arange(len(self.parts) + 1))
        pieces = [
            get(part, wanted[order[start:stop]] - self._starts[at])
            for at, (part, start, stop) in enumerate(
                zip(self.parts, bounds[:-1], bounds[1:], strict=True)
            )
            if stop > start
        ]
        if not pieces:
            return get(self.parts[0], wanted)
        if pieces[0] is None:
            return None
        whole = stack(pieces)
        if (np.diff(owner) >= 0).all():
            return whole
        return reorder(whole, np.argsort(order))


def extend(pool: Pool, data: Any, **options: Any) -> Joined:
    """The pool with new data behind its rows; the pool itself stays as it was.

    `options` are those of `open_pool`, usually the ones the pool was opened with.

    Examples
    --------
    >>> len(extend(open_pool(["a", "b"]), ["c"]))
    3
    """
    # A table with gaps stays one when the new rows happen to have none.
    return Joined([pool, open_pool(data, **{"mixed": pool.kind == "table"} | options)])


def stack(pieces: Sequence[Any]) -> Any:
    """Batches of one container as one batch.

    Examples
    --------
    >>> stack([["a"], ["b", "c"]])
    ['a', 'b', 'c']
    """
    first = pieces[0]
    if len(pieces) == 1:
        return first
    if isinstance(first, list):
        return list(chain.from_iterable(pieces))
    if isinstance(first, np.ndarray):
        return np.concatenate(pieces)
    library = type(first).__module__.partition(".")[0]
    if library == "scipy":
        return importlib.import_module("scipy.sparse").vstack(pieces, format="csr")
    if library in ("pandas", "polars"):
        return importlib.import_module(library).concat(list(pieces))
    return reduce(add, pieces)


def reorder(batch: Any, order: Ints) -> Any:
    """The rows of a batch in another order, whatever holds them."""
    if isinstance(batch, list):
        return [batch[row] for row in order.tolist()]
    if hasattr(batch, "iloc"):
        return batch.iloc[order]
    return batch[order]


def _check_fit(first: Pool, part: Pool, number: int) -> None:
    if part.kind != first.kind:
        raise BadInput(
            f"every part must be of the kind {first.kind!r}, but part {number} is {part.kind!r}; "
            "open it with the same text= and features=, and without gaps if the first has none"
        )
    ours, theirs = _shape(first), _shape(part)
    if ours != theirs:
        raise BadInput(
            f"every part must hold items alike, but the first holds {ours} and part {number} "
            f"holds {theirs}; give the same kind of data with the same columns"
        )


def _shape(pool: Pool) -> str:
    """Container and width of a pool's items, in words."""
    batch = pool.items(np.empty(0, dtype=np.int64))
    said = f"{type(batch).__module__.partition('.')[0]}.{type(batch).__name__}"
    if hasattr(batch, "shape"):
        said += f" of shape (n, {', '.join(map(str, batch.shape[1:]))})"
    columns = getattr(pool, "columns", ())
    return f"{said} with columns {', '.join(columns)}" if columns else said


def _join_types(parts: Sequence[Any]) -> tuple[tuple[bool, ...], frozenset[str]]:
    """Which columns are numeric; a part whose column is all missing has no say."""
    numeric = []
    untyped = set()
    for at, name in enumerate(parts[0].columns):
        said = {part.numeric[at] for part in parts if name not in part.untyped}
        if len(said) > 1:
            raise BadInput(
                f"column {name!r} holds numbers in one part and categories in another; "
                "give one of the two everywhere"
            )
        numeric.append(said.pop() if said else True)
        if all(name in part.untyped for part in parts):
            untyped.add(name)
    return tuple(numeric), frozenset(untyped)


def _join_beside(parts: Sequence[Pool]) -> Beside:
    """Prices and groups of all parts."""
    pools = [part if isinstance(part, BasePool) else None for part in parts]
    return Beside.joined([Beside() if p is None else Beside(p.costs(), p.groups()) for p in pools])


def _join_ids(parts: Sequence[Pool]) -> list[str] | None:
    """Ids of all parts, None when all come from content and so may simply go on counting."""
    hashed = [getattr(part, "hashed", False) for part in parts]
    if all(hashed):
        return None
    counted: list[str] = []
    if any(hashed):
        from_content = [part for part, is_hashed in zip(parts, hashed, strict=True) if is_hashed]
        counted = content_ids(np.vstack([hashes_of(part) for part in from_content]))
    names: list[str] = []
    used = 0
    for part, is_hashed in zip(parts, hashed, strict=True):
        if is_hashed:
            names.extend(counted[used : used + len(part)])
            used += len(part)
        else:
            names.extend(part.ids(np.arange(len(part))))
    if len(set(names)) < len(names):
        again = [name for name, count in Counter(names).items() if count > 1]
        raise BadInput(
            f"ids must be unique, but {len(again)} came before: "
            f"{', '.join(map(repr, again[:3]))}; leave out items that are in the pool already"
        )
    return names
