"""How a chosen batch is served: who is asked what twice, in which order, beside which guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from querist.core.events import QueuedItem
from querist.core.keys import Keys, uniform
from querist.core.protocols import Model, Pool, Question
from querist.core.types import Floats, Ints

OVERLAP_SALT = 0x6F766572  # "over": keeps this draw apart from every other use of the seed
ORDER_SALT = 0x6F726472  # "ordr"


def answers_wanted(keys: Keys, overlap: float, seed: int) -> Ints:
    """How many people are to answer each item, (n,): `overlap` of them on average.

    Examples
    --------
    >>> from querist.core.keys import hash_ids
    >>> wanted = answers_wanted(hash_ids(str(i) for i in range(10_000)), 1.2, seed=0)
    >>> set(wanted.tolist()), bool(abs(wanted.mean() - 1.2) < 0.01)
    ({1, 2}, True)
    """
    least = int(overlap)
    more = uniform(keys, seed, OVERLAP_SALT) < overlap - least
    return np.asarray(least + more, dtype=np.int64)


def tasks_of(items: Sequence[QueuedItem], wanted: Sequence[int], batch: int) -> list[QueuedItem]:
    """The items as tasks with their ids, in serving order; an item wanted k times is k tasks.

    Examples
    --------
    >>> item = QueuedItem("", "a", "open", "Margin", 0.1, 0, 1.0, 9)
    >>> [task.task_id for task in tasks_of([item, item], [1, 3], batch=4)]
    ['b4-0', 'b4-1', 'b4-1.2', 'b4-1.3']
    """
    return [
        replace(item, task_id=f"b{batch}-{k}" + (f".{copy}" if copy > 1 else ""))
        for k, (item, times) in enumerate(zip(items, wanted, strict=True))
        for copy in range(1, times + 1)
    ]


def similar_order(vectors: Floats, keys: Keys, seed: int, batch: int) -> Ints:
    """An order in which neighbours are alike, (n,): from each item on to the nearest one left.

    It starts at an item drawn by key, and depends on nothing but what the items are: neither
    on the order they come in nor on what a model thinks of them. Time and memory O(n^2).

    Parameters
    ----------
    vectors : array (n, d)
        The pool's own features of the items.
    keys : array (n,)
        Their keys.

    Examples
    --------
    >>> from querist.core.keys import hash_ids
    >>> points = np.array([[0.0], [9.0], [0.1], [9.1], [0.2]])
    >>> order = similar_order(points, hash_ids("abcde"), seed=0, batch=0)
    >>> points[order, 0].tolist()
    [0.2, 0.1, 0.0, 9.0, 9.1]
    """
    drawn = np.argsort(uniform(keys, seed, ORDER_SALT, batch), kind="stable")
    points = np.asarray(vectors, dtype=np.float64)[drawn]
    left = np.ones(len(points), dtype=bool)
    order = np.zeros(len(points), dtype=np.int64)
    at = 0
    for place in range(len(points)):
        order[place], left[at] = at, False
        off = np.square(points - points[at]).sum(axis=1)
        off[~left] = np.inf
        at = int(off.argmin())  # of equally near ones the first drawn
    return drawn[order]


def guesses(
    question: Question, model: Model | None, pool: Pool, rows: Ints
) -> list[tuple[Any, float | None]]:
    """The answer a model holds likeliest for each row, and its probability where it has one.

    For several labels it is that of exactly this set, as if each label came by itself; a
    number has none.
    """
    if model is None or not len(rows):
        return [(None, None)] * len(rows)
    gives: frozenset[str] = getattr(model, "gives", frozenset())
    said = model.predict(pool.items(rows), frozenset({"value", "proba"} & {"value", *gives}))
    assert said.value is not None
    value, proba = said.value, None if question.view == "number" else said.proba
    sure: list[float | None] = [None] * len(rows)
    if proba is not None:
        if question.view == "choice":
            value, likeliest = proba.argmax(axis=1), proba.max(axis=1)
        else:
            likeliest = np.where(value >= 0.5, proba, 1 - proba).prod(axis=1)
        sure = [float(p) if np.isfinite(p) else None for p in likeliest]
    return [
        (question.check(answer), p) for answer, p in zip(question.decode(value), sure, strict=True)
    ]
