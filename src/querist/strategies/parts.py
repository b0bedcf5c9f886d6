"""What strategies made of strategies share: needs, narrowed signals, joined picks."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np

from querist.core.signals import ROWWISE
from querist.core.types import Floats, Labelled, Picks, Positions, Signals, unchecked_signals
from querist.selection.scores import by_blocks
from querist.strategies.base import Strategy

_ROWWISE = frozenset(ROWWISE) - {"ids"}


def declare(whole: Strategy, parts: Sequence[Strategy]) -> None:
    """Give `whole` the needs of all its parts; a stand-in counts only if all who need it agree."""
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
    whole.leads_committee = any(part.leads_committee for part in parts)
    for part in parts:
        if hasattr(part, "committee"):
            whole.committee = part.committee
            break


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
    return unchecked_signals(
        labelled=signals.labelled, reference=signals.reference, ids=ids, **parts
    )


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


def known_vectors(signals: Signals) -> Floats | None:
    """Vectors (m, d) of the labelled items, None when nothing is labelled or they are unknown."""
    known = None if signals.labelled is None else signals.labelled.vectors
    return known if known is not None and len(known) else None


def rarity(proba: Floats | None, labelled: Labelled) -> Floats:
    """Expected weight of each candidate's class, rare among the labels weighing more."""
    if proba is None or proba.shape[1] != len(labelled.classes):
        return np.ones(1)
    counts = np.bincount(np.asarray(labelled.targets, dtype=np.int64), minlength=proba.shape[1])
    weights = (counts.min() + 1) / (counts + 1)
    # einsum and not BLAS: equal rows then weigh alike wherever they stand
    return by_blocks(lambda block: np.einsum("ij,j->i", block, weights), proba)
