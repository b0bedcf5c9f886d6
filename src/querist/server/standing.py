"""Where a campaign stands, read from its state alone: what trains is never loaded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from querist.core.errors import BadInput
from querist.core.types import Round, Task, Verdict
from querist.loop.desk import Desk
from querist.loop.reasons import reasons
from querist.loop.settings import rule_of
from querist.loop.standing import label_rows, standing
from querist.loop.state import State
from querist.server.guidelines import guidelines_json
from querist.server.shapes import task_json, why_json


def status(desk: Desk) -> dict[str, Any]:
    """Counts, money, the last round, and what the rules say."""
    state = desk.journal.state
    return standing(desk.question, state, desk.growth.ledger, verdicts(state))


def verdicts(state: State) -> dict[str, Verdict]:
    """What each stopping rule says now, by the rules and the budget as they stand."""
    last = state.rounds[-1] if state.rounds else Round(0)
    try:
        rule = rule_of(state.recipe)
    except BadInput:  # a rule this process does not know, of a plug-in say: as the round had it
        return dict(last.verdicts)
    spent = (state.recipe.get("price") or 0.0) * state.bought
    return rule.states([*state.rounds[:-1], replace(last, bought=state.bought, spent=spent)])


def stop_said(state: State) -> str:
    """Why the rules suggest to stop; "" while they do not."""
    stop = verdicts(state).get("stop")
    return stop.reason if stop is not None and stop.stop else ""


def labels(desk: Desk) -> list[dict[str, Any]]:
    """One dict a labelled item: id, value, confidence, votes, arm, probability."""
    return label_rows(desk.journal.state)


def curve(state: State) -> dict[str, Any]:
    """What each round measured."""
    rounds = [
        {
            "round": turn.number,
            "labels": turn.labels,
            "measured_on": turn.measured_on,
            "metrics": {name: vars(interval) for name, interval in turn.metrics.items()},
            "at": step.at,
        }
        for turn, step in zip(state.rounds, state.steps, strict=True)
    ]
    return {"rounds": rounds}


def why_item(desk: Desk, item_id: str) -> dict[str, Any]:
    """Why an item was asked, who labelled it and when."""
    state, growth = desk.journal.state, desk.growth
    told = reasons(state, growth, item_id)
    tasks = [state.tasks[task_id] for task_id in state.by_item.get(item_id, ())]
    votes = state.votes.get(item_id, {}).values()
    skips = state.skips.get(item_id, [])
    return {
        "item_id": item_id,
        "why": told,
        "role": growth.ledger.role_of(int(growth.pool.rows([item_id])[0])),
        "asked": [
            {"task_id": task.why.task_id, "round": task.round, **why_json(task)} for task in tasks
        ],
        "votes": [{"by": v.by, "value": v.value, "at": v.at, "seconds": v.seconds} for v in votes],
        "skips": [{"by": s.by, "reason": s.reason, "at": s.at} for s in skips],
    }


def question(desk: Desk) -> dict[str, Any]:
    """The question, its guidelines, and the settings the page goes by."""
    recipe = desk.journal.state.recipe
    return {
        **desk.question.to_json(),
        "view": desk.question.view,
        "guidelines": guidelines_json(recipe.get("guidelines")),
        "suggestions": bool(recipe.get("suggestions", False)),
        "paused": bool(recipe.get("paused", False)),
        "settings": {
            "order": recipe.get("order", "rank"),
            "overlap": recipe.get("overlap", 1.0),
            "budget": recipe.get("budget"),
        },
    }


def why_none(state: State, job: str) -> str:
    """In words: why no task was handed out."""
    if state.recipe.get("paused"):
        return "paused"
    stop = verdicts(state).get("stop")
    if stop is not None and stop.stop:
        return f"stopped: {stop.reason}"
    queue = state.queues[job]
    if len(queue):
        return "what waits is not for you: you have answered it, passed on it, or it is paid for"
    if queue.held:
        return "every waiting task is in somebody's hands"
    return "the queue is empty; the next batch is being chosen"


def given(desk: Desk, name: str, items: Sequence[str]) -> list[dict[str, Any]]:
    """Somebody's standing answers on some items, each as a task with its value and time."""
    state, pool = desk.journal.state, desk.growth.pool
    found = []
    for item_id in items:
        vote = state.votes.get(item_id, {}).get(name)
        if vote is None or not desk.growth.has(item_id):
            continue
        shown = pool.show(int(pool.rows([item_id])[0]))
        task = Task(vote.task_id or item_id, item_id, shown, desk.question.view)
        extra = {"value": vote.value, "at": vote.at, "seconds": vote.seconds}
        found.append({**task_json(pool, state, task), **extra})
    return found
