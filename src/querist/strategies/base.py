"""What strategies are built on: `Strategy`, `Score` (element-wise), `Weighable` (set-wise)."""

from __future__ import annotations

from abc import abstractmethod
from numbers import Real
from typing import TYPE_CHECKING

from querist.core.types import Floats, Picks, Signals
from querist.strategies.checks import checked_scores
from querist.strategies.strategy import Strategy
from querist.strategies.stream import best_of
from querist.strategies.ties import Rng, tie_keys, tie_keys_of

if TYPE_CHECKING:
    from querist.strategies.compose import Chain, Stage

__all__ = ["Rng", "Score", "Strategy", "Weighable", "checked_scores", "tie_keys", "tie_keys_of"]


class Score(Strategy):
    """A strategy that judges each candidate by itself; subclasses write `score`.

    Scores combine by plain arithmetic on the raw numbers (nothing is rescaled):
    ``0.7 * Entropy() + 0.3 * Density()``, ``Entropy() * Density()``. ``>>`` hands the best
    on to a set-wise strategy: ``Entropy() >> Top(10_000) >> KCenter()``.

    Attributes
    ----------
    row_by_row : bool
        Whether a candidate's score is the same, to the last bit, whoever else is there: then
        the pool is scored in blocks and no table of all scores is held.
    """

    row_by_row: bool = False
    __array_ufunc__ = None  # a numpy number times a Score is a Score, not an array

    @abstractmethod
    def score(self, signals: Signals) -> Floats:
        """One number per candidate, (n,); higher = more wanted."""

    def score_above(self, signals: Signals, floor: float) -> Floats:
        """`score`, where any number below `floor` may stand for a score below it, (n,)."""
        return self.score(signals)

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        return self.picks(*best_of(self, signals, n, tie_keys_of(signals, rng)), 1.0)

    def __add__(self, other: Score) -> Score:
        from querist.strategies.arithmetic import Sum

        return Sum.of(self, other) if isinstance(other, Score) else NotImplemented

    def __mul__(self, other: Score | float) -> Score:
        from querist.strategies.arithmetic import Product, Sum

        if isinstance(other, Score):
            return Product.of(self, other)
        if not isinstance(other, Real):
            return NotImplemented
        return Sum.of(self, times=float(other))

    def __rmul__(self, other: float) -> Score:
        return self * other

    def __rshift__(self, stage: Stage) -> Chain:
        from querist.strategies.compose import Chain

        return Chain((self, stage))


class Weighable(Strategy):
    """A set-wise strategy that can weigh its candidates: `Margin() >> KMeansSampling()`."""

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        return self.pick_weighted(signals, None, n, rng)

    @abstractmethod
    def pick_weighted(self, signals: Signals, weights: Floats | None, n: int, rng: Rng) -> Picks:
        """Choose exactly `n`; `weights` (n,) say how much each candidate counts, None equally."""
