"""What every query strategy is: declared needs, checked input, checked output."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, final

import numpy as np

from querist.core.progress import tick
from querist.core.types import Floats, Picks, Positions, Signals
from querist.strategies.checks import check_count, check_given, check_positions
from querist.strategies.ties import Rng


class Strategy(ABC):
    """Arrays in, distinct positions out; subclasses write `_pick` and declare `needs`.

    Attributes
    ----------
    needs, wants : frozenset of str
        Signals without which the strategy cannot work; those it uses where there are any.
    instead : mapping of str to str
        A signal that will do where a needed one is missing.
    cold_start, fallback : Strategy or None
        Who picks while nothing is labelled, and while the control slice is shown to teach more.
    cost_class : str
        Formula of what a choice costs beside the model ("n d"; see `estimate`); "" unknown.
    may_fall_short, takes_sparse, of_classes : bool
        Whether fewer than asked may be picked; vectors may be sparse; labels must be classes.

    Examples
    --------
    >>> from querist.strategies import Margin
    >>> signals = Signals(proba=np.array([[0.98, 0.02], [0.52, 0.48]]))
    >>> Margin().select(signals, 1, rng=0)
    array([1])
    """

    needs: frozenset[str] = frozenset()
    wants: frozenset[str] = frozenset()
    instead: Mapping[str, str] = MappingProxyType({})
    cold_start: Strategy | None = None
    fallback: Strategy | None = None
    cost_class: str = ""
    may_fall_short: bool = False
    takes_sparse: bool = False
    of_classes: bool = False
    leads_committee: bool = False  # the model itself goes before its committee
    nearest: int = 1  # labelled neighbours looked at, in "distances" and "neighbours"
    committee: Any  # set only by those who ask for draws or numbers of several models

    @property
    def name(self) -> str:
        """What the log calls this strategy."""
        return type(self).__name__

    def __repr__(self) -> str:
        said = [
            f"{p.name}={getattr(self, p.name)!r}"
            for p in inspect.signature(type(self)).parameters.values()
            if hasattr(self, p.name) and repr(getattr(self, p.name)) != repr(p.default)
        ]
        return f"{type(self).__name__}({', '.join(said)})"

    @final
    def pick(self, signals: Signals, n: int, rng: Rng | int) -> Picks:
        """Choose `n` candidates, or all when there are fewer, with what is recorded of each.

        Raises
        ------
        BadInput, MissingNeed, BadStrategy
            Without a whole `n` or a candidate; without a needed signal; on a broken contract.
        """
        wanted = min(check_count(n), len(signals))
        check_given(self, signals)
        tick(self.name, 0, wanted)
        picks = self._pick(signals, wanted, np.random.default_rng(rng))
        least = min(max(1, len(picks.positions)), wanted) if self.may_fall_short else wanted
        check_positions(self.name, picks.positions, least, len(signals))
        return picks

    @final
    def select(self, signals: Signals, n: int, rng: Rng | int) -> Positions:
        """Positions of `n` distinct candidates (all when there are fewer), most wanted first."""
        return self.pick(signals, n, rng).positions

    @abstractmethod
    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        """Choose exactly `n` of the candidates; input is checked and `n <= len(signals)`."""

    def picks(
        self, positions: Positions, scores: Floats | None = None, probability: float = np.nan
    ) -> Picks:
        """Picks under this strategy's name, all with the same selection probability."""
        size = np.size(positions)  # not len: what a foreign strategy gave is judged later
        return Picks(positions, scores, (self.name,) * size, np.full(size, probability))
