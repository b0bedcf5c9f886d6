"""The recipe of a campaign: every setting, its defaults, and what is odd about it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from querist.core.errors import BadInput
from querist.loop.live import LIVE, check_live, is_number
from querist.loop.mistakes import Mistakes

CYCLES = (5, 15)  # rounds in which most campaigns do their work
BATCH = (200, 1000)  # batch sizes that balance retraining against staleness
ENOUGH = 100  # control labels: the 95 % interval of a score of 0.9 is 6 points either side
SEED_SHARE = (0.01, 0.05)
PICK_LIMIT = 600.0  # seconds
DISTINCT = ("off", "batch", "pool")


@dataclass(frozen=True)
class Recipe:
    """Settings of a campaign that are numbers; parts (model, strategy...) stand beside it.

    Attributes
    ----------
    batch : int
        Items per round.
    start : int
        Items of the first batch, chosen before any model exists.
    budget : int or None
        Labels that may be bought, holdout labels included.
    price : float or None
        Money per label.
    control : float
        Share of every batch drawn uniformly at random, in [0, 1).
    control_until : int or None
        Control labels from which on that share shrinks; None: never.
    holdout, stop_set : int or float
        Items reserved for measuring, as a count or a share of the pool.
    distinct : str
        Near-duplicates are kept out of a batch ("batch"); copies of what is labelled already
        step back as well ("pool"); or neither ("off").
    seed : int
        Decides every draw.
    pick_limit : float
        Seconds a choice may be estimated to take; above it `step` refuses. 0 allows all.
    mistakes : tuple of k tuples of k floats, or None
        Cost of deciding for the column when the row is true; None counts all alike.
    overlap : float
        People who answer an item, on average.
    depth : int
        Batches the queue holds after a step.
    order : str
        How a batch is served: most wanted first ("rank"), or neighbours alike ("similar").
    """

    batch: int
    start: int
    budget: int | None = None
    price: float | None = None
    control: float = 0.10
    control_until: int | None = None
    holdout: float = 0
    stop_set: float = 0
    distinct: str = "pool"
    seed: int = 0
    pick_limit: float = PICK_LIMIT
    mistakes: Mistakes | None = None
    overlap: float = 1.0
    depth: int = 1
    order: str = "rank"

    def to_json(self) -> dict[str, Any]:
        """Plain dict for the log."""
        rows = None if self.mistakes is None else [list(row) for row in self.mistakes]
        return {**vars(self), "mistakes": rows}


def make_recipe(pool_size: int, settings: Mapping[str, Any]) -> Recipe:
    """Check the settings and fill in what was left open.

    The default batch is 2 % of the pool, kept within 200 to 1,000, but never more than a
    tenth of the pool or of the budget, so that the run has about ten rounds. A `start` below 1
    is a share of the pool.

    Raises
    ------
    BadInput
        For a setting out of range.

    Examples
    --------
    >>> make_recipe(50_000, {}).batch
    1000
    >>> make_recipe(2_000, {"budget": 300}).batch, make_recipe(2_000, {"start": 0.02}).start
    (30, 40)
    >>> make_recipe(100, {"batch": 50, "budget": 20})
    Traceback (most recent call last):
    querist.core.errors.BadInput: budget 20 is below batch 50: lower batch or raise budget
    """
    given = {name: value for name, value in settings.items() if value is not None}
    budget, price, first = given.get("budget"), given.get("price"), given.get("start")
    if isinstance(first, float) and 0 < first < 1:
        given["start"] = max(1, round(first * pool_size))
    for name in ("batch", "start", "budget"):
        value = given.get(name)
        if value is None:
            continue
        if not is_whole(value) or value < 1:
            share = ", or a share of the pool, below 1" if name == "start" else ""
            raise BadInput(f"{name} is a count of labels, 1 or more{share}, but got {value!r}")
        given[name] = int(value)
    if "seed" in given:
        if not is_whole(given["seed"]) or given["seed"] < 0:
            raise BadInput(f"seed is a whole number, 0 or more, but got {given['seed']!r}")
        given["seed"] = int(given["seed"])
    budget, limit = given.get("budget"), given.get("pick_limit", PICK_LIMIT)
    if not (is_number(limit) and limit >= 0):
        raise BadInput(
            f"pick_limit is seconds a choice may take, 0 or more (0 allows all), but got {limit!r}"
        )
    given["pick_limit"] = float(limit)
    enough = given.get("control_until")
    if enough is not None and not (is_whole(enough) and enough >= ENOUGH):
        raise BadInput(
            f"control_until is a count of control labels, {ENOUGH} or more, since fewer measure "
            f"too little to shrink their share; got {enough!r}"
        )
    if enough is not None:
        given["control_until"] = int(enough)
    given |= {name: check_live(name, given[name]) for name in LIVE if name in given}
    if "mistakes" in given:
        given["mistakes"] = tuple(tuple(row) for row in given["mistakes"])
    if price is not None and not (is_number(price) and price >= 0):
        raise BadInput(f"price is money per label, 0 or more, but got {price!r}")
    if "batch" in given and budget is not None and given["batch"] > budget:
        raise BadInput(
            f"budget {budget} is below batch {given['batch']}: lower batch or raise budget"
        )
    if "batch" not in given:
        size = min(max(round(0.02 * pool_size), BATCH[0]), BATCH[1], math.ceil(pool_size / 10))
        given["batch"] = size if budget is None else min(size, math.ceil(budget / 10))
    given.setdefault("start", given["batch"])
    if given.get("distinct", "pool") not in DISTINCT:
        raise BadInput(f"distinct is one of {DISTINCT}, but got {given['distinct']!r}")
    unknown = sorted(set(given) - set(Recipe.__dataclass_fields__))
    if unknown:
        known = sorted(Recipe.__dataclass_fields__)
        raise BadInput(f"unknown settings {unknown}; known are {known}")
    return Recipe(**given)


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number, whatever its type.

    Examples
    --------
    >>> is_whole(5.0), is_whole(2.5), is_whole(True), is_whole("5")
    (True, False, False, False)
    """
    return is_number(value) and float(value).is_integer()


def plan_remarks(recipe: Recipe, pool_size: int) -> tuple[str, ...]:
    """What an experienced person would say about the plan; never a refusal.

    Examples
    --------
    >>> for line in plan_remarks(Recipe(batch=10, start=10, budget=1000), 100_000): print(line)
    seed of 10 labels is 0.01 % of the pool; 1 to 5 %, or a few hundred, is usual
    batch 10 and budget 1000 make about 100 rounds; 5 to 15 is usual
    """
    said = []
    share = recipe.start / pool_size
    few_hundred = recipe.start >= BATCH[0]
    if (share < SEED_SHARE[0] and not few_hundred) or (share > SEED_SHARE[1] and few_hundred):
        said.append(
            f"seed of {recipe.start} labels is {100 * share:.2g} % of the pool; "
            "1 to 5 %, or a few hundred, is usual"
        )
    if recipe.budget is not None:
        holdout = recipe.holdout * (pool_size if recipe.holdout < 1 else 1)
        rounds = math.ceil((recipe.budget - holdout) / recipe.batch)
        if not CYCLES[0] <= rounds <= CYCLES[1]:
            said.append(
                f"batch {recipe.batch} and budget {recipe.budget} make about {rounds} rounds; "
                f"{CYCLES[0]} to {CYCLES[1]} is usual"
            )
        if recipe.budget > pool_size:
            said.append(f"the budget of {recipe.budget} labels would label all {pool_size} items")
    return tuple(said)


def small_batch_remark(batch: int, train_seconds: float) -> str | None:
    """Warn when retraining costs much for what a batch brings.

    Examples
    --------
    >>> small_batch_remark(10, 5.0)
    'batch 10 retrains for 0.5 s per label (5.0 s a round); a larger batch wastes less'
    """
    per_label = train_seconds / max(batch, 1)
    if batch >= BATCH[0] or per_label < 0.05:
        return None
    return (
        f"batch {batch} retrains for {per_label:.2g} s per label ({train_seconds:.1f} s a round); "
        "a larger batch wastes less"
    )
