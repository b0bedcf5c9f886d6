"""Does the strategy teach the model more than random labels would? And what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from querist.core.keys import scramble
from querist.core.protocols import Model, Question
from querist.core.types import ArmCheck, Floats, Ints, Round
from querist.loop.state import FIRST, Trial
from querist.metrics.arms import ArmTest, paired_arms

if TYPE_CHECKING:
    from querist.loop.ledger import Ledger
    from querist.loop.training import TrainingSet
    from querist.loop.turn import Parts

FEWEST = 30  # control labels, and test items, below which nothing is said
GROWTH = 1.25  # labels between two looks: each look is one more chance of a false alarm
LOST = 2  # lost looks in a row before another strategy stands in
FOLDS = 5
S = TypeVar("S")
_SALT = 0x61726D73  # "arms": keeps the folds apart from every other use of the seed


def check_arms(
    parts: Parts,
    ledger: Ledger,
    training: TrainingSet,
    holdout: TrainingSet,
    seed: int,
    test: ArmTest = paired_arms,
) -> ArmCheck | None:
    """Compare what the strategy's picks taught with what as many random labels teach.

    Two models, both with the labels of the first batch: one learns from the first n picks the
    strategy made with a model, which is what the run had by then; the other from n control
    labels. Both answer the holdout, or, without one, the control labels left out by five
    folds.

    Parameters
    ----------
    test : callable
        Judges the paired credits; another one may replace the bootstrap.

    Returns
    -------
    ArmCheck or None
        None with fewer than 30 control labels or picks.
    """
    start, picked, control = arms_of(ledger, training)
    if min(len(control), len(picked)) < FEWEST:
        return None
    on_holdout = len(holdout) >= FEWEST
    fold = scramble(ledger.keys[training.rows[control]], seed, _SALT) % np.uint64(FOLDS)
    ours: list[Floats] = []
    theirs: list[Floats] = []
    least = len(picked)
    for k in range(1 if on_holdout else FOLDS):
        out = np.zeros(len(control), dtype=bool) if on_holdout else fold == k
        if not on_holdout and not out.any():
            continue
        n = min(int(np.count_nonzero(~out)), len(picked))
        least = min(least, n)
        if on_holdout:
            rows, targets = holdout.rows, holdout.targets
        else:
            rows, targets = training.rows[control[out]], training.targets[control[out]]
        for arm, credits in ((picked[:n], ours), (control[~out][:n], theirs)):
            model = _fit(parts, ledger, training, np.sort(np.concatenate([start, arm])), seed)
            credits.append(_credit(parts.question, model, ledger.pool.items(rows), targets))
    found = test(np.concatenate(ours), np.concatenate(theirs), seed)
    on = "holdout" if on_holdout else "control"
    return ArmCheck(found.gap, least, found.items, on, found.loses)


def is_due(past: Sequence[Round], labels: int, trial: Trial = FIRST) -> bool:
    """Whether the labels have grown by a quarter since the last look of this trial.

    Examples
    --------
    >>> from querist.core.types import Interval
    >>> check = ArmCheck(Interval(0.0, -0.1, 0.1), 30, 30, "control", lost=False)
    >>> past = [Round(0, labels=300, check=check), Round(1, labels=340)]
    >>> is_due(past, 360), is_due(past, 375), is_due(past, 360, Trial(1, since=1))
    (False, True, True)
    """
    looked = [turn.labels for turn in past[trial.since :] if turn.check is not None]
    return not looked or labels >= GROWTH * looked[-1]


def has_lost(checks: Iterable[ArmCheck]) -> bool:
    """Whether, after these checks, another strategy picks in the place of the campaign's own.

    After two lost in a row. It ends with a check that finds the strategy level or ahead: an
    interval that merely reaches above 0 again does not say so.

    Examples
    --------
    >>> from querist.core.types import Interval
    >>> behind = ArmCheck(Interval(-0.2, -0.3, -0.1), 30, 30, "control", lost=True)
    >>> unsure = ArmCheck(Interval(-0.1, -0.3, 0.1), 30, 30, "control", lost=False)
    >>> level = ArmCheck(Interval(0.0, -0.1, 0.1), 30, 30, "control", lost=False)
    >>> [has_lost(seen) for seen in ([behind], [behind, unsure, behind], [behind, behind])]
    [False, False, True]
    >>> [has_lost([behind, behind, last]) for last in (unsure, level)]
    [True, False]
    """
    back, lost = False, 0
    for check in checks:
        lost = lost + 1 if check.lost else 0
        back = check.gap.value < 0 if back else lost >= LOST
    return back


def stand_in(fallback: S | None, rounds: Sequence[Round], trial: Trial) -> S | None:
    """Who picks instead of a strategy that lost; None while it picks itself."""
    return fallback if has_lost(_checks(rounds, trial)) else None


def last_check(rounds: Sequence[Round], trial: Trial) -> tuple[int, ArmCheck] | None:
    """The newest check of this trial and the labels there were; None before the first."""
    seen = ((turn.labels, turn.check) for turn in reversed(rounds[trial.since :]))
    return next(((labels, check) for labels, check in seen if check is not None), None)


def arms_remark(fallback: object, rounds: Sequence[Round], trial: Trial) -> str | None:
    """What the checks so far say, and what is done about it; None where there is no loss."""
    found = last_check(rounds, trial)
    if found is None:
        return None
    labels, check = found
    checks, said = _checks(rounds, trial), f"at {labels:,} labels, {_told(check)}"
    if has_lost(checks):
        if fallback is not None:
            return (
                f"the strategy loses to random in {LOST} checks in a row; until one finds it "
                f"level, {fallback} picks. Last: {said}. change(strategy=...) names "
                "another"
            )
    elif rounds[-1].check is check and has_lost(checks[:-1]) and fallback is not None:
        return f"the strategy no longer trails random and picks again: {said}"
    if not check.lost:
        return None
    if fallback is not None:
        return (
            f"the strategy loses to random: {said}; if the next check, at "
            f"{int(np.ceil(GROWTH * labels)):,} labels, says the same, {fallback} picks"
        )
    return (
        f"the strategy loses to random: {said}; fall back to random or to coverage: "
        'change(strategy="random") or change(strategy="kmeans")'
    )


def arms_of(ledger: Ledger, training: TrainingSet) -> tuple[Ints, Ints, Ints]:
    """Places in the training set: first batch, picks with a model, control; each as asked.

    Items that were imported, told unasked or requested by name are in none; nor are picks of
    another strategy or model than the present ones, of a stand-in among them.
    """
    state = ledger.state
    found: dict[str, list[tuple[int, int, int]]] = {"start": [], "open": [], "control": []}
    for place, item_id in enumerate(training.ids):
        tasks = [state.tasks[t] for t in state.by_item.get(item_id, ())]
        asked = [task for task in tasks if task.why.arm in ("open", "control")]
        if asked:
            task = asked[-1]  # earlier ones were withdrawn unanswered
            arm = task.why.arm
            if arm == "open" and task.model_version is None:
                arm = "start"
            elif arm == "open" and (task.stood_in or task.trial != state.trial.number):
                continue
            found[arm].append((task.batch, task.why.rank, place))
    start, picked, control = (
        np.array([place for *_, place in sorted(rows)], dtype=np.int64) for rows in found.values()
    )
    return start, picked, control


def _checks(rounds: Sequence[Round], trial: Trial) -> list[ArmCheck]:
    return [turn.check for turn in rounds[trial.since :] if turn.check is not None]


def _told(check: ArmCheck) -> str:
    on = "holdout" if check.on == "holdout" else "left-out control"
    return (
        f"after the same first batch, the first {check.n:,} labels of the strategy against "
        f"{check.n:,} control labels, on {check.items:,} {on} items: {check.gap.value:+.3f} "
        f"[{check.gap.low:+.3f}, {check.gap.high:+.3f}] an item (98 % interval)"
    )


def _fit(parts: Parts, ledger: Ledger, training: TrainingSet, places: Ints, seed: int) -> Model:
    items = ledger.pool.items(training.rows[places])
    return parts.model.fit(items, training.targets[places], seed=seed)


def _credit(question: Question, model: Model, items: Any, targets: NDArray[Any]) -> Floats:
    """What each answer is worth: 1 or 0, the share of right labels, or minus the error."""
    said = model.predict(items, frozenset({"value"})).value
    assert said is not None
    if question.view == "number":
        off: Floats = -np.abs(np.asarray(said, dtype=np.float64) - targets)
        return off
    right = np.asarray(said == targets, dtype=np.float64)
    share: Floats = right.reshape(len(right), -1).mean(axis=1)
    return share
