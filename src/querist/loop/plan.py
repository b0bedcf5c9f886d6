"""The plan of a campaign: first batch, batches, cycles, holdout, and what they cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from querist.core.errors import BadInput
from querist.loop.recipe import BATCH, CYCLES, SEED_SHARE, is_whole, make_recipe, small_batch_remark
from querist.metrics.intervals import wilson_size

WIDTH, SCORE = 0.05, 0.9
MOST_HOLDOUT = 0.2  # share of all labels


@dataclass(frozen=True)
class Plan:
    """Counts of labels, and what is unusual about them.

    Attributes
    ----------
    items : int
        The pool.
    seed, batch, cycles, holdout : int
        First batch; items of a later one; how many of those; labels kept for measuring.
    labels : int
        All of them together.
    price : float or None
        Money per label.
    flags : tuple of str
        What is out of range, with the range.
    """

    items: int
    seed: int
    batch: int
    cycles: int
    holdout: int
    labels: int
    price: float | None
    flags: tuple[str, ...]

    @property
    def money(self) -> dict[str, float] | None:
        """Money by part, and in total; None without a price."""
        if self.price is None:
            return None
        parts = {
            "seed": self.seed,
            "batches": self.labels - self.seed - self.holdout,
            "holdout": self.holdout,
            "total": self.labels,
            "everything": self.items,
        }
        return {name: round(self.price * count, 2) for name, count in parts.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain values for scripts."""
        return {**vars(self), "flags": list(self.flags), "money": self.money}


def plan(
    items: int,
    *,
    budget: int | None = None,
    batch: int | None = None,
    start: float | None = None,
    cycles: int | None = None,
    holdout: int | None = None,
    width: float = WIDTH,
    score: float = SCORE,
    price: float | None = None,
    seconds: float = 0.0,
) -> Plan:
    """Lay out a campaign: what is left open gets the default, nothing unusual is refused.

    Parameters
    ----------
    items : int
        Items of the pool.
    budget : int, optional
        All labels, those of the holdout included; without it, ten cycles.
    batch, cycles : int, optional
        Items of a batch, and batches after the first one. Of budget, batch and cycles two give
        the third; with all three left open, the default batch.
    start : int or float, optional
        Items of the first batch, as a count or a share of the pool.
    holdout : int, optional
        Labels kept for measuring; by default as many as make the 95 % Wilson interval of a
        score of `score` at most `width` wide, but at most a tenth of the pool and a fifth of
        the budget.
    price : float, optional
        Money per label.
    seconds : float
        Time one retraining takes, where it is known.

    Raises
    ------
    BadInput
        For a count that is none, or a budget that leaves nothing to train on.

    Examples
    --------
    >>> found = plan(50_000, budget=5_000, price=0.2)
    >>> found.seed, found.batch, found.cycles, found.holdout, found.money["total"]
    (500, 500, 8, 557, 1000.0)
    """
    if cycles is not None and (not is_whole(cycles) or cycles < 1):
        raise BadInput(f"cycles is a count of batches, 1 or more, but got {cycles!r}")
    if not is_whole(items) or items < 2:
        raise BadInput(f"items is how many items the pool holds, 2 or more, but got {items!r}")
    if holdout is not None and (not is_whole(holdout) or not 0 <= holdout < items):
        raise BadInput(f"holdout is a count of items, below the {items:,} there are: {holdout!r}")
    recipe = make_recipe(items, {"batch": batch, "start": start, "budget": budget, "price": price})
    sizes = {"": wilson_size(width, score), "a tenth of the pool": items // 10}
    if budget is not None:
        sizes["a fifth of the budget"] = int(MOST_HOLDOUT * budget)
    bound = min(sizes, key=lambda name: sizes[name])  # what the default holdout comes to
    kept = sizes[bound] if holdout is None else int(holdout)
    size, first = recipe.batch, min(recipe.start, items - kept)
    if budget is not None:
        left = budget - kept - first
        if left < 0:
            raise BadInput(
                f"the budget of {budget:,} labels does not pay for a holdout of {kept:,} and a "
                f"first batch of {first:,}: raise the budget, or lower one of these"
            )
        if cycles is not None and batch is None:
            size = max(math.ceil(left / cycles), 1)
        left = min(left, items - kept - first)
        rounds = math.ceil(left / size) if cycles is None else cycles
    else:
        rounds, left = cycles or 10, items - kept - first
    trained = min(rounds * size, left)
    rounds = math.ceil(trained / size)
    made = Plan(items, first, size, rounds, kept, first + trained + kept, price, ())
    flags = _flags(made, budget, seconds)
    if holdout is None and bound:
        flags += (f"holdout {kept:,} is {bound}; an interval {width:g} wide takes {sizes['']:,}",)
    return Plan(**{**vars(made), "flags": flags})


def _flags(made: Plan, budget: int | None, seconds: float) -> tuple[str, ...]:
    """What an experienced person would say."""
    said, share = [], made.seed / made.items
    low, high = SEED_SHARE
    if (share < low and made.seed < BATCH[0]) or (share > high and made.seed >= BATCH[0]):
        said.append(
            f"seed {made.seed:,} is {100 * share:.2g} % of the pool; 1 to 5 %, or a few hundred, "
            "is usual"
        )
    if not BATCH[0] <= made.batch <= BATCH[1]:
        said.append(f"batch {made.batch:,} is outside the usual {BATCH[0]} to {BATCH[1]:,}")
    if not CYCLES[0] <= made.cycles <= CYCLES[1]:
        said.append(f"{made.cycles:,} cycles are outside the usual {CYCLES[0]} to {CYCLES[1]}")
    remark = small_batch_remark(made.batch, seconds)
    if remark:
        said.append(remark)
    if made.holdout > MOST_HOLDOUT * made.labels:
        said.append(
            f"holdout {made.holdout:,} is {100 * made.holdout / made.labels:.0f} % of all "
            "labels; a wider interval costs fewer"
        )
    if budget is not None and made.labels < budget:
        said.append(f"{budget - made.labels:,} labels of the budget are not spent by this plan")
    if made.labels == made.items:
        said.append(f"this labels all {made.items:,} items: there is nothing to choose")
    return tuple(said)
