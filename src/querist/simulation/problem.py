"""What a simulation starts from: checked data, the split, the question, the first rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_regressor

from querist.core.errors import BadInput
from querist.core.keys import hash_ids, uniform
from querist.core.protocols import Model, Pool, Question
from querist.core.questions import Choice, Choices, Number
from querist.core.types import Ints
from querist.models import SklearnModel, default_model, wrap
from querist.models.batches import count, take
from querist.pools import open_pool
from querist.pools.beside import check_groups

_TEST_SALT = 0x74657374  # "test": keeps this draw apart from every other use of the seed


@dataclass(frozen=True, eq=False)
class Target:
    """The labels y as a question, the answers that it takes, and the classes of the estimator.

    Attributes
    ----------
    question : Question
    y : array (n,) or (n, k)
        As scorers take it.
    answers : list
        The true answer of each row.
    classes : array (k,) or None
        Distinct labels in their own dtype; None where there are none.
    """

    question: Question
    y: NDArray[Any]
    answers: list[Any]
    classes: NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """A simulation ready to run.

    Attributes
    ----------
    pool : Pool
        The rows that may be asked, in the order of X.
    origin : array (len(pool),)
        Row of X of each row of the pool.
    target : Target
        The truth about every row of X.
    X_test, y_test
        What the models are scored on.
    test_rows : array
        Rows of X that are held out for it.
    start : int
        Labels to begin with.
    given : array
        Row numbers of X to begin with; empty when only their number was given.
    """

    pool: Pool
    origin: Ints
    target: Target
    X_test: Any
    y_test: NDArray[Any]
    test_rows: Ints
    start: int
    given: Ints


def set_up(
    X: Any,
    y: ArrayLike,
    *,
    model: Any,
    start: int | Sequence[int] | Ints,
    X_test: Any,
    y_test: ArrayLike | None,
    test_size: float,
    seed: int,
    groups: Any = None,
) -> Problem:
    """Check the data, split them, and open the pool.

    Raises
    ------
    BadInput
        When the parts do not fit together.
    """
    target = target_of(y, regression=is_regression(model, y))
    n = _count(X)
    if n is not None and n != len(target.answers):
        raise BadInput(f"X has {n} rows but y has {len(target.answers)}; give one label per row")
    number, given = _start(start, target)
    rows = np.arange(len(target.answers))
    test_rows = rows[:0]
    if (X_test is None) != (y_test is None):
        lacking = "y_test" if y_test is None else "X_test"
        raise BadInput(f"X_test and y_test come together, but {lacking} is missing")
    if X_test is None or y_test is None:
        test_rows = held_out(len(rows), given, test_size, seed)
        rows = np.setdiff1d(rows, test_rows)
        X, X_test = _part(X, rows), _part(X, test_rows)
        y_test = target.y[test_rows]
    gaps = _has_gaps(X) or _has_gaps(X_test)
    if gaps:
        X, X_test = _as_table(X), _as_table(X_test)
    named = None if groups is None else check_groups(groups, len(target.answers))[rows].tolist()
    pool = open_pool(X, id=[str(row) for row in rows], mixed=gaps, groups=named)
    if len(pool) != len(rows):
        raise BadInput(f"X has {len(pool)} rows but y has {len(rows)}; give one label per row")
    if number > len(pool):
        raise BadInput(f"start={number} is more than the {len(pool)} rows that may be asked")
    test, truth = open_pool(X_test, mixed=gaps), np.asarray(y_test)
    if len(test) != len(truth):
        raise BadInput(f"X_test has {len(test)} rows but y_test has {len(truth)}")
    if test.kind != pool.kind:
        raise BadInput(f"X is a pool of kind {pool.kind!r}, but X_test is {test.kind!r}")
    items = test.items(np.arange(len(test)))
    return Problem(pool, rows, target, items, truth, test_rows, number, given)


def adapter_of(model: Any, pool: Pool, target: Target) -> Model:
    """The model as the loop takes it; the estimator sees the labels in their own dtype."""
    if model is None:
        options = {n: getattr(pool, n) for n in ("columns", "numeric") if hasattr(pool, n)}
        model, _ = default_model(pool.kind, target.question, **options)
    if isinstance(model, SklearnModel):
        model = model.estimator
    elif hasattr(model, "gives"):
        own: Model = model
        return own
    return wrap(model, target.question, classes=target.classes)


def target_of(y: ArrayLike, *, regression: bool = False) -> Target:
    """Labels as a question with its answers.

    Examples
    --------
    >>> target = target_of(np.array([3, 5, 3]))
    >>> target.question, target.answers, target.classes
    (Choice(labels=('3', '5')), ['3', '5', '3'], array([3, 5]))
    """
    values = np.asarray(y)
    if not len(values):
        raise BadInput("y is empty; give one label per row of X")
    missing = _missing(values)
    if missing is not None:
        raise BadInput(f"y has no label in row {missing}; a simulation needs the truth of each row")
    if regression:
        numbers = values.astype(np.float64)
        return Target(Number(), numbers, numbers.tolist())
    if values.ndim == 2:
        return _several(values)
    try:
        classes, codes = np.unique(values, return_inverse=True)
    except TypeError:
        raise BadInput(
            "y mixes labels of different types; make them all texts or numbers"
        ) from None
    if len(classes) < 2:
        raise BadInput(f"y holds one class only, {classes[0]!r}; there is nothing to learn")
    names = [_name(label) for label in classes.tolist()]
    return Target(Choice(names), values, [names[code] for code in codes], classes)


def _several(values: NDArray[Any]) -> Target:
    if not np.isin(values, (0, 1)).all():
        raise BadInput("y with two dimensions must hold 0 and 1: rows x labels that apply")
    names = [str(k) for k in range(values.shape[1])]
    return Target(Choices(names), values, [[names[k] for k in np.flatnonzero(r)] for r in values])


def held_out(n: int, kept: Ints, share: float, seed: int) -> Ints:
    """The rows to test on: a share of n, drawn by keyed hash, none of those to be kept.

    Examples
    --------
    >>> held_out(8, np.array([0, 1]), 0.25, seed=0)
    array([2, 6])
    """
    if not 0 < share < 1:
        raise BadInput(f"test_size is a share of X, between 0 and 1, but it is {share!r}")
    drawn = uniform(hash_ids(str(row) for row in range(n)), seed, _TEST_SALT)
    drawn[kept] = 2.0
    size = min(max(1, round(share * n)), n - max(1, len(kept)))
    if size < 1:
        raise BadInput("the start takes all rows of X, so none is left to test on; give X_test")
    return np.sort(np.argsort(drawn, kind="stable")[:size])


def _start(start: Any, target: Target) -> tuple[int, Ints]:
    """How many labels to begin with, and which rows where they were named."""
    if isinstance(start, (int, np.integer)) and not isinstance(start, bool):
        if start < 1:
            raise BadInput(f"start={start} leaves the first model without labels; give 1 or more")
        return int(start), np.zeros(0, dtype=np.int64)
    rows = np.asarray(start)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise BadInput(f"start is a number of labels or a list of row numbers, but got {start!r}")
    if not rows.size:
        raise BadInput("start names no rows, so the first model has no labels; name some")
    n = len(target.answers)
    if rows.min() < 0 or rows.max() >= n:
        wrong = int(rows[(rows < 0) | (rows >= n)][0])
        raise BadInput(f"start row {wrong} is out of range: X has the rows 0 to {n - 1}")
    distinct, counts = np.unique(rows, return_counts=True)
    if len(distinct) < len(rows):
        raise BadInput(f"start names row {distinct[np.argmax(counts > 1)]} twice; give each once")
    if target.classes is not None and len(seen := np.unique(target.y[rows])) < 2:
        others = [_name(c) for c in target.classes.tolist() if c != seen[0]]
        raise BadInput(
            f"a one-class start: all {len(rows)} start rows are of class {_name(seen[0])!r}, from "
            f"which no classifier can learn; add a row of {', '.join(map(repr, others[:5]))}"
        )
    return len(rows), rows.astype(np.int64)


def is_regression(model: Any, y: ArrayLike) -> bool:
    """Whether numbers are to be estimated: as the model says, or since not all of y are whole."""
    if model is None:
        values = np.asarray(y)
        return values.dtype.kind == "f" and bool((values != np.round(values)).any())
    if hasattr(model, "question"):
        return isinstance(model.question, Number)
    return hasattr(model, "__sklearn_tags__") and bool(is_regressor(model))


def _missing(values: NDArray[Any]) -> int | None:
    if values.dtype.kind not in "fO":
        return None
    flat = values.reshape(len(values), -1)
    bad = [any(v is None or v != v for v in row) for row in flat.tolist()]
    return bad.index(True) if any(bad) else None


def _count(X: Any) -> int | None:
    """Rows of X; None where only opening it tells."""
    return count(X) if hasattr(X, "__len__") and not isinstance(X, str) else None


def _part(X: Any, rows: Ints) -> Any:
    """Some rows of X, whatever holds them."""
    if isinstance(X, Pool) or _count(X) is None:
        raise BadInput(
            "only data in memory can be split into what is asked and what is tested on, but "
            f"X is {type(X).__name__}; give X_test and y_test"
        )
    return X.take(rows) if type(X).__module__.startswith("pyarrow") else take(X, rows)


def opened(X: Any) -> Pool:
    """A pool of items as a replay opens them: an array with gaps is a table.

    Examples
    --------
    >>> opened(np.array([[1.0, np.nan]])).kind, opened(np.array([[1.0, 2.0]])).kind
    ('table', 'array')
    """
    return open_pool(_as_table(X), mixed=True) if _has_gaps(X) else open_pool(X)


def _has_gaps(X: Any) -> bool:
    if type(X).__module__.startswith("pyarrow"):
        return any(column.null_count for column in X.columns)
    if not (isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "f"):
        return False
    return bool(np.isnan(X).any())


def _as_table(X: Any) -> Any:
    """An array as a table, whose gaps go to the model; anything else as it is."""
    if not (isinstance(X, np.ndarray) and X.ndim == 2):
        return X
    import pyarrow as pa

    return pa.table({f"x{column}": X[:, column] for column in range(X.shape[1])})


def _name(label: Any) -> str:
    """Text of a label; whole floats lose their point, as the question's own check has it."""
    if isinstance(label, np.generic):
        label = label.item()
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
