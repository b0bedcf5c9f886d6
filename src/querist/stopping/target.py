"""Stop when the model is good enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import BadInput
from querist.core.measures import higher_is_better, is_share, leading
from querist.core.types import Interval, Round, Verdict
from querist.stopping.combine import Rule


@dataclass(frozen=True, repr=False)
class Target(Rule):
    """Stop at the first round whose score meets the target.

    The estimate decides; with `sure` the bound of its interval that is the worse one does.
    The interval is one round's: looked at every round, it is crossed by luck more often than
    its level says (Waudby-Smith & Ramdas, JRSS-B 2024, on peeking), so take `sure` for caution.

    Parameters
    ----------
    score : float
        The score to reach: 0.9 for 90 %, or the error not to exceed for rmse and the like.
    metric : str, optional
        Which metric; the leading one of the round by default (accuracy, f1_macro or rmse).
    sure : bool
        Whether the whole interval must meet the target.

    Raises
    ------
    BadInput
        For a score that the metric cannot reach.

    Examples
    --------
    >>> round = Round(7, metrics={"accuracy": Interval(0.912, 0.88, 0.94)}, measured_on="holdout")
    >>> Target(0.9)([round]).reason
    'accuracy 0.912 [0.880, 0.940] on holdout meets the target 0.9'
    >>> Target(0.9, sure=True)([round]).stop
    False
    """

    score: float
    metric: str | None = None
    sure: bool = False
    name: ClassVar[str] = "target"

    def __post_init__(self) -> None:
        if not math.isfinite(self.score):
            raise BadInput(f"a target must be a finite number, but it is {self.score}")
        if self.metric is not None and _out_of_reach(self.score, self.metric):
            raise BadInput(_hint(self.score, self.metric))

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge the last measured round."""
        measured = [
            (round, name, round.metrics[name])
            for round in history
            if (name := self.metric or leading(round.metrics)) in round.metrics and name is not None
        ]
        if not measured:
            wanted = f" of {self.metric}" if self.metric else ""
            return Verdict(False, f"no measured score{wanted} yet")
        last, metric, found = measured[-1]
        if _out_of_reach(self.score, metric):
            return Verdict(False, _hint(self.score, metric), 0.0)
        sign = 1 if higher_is_better(metric) else -1
        decisive = self._decisive(found, sign)
        stop = sign * (decisive - self.score) >= 0
        progress = 1.0 if stop else _way(measured[0][2].value, decisive, self.score)
        where = f" on {last.measured_on}" if last.measured_on else ""
        verb = "meets" if stop else "does not meet"
        bound = "lower" if sign > 0 else "upper"
        by = f" by its {bound} bound" if self.sure else ""
        return Verdict(
            stop, f"{metric} {found}{where} {verb} the target {self.score}{by}", progress
        )

    def _decisive(self, found: Interval, sign: int) -> float:
        if not self.sure:
            return found.value
        return found.low if sign > 0 else found.high


def _out_of_reach(score: float, metric: str) -> bool:
    return is_share(metric) and not 0 <= score <= 1


def _hint(score: float, metric: str) -> str:
    advice = f"; for {score:g} % write {score / 100:g}" if 1 < score <= 100 else ""
    return f"{metric} lies between 0 and 1, so the target {score:g} is never met{advice}"


def _way(first: float, now: float, goal: float) -> float:
    """Share of the way from the first measured score to the goal, short of 1."""
    span = goal - first
    return min(0.99, max(0.0, (now - first) / span)) if span else 0.0
