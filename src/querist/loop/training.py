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
from querist.core.types import Ints, Queries
from querist.loop.ledger import Ledger
from querist.loop.state import State

_UNASKED = ("", -1, np.nan, np.nan)


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
    queries : Queries or None
        Who asked each item, where a strategy reads it; no model depends on it.
    """

    rows: Ints
    ids: list[str]
    values: list[Any]
    targets: NDArray[Any]
    version: str
    queries: Queries | None = None

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

    def training_set(self, rows: Ints, *, queries: bool = False) -> TrainingSet:
        """The set of some labelled rows, ascending; `queries` costs a look at every item."""
        ledger = self.ledger
        stale = rows[~ledger.read[rows]]
        if len(stale):
            self._read(stale)
            ledger.read[stale] = True
        ids = ledger.pool.ids(rows)
        return TrainingSet(
            rows=rows,
            ids=ids,
            values=self._values[rows].tolist(),
            targets=self._targets[rows],
            version=_version(self._marks[rows]),
            queries=queries_of(ledger.state, ids) if queries else None,
        )

    def _read(self, rows: Ints) -> None:
        values = values_of(self.ledger.state, self.ledger.pool, rows)
        for row, value in zip(rows.tolist(), values, strict=True):
            self._values[row] = value  # one by one: a value may be a list
        self._targets[rows] = self.question.encode(values)
        self._marks[rows] = marks_of(self.ledger.pool, rows, values)


def queries_of(state: State, ids: Sequence[str]) -> Queries:
    """Who asked each of some labelled items, and when."""
    columns = list(zip(*(_query_of(state, item_id) for item_id in ids), strict=True)) or [()] * 4
    by, *numbers = columns
    return Queries(np.array(by, dtype=object), *(np.array(column) for column in numbers))


def _query_of(state: State, item_id: str) -> tuple[str, int, float, float]:
    """Who asked an item, when, with what chance and score: the first task that was answered."""
    answered = (vote.task_id for vote in state.votes[item_id].values())
    task = next((state.tasks[task_id] for task_id in answered if task_id in state.tasks), None)
    if task is None or task.why.arm == "requested":  # its owner asked for it by name
        return _UNASKED
    score, chance = task.why.score, task.why.probability
    return (
        task.why.strategy,
        task.round,
        np.nan if chance is None else chance,
        np.nan if score is None else score,
    )


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
