"""What the state alone says of where a campaign stands: nothing here needs what trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from querist.core.protocols import Question
from querist.core.types import Round, Verdict
from querist.loop.ledger import Ledger
from querist.loop.state import IMPORTED, State


def standing(
    question: Question, state: State, ledger: Ledger, verdicts: Mapping[str, Verdict]
) -> dict[str, Any]:
    """Counts, money, the last round, and what the rules say."""
    recipe, counts = state.recipe, ledger.counts()
    last = state.rounds[-1] if state.rounds else Round(0)
    train, holdout = state.queues["train"], state.queues["holdout"]
    price = recipe.get("price")
    return {
        "labels": counts["labelled"],
        "bought": state.bought,
        "budget": recipe.get("budget"),
        "spent": None if price is None else round(price * state.bought, 2),
        "price": price,
        "items": counts,
        "queue": {
            "waiting": len(train),
            "leased": len(train.held),
            "holdout_waiting": len(holdout),
            "holdout_leased": len(holdout.held),
        },
        "round": last.number if state.rounds else None,
        "rounds": len(state.rounds),
        "metrics": {name: vars(interval) for name, interval in last.metrics.items()},
        "measured_on": last.measured_on,
        "stop": {name: vars(verdict) for name, verdict in verdicts.items()},
        "strategy": recipe.get("strategy"),
        "model": recipe.get("model"),
        "question": question.to_json(),
        "classes": class_counts(question, state, ledger),
        "annotators": annotators(state),
        "data_version": last.data_version,
        "seconds": dict(last.seconds),
        "notes": list(last.notes),
    }


def class_counts(question: Question, state: State, ledger: Ledger) -> dict[str, int]:
    """Training labels per class, zeros included; empty for a number."""
    counted: Counter[str] = Counter()
    for item_id in ledger.pool.ids(ledger.training_rows()):
        belief = state.belief(item_id)
        if belief is not None:
            counted.update(belief.value if isinstance(belief.value, list) else [belief.value])
    return {label: counted[label] for label in getattr(question, "labels", ())}


def annotators(state: State) -> dict[str, int]:
    """Standing answers per annotator, imported labels aside."""
    counted = Counter(vote.by for votes in state.votes.values() for vote in votes.values())
    return {by: n for by, n in sorted(counted.items()) if by != IMPORTED}


def label_rows(state: State) -> list[dict[str, Any]]:
    """One dict a labelled item: id, value as it was told, confidence, votes, arm, probability."""
    return [row for item_id in state.votes if (row := label_row(state, item_id)) is not None]


def label_row(state: State, item_id: str) -> dict[str, Any] | None:
    """The label of an item; None when it has none, or all answers were taken back."""
    belief = state.belief(item_id)
    if belief is None:
        return None
    first = min(state.votes[item_id].values(), key=lambda vote: vote.position)  # it was bought
    why = state.tasks[first.task_id].why if first.task_id else None
    return {
        "id": item_id,
        "value": belief.value,
        "confidence": belief.confidence,
        "votes": belief.votes,
        "arm": why.arm if why else "given",
        "probability": why.probability if why else None,
    }
