"""Stop when more labels no longer help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from querist.core.errors import BadInput
from querist.core.measures import gains_of, is_share, leading
from querist.core.types import Interval, Round, Verdict
from querist.stopping.combine import Rule


@dataclass(frozen=True, repr=False)
class Plateau(Rule):
    """Stop when several cycles in a row gained less than some points each.

    The gain of a cycle is its score minus the best score of all cycles before it, so a dip
    and its recovery are no gain. Rounds without a measured score or without new labels are
    not cycles. A single flat cycle never stops the run unless ``cycles=1``.

    Parameters
    ----------
    points : float
        Smallest gain that counts: percentage points for scores in [0, 1] (0.5 is 0.005 of
        accuracy), percent of the best score for others such as rmse.
    cycles : int
        Flat cycles in a row that are needed.
    metric : str, optional
        Which metric; the leading one of the round by default.
    guard_labels : int
        Training labels below which it never stops: tiny training sets move in jumps.

    Examples
    --------
    >>> def curve(*scores):
    ...     return [
    ...         Round(i, labels=100 * (i + 1), metrics={"accuracy": Interval(s, s, s)})
    ...         for i, s in enumerate(scores)
    ...     ]
    >>> Plateau()(curve(0.7, 0.8, 0.85, 0.851, 0.852, 0.853)).reason
    'accuracy gained +0.1, +0.1, +0.1 points in the last 3 cycles, each under 0.5'
    >>> Plateau()(curve(0.7, 0.8, 0.799, 0.801, 0.86)).stop
    False
    """

    points: float = 0.5
    cycles: int = 3
    metric: str | None = None
    guard_labels: int = 50
    name: ClassVar[str] = "plateau"

    def __post_init__(self) -> None:
        if not 0 < self.points <= 100:
            raise BadInput(
                f"points must be above 0 and at most 100 (0.5 is half a percentage point), "
                f"but it is {self.points}"
            )
        if self.cycles < 1 or self.cycles != int(self.cycles):
            raise BadInput(f"cycles must be a whole number of at least 1, but it is {self.cycles}")

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge the gains of the last cycles."""
        metric = self.metric or _measured(history)
        kept = _cycles(history, metric) if metric else []
        if not metric or not kept:
            wanted = f" of {self.metric}" if self.metric else ""
            return Verdict(False, f"no measured score{wanted} yet")
        if len(kept) < 2:
            return Verdict(False, f"only one cycle has a measured {metric} so far", 0.0)
        gains = gains_of([score.value for _, score in kept], metric)
        flat = 0
        while flat < len(gains) and gains[-1 - flat] < self.points:
            flat += 1
        last = gains[-self.cycles :]
        unit = "points" if is_share(metric) else "%"
        shown = ", ".join(f"{gain:+.1f}" for gain in last)
        said = f"{metric} gained {shown} {unit} in the last {len(last)} cycle{'s'[: len(last) > 1]}"
        labels = kept[-1][0]
        stop = flat >= self.cycles and labels >= self.guard_labels
        if stop:
            said += f", {'each ' if len(last) > 1 else ''}under {self.points:g}"
        elif flat >= self.cycles:
            said += f", but {labels} labels are fewer than the warm-up of {self.guard_labels}"
        else:
            said += f"; {flat} of {self.cycles} in a row under {self.points:g}"
        said += _caution(kept[-1][1], metric, self.points) if flat else ""
        return Verdict(stop, said, 1.0 if stop else min(0.99, flat / self.cycles))


def _measured(history: Sequence[Round]) -> str | None:
    return next((name for r in reversed(history) if (name := leading(r.metrics))), None)


def _cycles(history: Sequence[Round], metric: str) -> list[tuple[int, Interval]]:
    kept: list[tuple[int, Interval]] = []
    for round in history:
        if metric in round.metrics and (not kept or round.labels > kept[-1][0]):
            kept.append((round.labels, round.metrics[metric]))
    return kept


def _caution(score: Interval, metric: str, points: float) -> str:
    half = 100 * (score.high - score.low) / 2
    if not is_share(metric) or half <= points:
        return ""
    return f" (each score is known to ±{half:.1f} points only)"
