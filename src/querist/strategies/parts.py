"""What strategies made of strategies share: needs, narrowed signals, joined picks."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from querist.core.formulas import narrowed
from querist.core.signals import ROWWISE, WHOLE
from querist.core.types import Picks, Positions, Signals, unchecked_signals
from querist.strategies.base import Strategy

_ROWWISE = frozenset(ROWWISE) - {"ids"}


def declare(whole: Strategy, parts: Sequence[Strategy], among: Sequence[str] = ()) -> None:
    """Give `whole` the needs of all its parts, and a cost that adds theirs to its own.

    A stand-in counts only if all who need it agree. `among` tells, as a formula, how many
    candidates each part looks at; by default all.
    """
    whole.needs = frozenset().union(*(part.needs for part in parts))
    whole.wants = frozenset().union(*(part.wants for part in parts)) - whole.needs
    _agree_on_nearest(whole, parts)
    offers = {
        need: {part.instead.get(need) for part in parts if need in part.needs}
        for need in whole.needs
    }
    whole.instead = MappingProxyType(
        {need: other for need, (other, *more) in offers.items() if other and not more}
    )
    starts = (part.cold_start for part in parts if part.cold_start is not None)
    whole.cold_start = next(starts, None)
    whole.may_fall_short = any(part.may_fall_short for part in parts)
    readers = (part for part in parts if "vectors" in part.needs | part.wants)
    whole.takes_sparse = all(part.takes_sparse for part in readers)
    whole.leads_committee = any(part.leads_committee for part in parts)
    own, seen = whole.cost_class, among or ("n",) * len(parts)
    costs = [narrowed(part.cost_class, n) for part, n in zip(parts, seen, strict=True)]
    # where one part does not tell, nobody can tell of the whole
    whole.cost_class = " + ".join(dict.fromkeys(filter(None, [own, *costs]))) if all(costs) else ""
    if asked := [part.committee for part in parts if hasattr(part, "committee")]:
        whole.committee = asked[0]


def _agree_on_nearest(whole: Strategy, parts: Sequence[Strategy]) -> None:
    """Ask for as many neighbours as the parts do; for none where they differ."""
    near = frozenset({"distances", "neighbours"})
    counts = {part.nearest for part in parts if part.wants & near}
    if len(counts) == 1:
        whole.nearest = counts.pop()
    else:
        whole.wants -= near


def narrow(signals: Signals, positions: Positions, strategy: Strategy) -> Signals:
    """The candidates at `positions`, holding only what `strategy` reads; ids always."""
    read = strategy.needs | strategy.wants | frozenset(strategy.instead.values())
    parts = {
        name: value[positions]
        for name in read & _ROWWISE
        if (value := getattr(signals, name)) is not None
    }
    ids = positions if signals.ids is None else signals.ids[positions]
    whole = {name: getattr(signals, name) for name in WHOLE}
    return unchecked_signals(ids=ids, **parts, **whole)


def join(done: Sequence[tuple[Positions, Picks]]) -> Picks:
    """Picks of several strategies one after the other, at the positions given beside them."""
    scores = [
        np.full(len(at), np.nan) if picks.scores is None else picks.scores for at, picks in done
    ]
    return Picks(
        np.concatenate([at for at, _ in done]),
        None if all(picks.scores is None for _, picks in done) else np.concatenate(scores),
        tuple(name for _, picks in done for name in picks.names),
        np.concatenate([picks.probability for _, picks in done]),
    )


def in_order(picks: Picks, order: Positions) -> Picks:
    """The same picks in another order."""
    return Picks(
        picks.positions[order],
        None if picks.scores is None else picks.scores[order],
        tuple(picks.names[k] for k in order.tolist()),
        picks.probability[order],
    )
