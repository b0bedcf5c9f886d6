"""The best of a score without scores of the whole pool: blocks of candidates, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from querist.core.errors import BadStrategy
from querist.core.progress import tick
from querist.core.signals import ROWWISE, WHOLE
from querist.core.types import Floats, Positions, Signals, unchecked_signals
from querist.selection.topk import Keys, stream_top_k
from querist.strategies.checks import checked_scores

if TYPE_CHECKING:
    from querist.strategies.base import Score

Rows = slice | Positions


def best_of(score: Score, signals: Signals, k: int, keys: Keys) -> tuple[Positions, Floats]:
    """Positions (k,) of the best candidates, best first, and their scores (k,).

    Examples
    --------
    >>> import numpy as np
    >>> from querist.strategies import Entropy
    >>> signals = Signals(proba=np.array([[1.0, 0.0], [0.5, 0.5], [0.75, 0.25]]))
    >>> best_of(Entropy(), signals, 1, np.negative)
    (array([1]), array([0.69314718]))
    """
    return stream_top_k(scores_of(score, signals), len(signals), k, keys)


def scores_of(score: Score, signals: Signals) -> Callable[[Rows, float], Floats]:
    """What gives the scores of any rows: one by one where the score allows it, else all at once.

    What it gives is `Score.score_above`: a number below the second argument, the floor, may
    stand for any other below it.
    """
    if not score.row_by_row:
        whole = checked_scores(score, signals)
        return lambda rows, floor: whole[rows]

    def some(rows: Rows, floor: float) -> Floats:
        if isinstance(rows, slice):
            tick("scores", rows.start or 0, len(signals))
        try:
            return checked_scores(score, _part(signals, rows, score), floor)
        except BadStrategy:
            checked_scores(score, signals)  # names the candidate by its place among all
            raise

    return some


def _part(signals: Signals, rows: Rows, score: Score) -> Signals:
    """Some of the candidates, with what the score reads: views where `rows` is a slice."""
    read = score.needs | score.wants | frozenset(score.instead.values()) | {"ids"}
    parts = {
        name: value[rows]
        for name in ROWWISE
        if name in read and (value := getattr(signals, name)) is not None
    }
    return unchecked_signals(**parts, **{name: getattr(signals, name) for name in WHOLE})
