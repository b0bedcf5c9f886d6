"""The pool in the order its items are wanted: what a strategy thinks of every candidate now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.keys import seed_for
from querist.core.protocols import Model
from querist.loop.arms import stand_in
from querist.strategies import Random, as_strategy

if TYPE_CHECKING:
    from querist.loop.worker import Worker


def ranking(worker: Worker, n: int | None, strategy: Any) -> list[dict[str, Any]]:
    """The `n` most wanted candidates, all of them by default: rank, id, score.

    An element-wise strategy gives every candidate its score. One that picks sets has no score
    for a single item; its order is that of its picks. Equal log and equal seed give an equal
    list; nothing is written.
    """
    parts, growth = worker.parts, worker.growth
    with worker.journal.lock:
        worker.journal.sync()
        rounds, trial = worker.journal.state.rounds, worker.journal.state.trial
        instead = stand_in(parts.strategy.fallback, rounds, trial)
        chosen = (instead or parts.strategy) if strategy is None else as_strategy(strategy)
        rows, known = growth.ledger.candidates(1), growth.ledger.training_rows()
        queries = "labelled_queries" in chosen.wants
        training = growth.book.training_set(known, queries=queries)
    if not len(rows):
        return []
    number, trained = len(rounds), any(turn.model_version is not None for turn in rounds)
    model: Model | None = worker.model() if trained else None
    if model is None:
        chosen = chosen.cold_start or (Random() if chosen.needs else chosen)
    seed = seed_for(parts.recipe.seed, number)
    earlier = worker.earlier(rounds[:-1])
    prices = parts.recipe.mistakes
    signals = growth.scorer.signals(
        chosen, rows, training, model, parts.model, seed, earlier, mistakes=prices
    )
    draws = np.random.SeedSequence([parts.recipe.seed, number])
    picks = growth.scorer.pick(chosen, signals, len(rows) if n is None else n, draws)
    ids = growth.pool.ids(rows[picks.positions])
    scores = picks.scores if picks.scores is not None else np.full(len(ids), np.nan)
    return [
        {"rank": k + 1, "id": item_id, "score": float(s) if np.isfinite(s) else None}
        for k, (item_id, s) in enumerate(zip(ids, scores, strict=True))
    ]
