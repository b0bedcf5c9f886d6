"""Frozen values that travel between the floors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from numpy.typing import NDArray

from querist.core.arrays import Floats as Floats
from querist.core.arrays import Ints as Ints
from querist.core.arrays import Positions as Positions
from querist.core.matrices import check_proba as check_proba
from querist.core.signals import Labelled as Labelled
from querist.core.signals import Queries as Queries
from querist.core.signals import Signals as Signals
from querist.core.signals import unchecked_signals as unchecked_signals

Role = Literal["holdout", "stop", "control", "open"]


@dataclass(frozen=True, eq=False)
class Prediction:
    """What a model says of a batch of items; only what was asked for is filled.

    Parameters
    ----------
    value : array (n,)
        The predicted class position, or the predicted number.
    proba : array (n, k), decision : array (n,) or (n, k), draws : array (n, s, k)
        As in `Signals`.
    vectors : array (n, d)
        Learned features, where the model has them.
    """

    value: NDArray[Any] | None = None
    proba: Floats | None = None
    decision: Floats | None = None
    draws: Floats | None = None
    vectors: Floats | None = None


@dataclass(frozen=True)
class Verdict:
    """A stopping rule's state: whether to stop, why in plain words, how near (0 to 1).

    Examples
    --------
    >>> Verdict(False, "40 of 100 labels bought", 0.4).stop
    False
    """

    stop: bool
    reason: str
    progress: float | None = None


@dataclass(frozen=True)
class Task:
    """One question about one item, handed to one annotator.

    What could sway whoever answers is not in its text: a control item is served blind.

    Attributes
    ----------
    task_id, item_id : str
    item : Any
        What the annotator sees: a text, a row as a dict, an image path or array.
    view : str
        Name of the widget that asks the question.
    round : int
        The round that queued it.
    until : float
        When its lease ends, in seconds since 1970.
    arm : str
        What it was queued for: "open", "control", "holdout", "requested".
    guess : Any
        The answer the model held likeliest when the item was queued; None without a model.
    sure : float or None
        Its probability, where the model gives one.
    """

    task_id: str
    item_id: str
    item: Any
    view: str
    round: int = -1
    until: float = 0.0
    arm: str = field(default="", repr=False)
    guess: Any = field(default=None, repr=False)
    sure: float | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval (95 % unless the owner says otherwise).

    Examples
    --------
    >>> str(Interval(0.9, 0.85, 0.94))
    '0.900 [0.850, 0.940]'
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class ArmCheck:
    """What the strategy's picks taught, held against as many control labels.

    Attributes
    ----------
    gap : Interval
        Mean credit of an item under the strategy's labels less that under the control labels.
    n : int
        Labels of each, after the same first batch.
    items : int
        Items both models answered.
    on : str
        Which they were: "holdout", or "control" (those left out of the training).
    lost : bool
        Whether the strategy is shown to teach less.
    """

    gap: Interval
    n: int
    items: int
    on: str
    lost: bool


@dataclass(frozen=True)
class Round:
    """One turn of the ring, as the log tells it.

    Attributes
    ----------
    number : int
        0 for the cold start, then one more per trained model.
    labels, holdout : int
        Training labels folded into this round's model, and labels it was measured on.
    bought : int
        Labels paid for so far: training, holdout and repeats; imported ones are not.
    spent : float
        Labels bought so far times the price; 0 without a price.
    model_version : int or None
        None while nothing is trained.
    data_version : str
        Content hash of the training set.
    metrics : mapping of str to Interval
        Empty until there is something honest to measure on; `measured_on` says on what.
    measured_on : str
        "holdout", "control" (cross-fitted) or "" when nothing was measured.
    verdicts : mapping of str to Verdict
        What each stopping rule says; the key "stop" holds the combined one.
    queued : int
        Tasks put into the queue by this round.
    seconds : mapping of str to float
        Time spent in fit, measure, score, select.
    notes : tuple of str
        Plain-word remarks, such as classes not seen yet.
    check : ArmCheck or None
        The strategy against the control slice, in the rounds that looked.
    fallback : str
        Who picked in the strategy's place, since it had lost to the control slice; "" nobody.
    """

    number: int
    labels: int = 0
    holdout: int = 0
    bought: int = 0
    spent: float = 0.0
    model_version: int | None = None
    data_version: str = ""
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    measured_on: str = ""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    queued: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    check: ArmCheck | None = None
    fallback: str = ""

    @property
    def stop(self) -> bool:
        """Whether the combined stopping rule says stop."""
        verdict = self.verdicts.get("stop")
        return verdict is not None and verdict.stop


@dataclass(frozen=True, eq=False)
class Picks:
    """A strategy's choice with what must be recorded of it.

    Attributes
    ----------
    positions : array (m,)
        Distinct rows of the signals, most wanted first.
    scores : array (m,) or None
        The score that decided each pick, where the strategy has one.
    names : tuple of str, length m
        Which strategy picked each one (the parts of a `Mix` differ).
    probability : array (m,)
        Chance of each pick given the candidates: 1 when nothing was drawn, NaN when unknown.
    """

    positions: Positions
    scores: Floats | None
    names: tuple[str, ...]
    probability: Floats
