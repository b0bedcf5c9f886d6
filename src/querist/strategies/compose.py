"""Strategies in stages: `Entropy() >> Top(10_000) >> KCenter()`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Picks, Signals
from querist.strategies.base import Rng, Score, Strategy, Weighable, checked_scores, tie_keys_of
from querist.strategies.parts import declare, narrow
from querist.strategies.stream import best_of
from querist.strategies.top import Top

Stage = Strategy | Top


class Chain(Strategy):
    """Stages joined by `>>`: scores filter through `Top`, the last stage picks the batch.

    A score directly before a set-wise strategy weighs its candidates, where that strategy
    can use weights (it is `Weighable`). What comes before `>>` is element-wise and can run
    anywhere in pieces; what comes after sees the survivors together.

    Raises
    ------
    BadInput
        When the stages do not fit together.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = tuple(stages)
        if not isinstance(self.stages[0], Score):
            raise BadInput(f"a chain starts with a score, not with {self.stages[0]!r}")
        for before, stage in zip(self.stages, self.stages[1:], strict=False):
            if not isinstance(stage, Strategy | Top):
                raise BadInput(f"after >> comes a strategy or Top(m), but got {stage!r}")
            if not isinstance(before, Score | Top):
                raise BadInput(f"{before!r} picks a batch, so it must be the last of the chain")
            if isinstance(stage, Top) and not isinstance(before, Score):
                raise BadInput(f"{stage!r} needs a score before it, not {before!r}")
            if isinstance(before, Score) and not isinstance(stage, Top | Weighable):
                cut = f"{before!r} >> Top(1000) >> {stage!r}"
                raise BadInput(f"{stage!r} cannot use weights; write {cut}")
        parts, among, seen = list[Strategy](), list[str](), "n"
        for stage in self.stages:
            if isinstance(stage, Top):
                seen = f"min(n, {stage.keep:_} + b)"
            else:
                parts.append(stage)
                among.append(seen)
        declare(self, parts, among)

    @property
    def name(self) -> str:
        """The expression itself."""
        return repr(self)

    def __repr__(self) -> str:
        return " >> ".join(repr(stage) for stage in self.stages)

    def __rshift__(self, stage: Stage) -> Chain:
        return Chain((*self.stages, stage))

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        *filters, last = self.stages
        left, positions = signals, None  # None: all of them, not written down
        scores: Floats = np.empty(0)
        for stage, after in pairwise(self.stages):
            if isinstance(stage, Score) and isinstance(after, Top):
                kept, scores = best_of(stage, left, max(after.keep, n), tie_keys_of(left, rng))
                positions = kept if positions is None else positions[kept]
                left = narrow(signals, positions, self)
            elif isinstance(stage, Score):
                scores = np.asarray(checked_scores(stage, left))
        if isinstance(last, Top):
            picks = self.picks(np.arange(n), scores[:n], 1.0)
        elif isinstance(last, Weighable) and isinstance(filters[-1], Score):
            picks = last.pick_weighted(left, scores, n, rng)
        else:
            picks = last.pick(left, n, rng)
        shown = scores[picks.positions] if picks.scores is None else picks.scores
        chosen = picks.positions if positions is None else positions[picks.positions]
        return Picks(chosen, shown, (self.name,) * len(chosen), picks.probability)
