"""Checks: the one place where a strategy's input and output are judged."""

from __future__ import annotations

import operator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.errors import BadInput, BadStrategy, MissingNeed
from querist.core.types import Floats, Signals
from querist.strategies.sparse import check_sparse
from querist.strategies.walk import unmet

if TYPE_CHECKING:
    from querist.strategies.base import Score, Strategy


def checked_scores(strategy: Score, signals: Signals, floor: float = -np.inf) -> Floats:
    """Scores of a strategy, (n,), or BadStrategy when they are not one number per candidate."""
    scores = np.asarray(strategy.score_above(signals, floor))
    if scores.shape != (len(signals),) or scores.dtype.kind not in "iuf":
        raise BadStrategy(
            f"{strategy.name} must give one number per candidate, shape ({len(signals)},), but "
            f"gave {scores.dtype} of shape {scores.shape}"
        )
    if np.isnan(scores.min(initial=np.inf)):
        row = int(np.argmax(np.isnan(scores)))
        raise BadStrategy(f"{strategy.name} scored candidate {row} NaN; give finite numbers")
    return scores


def check_count(n: Any, name: str = "n") -> int:
    """Return `n` as an int, or raise BadInput unless it is a whole number of at least 1."""
    try:
        count = operator.index(n)
    except TypeError:
        count = 0
    if count < 1 or isinstance(n, bool):
        raise BadInput(f"{name} must be a whole number of at least 1, but it is {n!r}")
    return count


def check_given(strategy: Strategy, signals: Signals) -> None:
    """Raise BadInput without candidates, MissingNeed without a needed signal or its stand-in."""
    check_sparse(strategy, signals)
    name = strategy.name
    if not len(signals):
        raise BadInput(f"{name} has no candidates to pick from; give at least one row")
    given = signals.given()
    if lacking := unmet(strategy, given):
        need, other = lacking[0], strategy.instead.get(lacking[0])
        also = "" if other is None else f" (or {other})"
        raise MissingNeed(
            f"{name} needs {need}{also}, but the signals hold only "
            f"{', '.join(sorted(given)) or 'nothing'}; use a model or pool that gives {need}, "
            "or another strategy"
        )


def check_known_proba(name: str, signals: Signals) -> Floats:
    """Probabilities (m, k) of the labelled items, or MissingNeed when nobody gave them."""
    known = None if signals.labelled is None else signals.labelled.proba
    if known is None:
        raise MissingNeed(
            f"{name} needs labelled.proba, what the model says of the labelled items; use a "
            "model that gives proba, or another strategy"
        )
    if signals.proba is not None and known.shape[1] != signals.proba.shape[1]:
        widths = f"{known.shape[1]} columns but proba has {signals.proba.shape[1]}"
        raise BadInput(f"labelled.proba has {widths}; give both for the same classes")
    return known


def check_positive(*, or_none: bool = False, **numbers: float | None) -> None:
    """Raise BadInput unless all are positive and finite; None passes with `or_none`."""
    for name, x in numbers.items():
        if not ((or_none and x is None) or (isinstance(x, Real) and 0 < x < np.inf)):
            also = " or None" if or_none else ""
            raise BadInput(f"{name} must be positive and finite{also}, but it is {x!r}")


def check_positions(name: str, positions: Any, n: int, candidates: int) -> None:
    """Raise BadStrategy unless `positions` are `n` distinct rows of the `candidates`."""
    if positions.ndim != 1 or (len(positions) and positions.dtype.kind not in "iu"):
        offence = f"positions of dtype {positions.dtype} and shape {positions.shape}"
        raise BadStrategy(f"{name} must return whole numbers in one dimension, but gave {offence}")
    if len(positions) != n:
        raise BadStrategy(f"{name} must return {n} positions, but gave {len(positions)}")
    outside = positions[(positions < 0) | (positions >= candidates)]
    if len(outside):
        raise BadStrategy(
            f"{name} returned position {int(outside[0])}, which is out of range: "
            f"there are {candidates} candidates, 0..{candidates - 1}"
        )
    values, counts = np.unique(positions, return_counts=True)
    if len(values) < n:
        twice = int(values[np.argmax(counts > 1)])
        raise BadStrategy(f"{name} returned position {twice} twice; give distinct ones")
