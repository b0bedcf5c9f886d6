"""Batches in which every group has its share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from querist.core.signals import FROM_MODEL
from querist.core.types import Floats, Ints, Picks, Positions, Signals
from querist.selection.quotas import seats
from querist.strategies.base import Rng, Strategy
from querist.strategies.distinct import Distinct
from querist.strategies.foreign import as_strategy
from querist.strategies.margin import Margin
from querist.strategies.parts import declare, in_order, join, narrow
from querist.strategies.random import Random
from querist.strategies.shares import checked_shares


class GroupQuota(Strategy):
    """Give every group of items its share of each batch; the base picks within the group.

    Of n picks a group with share q gets floor(q n) or ceil(q n), drawn so that q n is the
    mean over batches, and batches of one take turns too. Shares below 1 in sum leave the
    rest of the batch to the base, from all groups. What a group lacks, once its candidates
    run out, goes to the others by their shares. Best for: cases that are rare in the pool
    and must be known all the same. Fails when: the base spreads a batch (`KCenter`), as it
    spreads within groups alone. Cost: the base's on each group, and O(n log n) time.

    Parameters
    ----------
    base : Strategy or str
        Who picks within a group; `Margin()` by default.
    shares : {"equal", "proportional"} or mapping of group to share
        Every group that has candidates alike; each as large as it is among the candidates;
        or so much for each group named, at most 1 together.

    Raises
    ------
    BadInput
        For shares that are no shares; in a campaign also for a group that no item is in.

    Examples
    --------
    >>> signals = Signals(
    ...     proba=np.array([[0.5, 0.5], [0.6, 0.4], [0.9, 0.1], [0.8, 0.2]]),
    ...     groups=np.array(["north", "north", "north", "south"]),
    ... )
    >>> sorted(GroupQuota(Margin(), "equal").select(signals, 2, rng=0).tolist())
    [0, 3]
    """

    cost_class = "500 n log n"

    def __init__(self, base: Any = None, shares: str | Mapping[str, float] = "equal") -> None:
        self.base = Margin() if base is None else as_strategy(base)
        self.shares = checked_shares(shares)
        declare(self, [self.base])
        self.needs |= {"groups"}
        self.named_groups = frozenset(() if isinstance(self.shares, str) else self.shares)
        start = self.base.cold_start or (Random() if self.base.needs & FROM_MODEL else None)
        self.cold_start = None if start is None else GroupQuota(start, self.shares)

    def apart(self, tolerance: float, radius: float | None) -> GroupQuota:
        """The same without near-copies, so that a copy is replaced from its own group."""
        return GroupQuota(Distinct(self.base, tolerance, radius), self.shares)

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        names, of = np.unique(np.asarray(signals.groups).astype(str), return_inverse=True)
        sizes = np.bincount(of, minlength=len(names))
        counts, drawn = seats(self._wanted(names, sizes), sizes, n, float(rng.random()))
        done: list[tuple[Positions, Picks]] = []
        turns: list[Floats] = []
        for group in np.flatnonzero(counts):
            rows = np.flatnonzero(of == group)
            picks = self.base.pick(narrow(signals, rows, self.base), int(counts[group]), rng)
            told = np.where(drawn[group], np.nan, picks.probability)
            said = tuple(f"{name} in {names[group]}" for name in picks.names)
            done.append((rows[picks.positions], Picks(picks.positions, picks.scores, said, told)))
            turns.append((np.arange(len(said)) + 0.5) / len(said))
        if free := n - int(counts.sum()):
            taken = np.concatenate([np.empty(0, dtype=np.int64), *(at for at, _ in done)])
            left = np.setdiff1d(np.arange(len(signals)), taken)
            picks = self.base.pick(narrow(signals, left, self.base), free, rng)
            done.append((left[picks.positions], picks))
            turns.append((np.arange(len(picks.positions)) + 0.5) / len(picks.positions))
        order = np.argsort(np.concatenate(turns), kind="stable")  # half a batch is fair as well
        return in_order(join(done), order)

    def _wanted(self, names: Ints, sizes: Ints) -> Floats:
        """Share of each group among the candidates, (g,)."""
        if isinstance(self.shares, str):
            return (
                np.ones(len(names)) / len(names) if self.shares == "equal" else sizes / sizes.sum()
            )
        return np.array([self.shares.get(name, 0.0) for name in names.tolist()])
