"""Batches split between strategies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Positions, Signals
from querist.strategies.base import Rng, Strategy
from querist.strategies.foreign import as_strategy
from querist.strategies.parts import declare, join, narrow


class Mix(Strategy):
    """Split each batch between strategies by shares, largest remainder first.

    The parts pick in order, each from what the ones before it left, so no item comes twice;
    `Picks.names` tells who picked what. Shares of a batch of one all go to the largest part.

    Parameters
    ----------
    parts : mapping of strategy to share, or pairs (strategy, share)
        Shares are positive and are scaled to sum to one.

    Examples
    --------
    >>> from querist.strategies import Margin, Random
    >>> Mix({Margin(): 0.9, Random(): 0.1}).counts(25)
    [23, 2]
    """

    def __init__(self, parts: Mapping[Any, float] | Iterable[tuple[Any, float]]) -> None:
        pairs = list(parts.items() if isinstance(parts, Mapping) else parts)
        self.parts = tuple(as_strategy(strategy) for strategy, _ in pairs)
        shares = np.array([share for _, share in pairs], dtype=np.float64)
        if not len(pairs) or not (np.isfinite(shares).all() and (shares > 0).all()):
            raise BadInput(f"Mix takes strategies with positive shares, but got {parts!r}")
        self.shares = tuple((shares / shares.sum()).tolist())
        declare(self, self.parts)

    def __repr__(self) -> str:
        said = (f"{p!r}: {share:g}" for p, share in zip(self.parts, self.shares, strict=True))
        return f"Mix({{{', '.join(said)}}})"

    @property
    def name(self) -> str:
        """The expression itself."""
        return repr(self)

    def counts(self, n: int) -> list[int]:
        """How many of a batch of `n` each part picks (largest remainder, first part on ties)."""
        quotas = np.array(self.shares) * n
        whole = np.floor(quotas + 1e-9).astype(int)
        late = np.argsort(-(quotas - whole), kind="stable")[: n - int(whole.sum())]
        whole[late] += 1
        return [int(count) for count in whole]

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        left = np.arange(len(signals))
        done: list[tuple[Positions, Picks]] = []
        for part, count in zip(self.parts, self.counts(n), strict=True):
            if count:
                picks = part.pick(narrow(signals, left, part), count, rng)
                done.append((left[picks.positions], picks))
                left = np.delete(left, picks.positions)
        return join(done)
