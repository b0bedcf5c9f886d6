"""Which strategy for which facts: rules, each with the evidence it stands on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist.strategies.effort import Effort, Sizes, estimate
from querist.strategies.evidence import RULES
from querist.strategies.strategy import Strategy
from querist.strategies.walk import unmet

LARGE_POOL, LARGE_BATCH, SMALL_BATCH = 200_000, 1000, 10


@dataclass(frozen=True)
class Facts:
    """What is known of a labelling task.

    Attributes
    ----------
    sizes : Sizes
        Candidates, batch, dimensions, classes, labelled items.
    question : {"choice", "choices", "number"}
    counts : tuple of int
        Labels per class so far, zeros included.
    gives : frozenset of str
        What the model supplies: "proba", "decision", "draws", ...
    fit, limit : float
        Seconds one training takes, and those a choice may take (0: any).
    """

    sizes: Sizes
    question: str = "choice"
    counts: tuple[int, ...] = ()
    gives: frozenset[str] = frozenset({"proba", "draws"})
    fit: float = 0.0
    limit: float = 600.0

    @property
    def is_unequal(self) -> bool:
        """Whether the rarest class has under a quarter of its fair share, or few classes rule."""
        if not sum(self.counts) or len(self.counts) < 2:
            return False
        shares = np.array(self.counts) / sum(self.counts)
        entropy = -float(np.sum(shares * np.log(np.where(shares > 0, shares, 1.0))))
        return bool(4 * shares.min() * len(shares) < 1 or np.exp(entropy) < 0.6 * len(shares))


@dataclass(frozen=True)
class Advice:
    """A strategy's name, why, what it rests on, where it fails, and what a choice costs."""

    strategy: str
    reason: str
    evidence: str
    fails: str
    cost: str
    effort: Effort | None


def recommend(facts: Facts) -> Advice:
    """The strategy that the evidence speaks for, with its reason; `auto` where none speaks louder.

    Examples
    --------
    >>> recommend(Facts(Sizes(50_000, batch=200, dimensions=64), question="number")).strategy
    'lcmd'
    """
    from querist.strategies import get

    name = next(n for n in _candidates(facts) if _fits(get(n), facts))
    strategy = get(name)
    return Advice(name, *RULES[name], strategy.cost_class, estimate(strategy, facts.sizes))


def _candidates(facts: Facts) -> list[str]:
    sizes = facts.sizes  # names come in the order they are wanted
    if facts.question == "number":
        return ["lcmd", "auto", "random"]
    if facts.question == "choices" or not sizes.labelled:
        return ["auto", "random"]
    if not facts.gives & {"proba", "decision"}:
        return ["query_by_committee", "typi_clust", "random"]
    if facts.is_unequal and sizes.items > LARGE_POOL:
        return ["direct", "auto", "random"]
    if sizes.items > LARGE_POOL or sizes.batch > LARGE_BATCH:
        return ["badge", "power", "random"]
    if sizes.batch < SMALL_BATCH and sizes.labelled >= 10 * sizes.classes:
        return ["margin"]
    return ["auto", "random"]


def _fits(strategy: Strategy, facts: Facts) -> bool:
    """Whether the needs are met and a choice stays below the limit."""
    found = estimate(strategy, facts.sizes)
    took = 0.0 if found is None else found.with_training(facts.fit)
    given = facts.gives | {"vectors", "labelled"}
    return not unmet(strategy, given) and (not facts.limit or took <= facts.limit)
