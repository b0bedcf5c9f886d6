"""Does the strategy teach the model more than random labels would? From the control slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from querist.core.keys import scramble
from querist.core.protocols import Model, Question
from querist.core.types import Floats, Ints
from querist.metrics.arms import Arms, ArmTest, paired_arms

if TYPE_CHECKING:
    from querist.loop.ledger import Ledger
    from querist.loop.training import TrainingSet
    from querist.loop.turn import Parts

FEWEST = 30  # control labels, and test items, below which nothing is said
FOLDS = 5
_SALT = 0x61726D73  # "arms": keeps the folds apart from every other use of the seed


@dataclass(frozen=True)
class ArmCheck:
    """The strategy against random at equal labels: `n` of each, after the same first batch."""

    arms: Arms
    n: int
    on: str

    @property
    def loses(self) -> bool:
        """Whether the strategy is shown to teach less than random labels."""
        return self.arms.loses

    def __str__(self) -> str:
        gap = self.arms.gap
        return (
            f"after the same first batch, the first {self.n:,} labels of the strategy against "
            f"{self.n:,} control labels, on {self.arms.items:,} {self.on} items: "
            f"{gap.value:+.3f} [{gap.low:+.3f}, {gap.high:+.3f}] an item (98 % interval)"
        )


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
    return ArmCheck(found, least, "holdout" if on_holdout else "left-out control")


def fall_back_remark(check: ArmCheck | None) -> str | None:
    """The advice where the strategy is shown to lose; None where it is not."""
    if check is None or not check.loses:
        return None
    return (
        f"the strategy loses to random: {check}; fall back to random or to coverage: "
        'change(strategy="random") or change(strategy="kmeans")'
    )


def arms_of(ledger: Ledger, training: TrainingSet) -> tuple[Ints, Ints, Ints]:
    """Places in the training set: first batch, picks with a model, control; each as asked.

    Items that were imported, told unasked or requested by name are in none.
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
            found[arm].append((task.round, task.why.rank, place))
    start, picked, control = (
        np.array([place for *_, place in sorted(rows)], dtype=np.int64) for rows in found.values()
    )
    return start, picked, control


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
