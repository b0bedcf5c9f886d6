"""What a campaign knows about its task, for those who recommend a strategy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.loop.needs import reach
from querist.loop.standing import class_counts
from querist.strategies import Facts, Sizes

if TYPE_CHECKING:
    from querist.loop.worker import Worker


def facts_of(worker: Worker) -> Facts:
    """Sizes, question, labels by class, what the model supplies and how long it trains."""
    parts, growth, state = worker.parts, worker.growth, worker.journal.state
    with worker.journal.lock:
        worker.journal.sync()
        candidates = len(growth.ledger.candidates(1))
        labelled = len(growth.ledger.training_rows())
        counts = class_counts(parts.question, state, growth.ledger)
    trained = [turn.seconds.get("fit", 0.0) for turn in state.rounds]
    return Facts(
        Sizes(
            items=max(candidates, 1),
            batch=parts.recipe.batch,
            dimensions=growth.scorer.space.vectors().shape[1],
            classes=len(counts) or 1,
            labelled=labelled,
        ),
        question=parts.question.view,
        counts=tuple(counts.values()),
        gives=reach(parts.model, parts.question, growth.pool),
        fit=max(trained, default=0.0),
        limit=parts.recipe.pick_limit,
    )
