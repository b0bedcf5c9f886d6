"""GSy: greedy sampling on the outputs."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Picks, Signals
from querist.selection.kcenter import farthest_first
from querist.strategies.base import Rng, Strategy
from querist.strategies.gsx import GSx
from querist.strategies.known import number_targets
from querist.strategies.ties import tie_keys_of

_ACTIVE = 8192  # rows with one number each: more than of vectors stay in cache


class GSy(Strategy):
    """Ask where the predicted number is farthest from every number told so far.

    d_n = min over labelled m of |f(x_n) - y_m|, largest first. In a batch a picked item
    counts as labelled with its own prediction. A committee's predictions are averaged.

    Best for: filling a range of outputs evenly. Fails when: the model is poor, for its
    extremes are asked first, and when equal outputs come from different inputs.
    Cost: O((m + b) n) time, O(n) memory.

    References
    ----------
    Wu, Lin and Huang (2019), Active learning for regression using greedy sampling,
    Information Sciences 474.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(None, np.array([0.0]))
    >>> GSy().select(Signals(predicted=np.array([[1.0], [9.0], [5.0]]), labelled=known), 2, rng=0)
    array([1, 2])
    """

    needs = frozenset({"predicted"})
    wants = frozenset({"labelled"})
    cold_start = GSx()
    cost_class = "50 n (m + b)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        said, known = mean_prediction(signals), known_numbers(self.name, signals)
        near = _gap(said, np.sort(known)) if len(known) else None
        positions, far = farthest_first(
            said[:, None], n, tie_keys_of(signals, rng), far=near, active=_ACTIVE
        )
        return self.picks(positions, far, 1.0)


def _gap(numbers: Floats, points: Floats) -> Floats:
    """From each number to the nearest of the sorted points."""
    above = np.searchsorted(points, numbers)
    below = points[np.maximum(above - 1, 0)]
    above_or_last = points[np.minimum(above, len(points) - 1)]
    return np.minimum(np.abs(numbers - below), np.abs(above_or_last - numbers))


def mean_prediction(signals: Signals) -> Floats:
    """The number predicted for each candidate, (n,); a committee's mean."""
    assert signals.predicted is not None
    return np.asarray(np.mean(signals.predicted, axis=1, dtype=np.float64))


def known_numbers(name: str, signals: Signals) -> Floats:
    """The numbers told so far, (m,); none when nothing is labelled."""
    if signals.labelled is None:
        return np.empty(0)
    return number_targets(name, signals.labelled)
