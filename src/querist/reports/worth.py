"""Whether active learning is worth it, in words: reasons, each with its number and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from querist.core.types import Interval

GO, MAYBE, DONT = "go", "maybe", "don't"
OWN, GIVEN, RANGE = "your own data", "what you gave", "usual range, no measurement"
ASSUMED = "an assumption; give your own"

# Measured: share of random's labels that `auto` saved at a budget of 1,000, ten seeds.
# tests/loop/test_worth.py compares these with the committed results.
SAVINGS: Mapping[str, Interval] = {
    "trec6": Interval(0.37, 0.25, 0.49),
    "optdigits": Interval(0.67, 0.6, 0.72),
}
SAVED_IN = "benchmarks/results/default_recipe.json"
CLAIMS_IN = "benchmarks/results/strategy_claims.json"
CONFUSABLE = Interval(0.039, 0.029, 0.048)  # banking77, card intents: margin less random, height
RARE = (18.0, 2.0)  # optdigits, the eights: positives in 200 labels, margin and random
NOISE = Interval(0.0, -0.013, 0.013)  # a tenth with random labels: margin less random


@dataclass(frozen=True)
class Reason:
    """One reason: which way it speaks, in what words, on which number, and whose number it is.

    Attributes
    ----------
    side : {"for", "against", "open"}
    decides : bool
        Whether an "against" alone rules it out.
    """

    side: Literal["for", "against", "open"]
    text: str
    number: float
    source: str
    decides: bool = False

    def __str__(self) -> str:
        return f"{self.side}: {self.text} ({self.source})"


@dataclass(frozen=True)
class Assessment:
    """Go, maybe or don't, with every reason.

    Attributes
    ----------
    verdict : {"go", "maybe", "don't"}
    reasons : tuple of Reason
        Those that decide first.
    saving : Interval
        Share of random's labels that was saved where it was measured: no promise.
    labels : int
        Labels random would take: what the saving is a share of.
    overhead : float
        Money for set-up and computing.
    """

    verdict: str
    reasons: tuple[Reason, ...]
    saving: Interval
    labels: int
    overhead: float

    def __str__(self) -> str:
        return "\n".join([self.verdict, *map(str, self.reasons)])

    def to_json(self) -> dict[str, Any]:
        """Plain values for scripts."""
        return {
            "verdict": self.verdict,
            "reasons": [vars(reason) for reason in self.reasons],
            "saving": vars(self.saving),
            "saving_from": SAVED_IN,
            "labels": self.labels,
            "overhead": round(self.overhead, 2),
        }


def decide(reasons: list[Reason]) -> tuple[str, tuple[Reason, ...]]:
    """The verdict of the reasons, and their order.

    Anything that rules it out: don't. Nothing but reasons for it, one at least: go.

    Examples
    --------
    >>> decide([Reason("for", "labels are dear", 2.0, GIVEN)])[0]
    'go'
    >>> decide([Reason("open", "no price", 0.0, GIVEN)])[0]
    'maybe'
    """
    order = {"against": 0, "open": 1, "for": 2}
    ranked = tuple(sorted(reasons, key=lambda r: (not r.decides, order[r.side])))
    if any(reason.decides for reason in reasons):
        return DONT, ranked
    sides = {reason.side for reason in reasons}
    return (GO if sides == {"for"} else MAYBE), ranked


def saving_of(kind: str) -> tuple[Interval, str]:
    """The measured saving nearest to a kind of data, and where it was measured.

    Texts: the one text set. Others: from the lower end of one set to the upper end of the
    other, since a table may be as hard as a text.

    Examples
    --------
    >>> str(saving_of("text")[0])
    '0.370 [0.250, 0.490]'
    """
    text, digits = SAVINGS["trec6"], SAVINGS["optdigits"]
    if kind == "text":
        return text, f"TREC-6 questions, {SAVED_IN}"
    both = Interval((text.value + digits.value) / 2, text.low, digits.high)
    return both, f"TREC-6 and optdigits, {SAVED_IN}"
