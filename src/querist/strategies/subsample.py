"""A costly strategy on a large pool: it chooses among some of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from querist.core.remarks import remark_sample
from querist.core.types import Picks, Signals
from querist.selection.topk import drawn
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.foreign import as_strategy
from querist.strategies.parts import declare, narrow
from querist.strategies.random import Random
from querist.strategies.ties import tie_keys_of


class Subsample(Strategy):
    """Let a strategy choose among `size` candidates drawn uniformly, anew for each batch.

    The `size` candidates (or the batch, where that is larger) of lowest key, a draw by item id
    and seed, so the same whatever the row order. Signals are computed for all n candidates;
    what shrinks is the choice: O(n) time and O(size d) memory for the draw, then the base's
    cost on `size` candidates. Recorded: the name says that it was a sample and of how many,
    scores are the base's, and the probability is unknown (NaN), for it hangs on scores that
    were not computed; with `Random` as the base it is n over all candidates. A pool of at
    most `size` is the base's own. Best for: look-ahead and coverage on pools too large for
    them. Fails when: what matters is rarer than one in `size`: then the sample holds none
    (`SEALS` and `AnchorAL` look near the labels instead).

    Parameters
    ----------
    base : Strategy or str
        Who chooses, `Margin()` by default; a text names it.
    size : int
        How many candidates it sees.

    Raises
    ------
    BadInput
        When `size` is not a whole number of at least 1, or no strategy goes by that name.

    References
    ----------
    Ertekin, Huang, Bottou and Giles (2007), Learning on the border: active learning in
    imbalanced data classification, CIKM (a small random pool for each query).

    Examples
    --------
    >>> line = np.arange(1000.0)[:, None]
    >>> picks = Subsample("kcenter", 50).pick(Signals(vectors=line), 2, rng=0)
    >>> len(picks.positions), picks.names[0], picks.probability.tolist()
    (2, 'KCenter among 50 drawn', [nan, nan])
    """

    cost_class = "100 n"

    def __init__(self, base: Any = "margin", size: int = 10_000) -> None:
        self.base = as_strategy(base)
        self.size = check_count(size, "size")
        declare(self, [self.base], [f"min(n, {self.size:_} + b)"])

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        count = max(self.size, n)
        if len(signals) <= count:
            return self.base.pick(signals, n, rng)
        rows = np.sort(drawn(len(signals), count, tie_keys_of(signals, rng)))
        remark_sample(f"{self.base} chooses among", count, len(signals))
        picks = self.base.pick(narrow(signals, rows, self.base), n, rng)
        positions = rows[picks.positions]
        # a uniform draw of a uniform draw is one; any other choice depends on who was drawn
        chance = n / len(signals) if isinstance(self.base, Random) else np.nan
        return Picks(
            positions,
            picks.scores,
            tuple(f"{name} among {count:,} drawn" for name in picks.names),
            np.full(len(positions), chance),
        )
