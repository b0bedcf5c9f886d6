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
        SHA-256 over id, content hash and label of every row, in order.
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


def training_set(pool: Pool, question: Question, rows: Ints, values: Sequence[Any]) -> TrainingSet:
    """Freeze the labelled rows into a named set."""
    ids = pool.ids(rows)
    return TrainingSet(
        rows=rows,
        ids=ids,
        values=list(values),
        targets=question.encode(values),
        version=data_version(ids, pool.digests(rows), values),
    )


def data_version(ids: Sequence[str], digests: Sequence[str], values: Sequence[Any]) -> str:
    """Content hash of a training set: equal sets, equal hash, on any machine.

    Examples
    --------
    >>> one = data_version(["a"], ["00"], ["spam"])
    >>> one == data_version(["a"], ["00"], ["spam"]), one == data_version(["a"], ["00"], ["ham"])
    (True, False)
    """
    lines = json.dumps([list(ids), list(digests), list(values)], separators=(",", ":"))
    return hashlib.sha256(lines.encode()).hexdigest()
