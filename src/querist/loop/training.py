"""Training sets: which answers, in which order, under which content hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.protocols import Pool, Question
from querist.core.types import Ints
from querist.loop.ledger import Ledger
from querist.loop.state import State


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Labelled rows in pool order, their values, and the hash that names exactly this set.

    Attributes
    ----------
    rows : array (m,)
        Rows of the pool.
    ids : list of str, values : list
        Item ids and their labels, aligned with `rows`.
    targets : array (m,)
        The values as the model takes them.
    version : str
        SHA-256 over the marks of the rows, in order; see `marks_of`.
    """

    rows: Ints
    ids: list[str]
    values: list[Any]
    targets: NDArray[Any]
    version: str

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, mask: NDArray[np.bool_]) -> tuple[Ints, NDArray[Any]]:
        """Rows and targets of some of the set."""
        return self.rows[mask], self.targets[mask]


class Book:
    """Label, target and mark of every row, read once and kept until the item's votes change.

    So a training set costs a slice, however many labels there are.
    """

    def __init__(self, ledger: Ledger, question: Question) -> None:
        self.ledger = ledger
        self.question = question
        n, none = len(ledger.keys), question.encode([])
        self._values = np.full(n, None, dtype=object)
        self._targets = np.zeros((n, *none.shape[1:]), dtype=none.dtype)
        self._marks = np.zeros((n, 32), dtype=np.uint8)

    def training_set(self, rows: Ints) -> TrainingSet:
        """The set of some labelled rows, ascending."""
        ledger = self.ledger
        stale = rows[~ledger.read[rows]]
        if len(stale):
            self._read(stale)
            ledger.read[stale] = True
        return TrainingSet(
            rows=rows,
            ids=ledger.pool.ids(rows),
            values=self._values[rows].tolist(),
            targets=self._targets[rows],
            version=_version(self._marks[rows]),
        )

    def _read(self, rows: Ints) -> None:
        values = values_of(self.ledger.state, self.ledger.pool, rows)
        for row, value in zip(rows.tolist(), values, strict=True):
            self._values[row] = value  # one by one: a value may be a list
        self._targets[rows] = self.question.encode(values)
        self._marks[rows] = marks_of(self.ledger.pool, rows, values)


def values_of(state: State, pool: Pool, rows: Ints) -> list[Any]:
    """What the votes on each labelled row add up to."""
    beliefs = [state.belief(item_id) for item_id in pool.ids(rows)]
    return [belief.value for belief in beliefs if belief is not None]


def training_set(pool: Pool, question: Question, rows: Ints, values: Sequence[Any]) -> TrainingSet:
    """Freeze labelled rows into a named set, from scratch."""
    return TrainingSet(
        rows=rows,
        ids=pool.ids(rows),
        values=list(values),
        targets=question.encode(values),
        version=_version(marks_of(pool, rows, values)),
    )


def marks_of(pool: Pool, rows: Ints, values: Sequence[Any]) -> NDArray[np.uint8]:
    """SHA-256 over id, content hash and label of each row, (m, 32), the same on any machine.

    Examples
    --------
    >>> from querist.pools import open_pool
    >>> pool = open_pool(["win money", "see you"])
    >>> one, other = marks_of(pool, np.array([0, 0]), ["spam", "ham"])
    >>> bool((one == other).all())
    False
    """
    facts = zip(pool.ids(rows), pool.digests(rows), values, strict=True)
    lines = (json.dumps(fact, separators=(",", ":")) for fact in facts)
    joined = b"".join(hashlib.sha256(line.encode()).digest() for line in lines)
    return np.frombuffer(joined, dtype=np.uint8).reshape(len(rows), 32)


def _version(marks: NDArray[np.uint8]) -> str:
    return hashlib.sha256(marks.tobytes()).hexdigest()
