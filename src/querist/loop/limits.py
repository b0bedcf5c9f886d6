"""What a choice will take, compared with what the campaign allows, before it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist import strategies
from querist.core.errors import TooSlow
from querist.core.formulas import mentions
from querist.core.signals import POINTS
from querist.loop.needs import works_with
from querist.loop.scoring import Scorer
from querist.strategies import Sizes, Strategy, Subsample, estimate

if TYPE_CHECKING:
    from querist.loop.training import TrainingSet

# asked in turn for one that is fast enough; the last works everywhere
INSTEAD = ("auto", "margin", "badge", "lcmd", "avg_confidence", "kmeans", "random")
STEPS = (1, 2, 5)


def sizes_of(
    strategy: Strategy, scorer: Scorer, candidates: int, n: int, training: TrainingSet
) -> Sizes:
    """How large a choice of `n` items is; vectors are looked at only where the cost asks."""
    reads = strategy.needs | strategy.wants
    covered = len(scorer.ledger.covered_rows()) if "reference" in reads else None
    return Sizes(
        items=candidates,
        batch=n,
        dimensions=scorer.space.vectors().shape[1] if mentions(strategy.cost_class, "d") else 1,
        classes=len(getattr(scorer.question, "labels", ())) or 1,
        labelled=len(training),
        points=None if covered is None else min(covered, POINTS),
    )


def check_effort(
    strategy: Strategy, sizes: Sizes, limit: float, fit: float, gives: frozenset[str]
) -> None:
    """Refuse a choice that is estimated to take longer than `limit` seconds; 0 allows all.

    Parameters
    ----------
    fit : float
        Seconds the campaign's model took to train: those of each model of a committee.
    gives : frozenset of str
        What the model supplies, to name strategies that would work instead.

    Raises
    ------
    TooSlow
        With the estimate, and what to do.
    """
    took = seconds_of(strategy, sizes, fit)
    if not limit or took is None or took <= limit:
        return
    raise TooSlow(
        f"{strategy} would take about {spoken(took)} to choose {sizes.batch:,} of "
        f"{sizes.items:,} items, and pick_limit allows {spoken(limit)}. Let it choose among fewer: "
        f"{_fewer(strategy, sizes, limit, fit)}; or allow it: pick_limit={_above(took):.0f} "
        f"(0 allows all); or take one that is faster: {_faster(sizes, limit, fit, gives)}. Nothing "
        "was changed"
    )


def seconds_of(strategy: Strategy, sizes: Sizes, fit: float) -> float | None:
    """Estimated seconds of a choice with the training of its committee; None where unknown."""
    found = estimate(strategy, sizes)
    return None if found is None else found.with_training(fit)


def spoken(seconds: float) -> str:
    """A length of time in one word and a number.

    Examples
    --------
    >>> spoken(0.02), spoken(45), spoken(600), spoken(9000), spoken(400_000)
    ('0.02 s', '45 s', '10 min', '2.5 h', '4.6 days')
    """
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.2g} {unit}"
    return f"{seconds:.2g} s"


def _fewer(strategy: Strategy, sizes: Sizes, limit: float, fit: float) -> str:
    """The largest round sample that is fast enough."""
    base = strategy.base if isinstance(strategy, Subsample) else strategy
    rounds = [step * 10**power for power in range(9) for step in STEPS]
    for size in sorted((r for r in rounds if sizes.batch <= r < sizes.items), reverse=True):
        part = Subsample(base, size)
        took = seconds_of(part, sizes, fit)
        if took is not None and took <= limit:
            return f"strategy={part!r}"
    return "no sample is small enough"


def _above(seconds: float) -> float:
    """A limit that leaves room: an estimate is right to an order of magnitude only."""
    return max(1.0, 2 * seconds)


def _faster(sizes: Sizes, limit: float, fit: float, gives: frozenset[str]) -> str:
    fitting = []
    for name in INSTEAD:
        strategy = strategies.get(name)
        took = seconds_of(strategy, sizes, fit)
        if works_with(strategy, gives) and took is not None and took <= limit:
            fitting.append(name)
    return ", ".join(fitting[:3]) or "random"
