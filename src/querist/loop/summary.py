"""Where a campaign stands, as plain JSON for people, pages and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from querist.core.protocols import Question
from querist.core.types import Round
from querist.loop.arms import last_check, stand_in
from querist.loop.groups import group_rows
from querist.loop.ledger import Ledger
from querist.loop.mistakes import told
from querist.loop.rounds import round_to_json
from querist.loop.standing import label_rows, standing
from querist.loop.state import State
from querist.loop.turn import Parts


def summary(parts: Parts, state: State, ledger: Ledger) -> dict[str, Any]:
    """Counts, money, the last round, what the rules say, and remarks."""
    last = _now(parts, state)
    found = standing(parts.question, state, ledger, parts.rule.states([*state.rounds[:-1], last]))
    return {
        **found,
        "goals": goals(parts, state),
        "check": checked(parts, state),
        "groups": group_rows(state, ledger, last),
        "mistakes": told(parts.recipe.mistakes, getattr(parts.question, "labels", ())),
        "duplicates": sum(came.duplicates for came in state.arrivals),
        "notes": list(dict.fromkeys([*parts.notes, *last.notes])),
    }


def checked(parts: Parts, state: State) -> dict[str, Any] | None:
    """The last look at the strategy against random, and who picks since; None before the first."""
    found = last_check(state.rounds, state.trial)
    if found is None:
        return None
    instead = stand_in(parts.strategy.fallback, state.rounds, state.trial)
    labels, check = found
    return {"labels": labels, **asdict(check), "fallback": "" if instead is None else repr(instead)}


def decoded_rows(state: State, question: Question) -> list[dict[str, Any]]:
    """One dict a labelled item, its value as the question was given it."""
    rows = label_rows(state)
    values = question.decode(question.encode([row["value"] for row in rows])) if rows else []
    return [row | {"value": value} for row, value in zip(rows, values, strict=True)]


def goals(parts: Parts, state: State) -> list[dict[str, Any]]:
    """What was set out for, and whether it is met: budget, money, target."""
    found = []
    for name, verdict in parts.rule.states(state.rounds).items():
        if name in ("budget", "target"):
            met = verdict.stop if name == "target" else not _overspent(parts, state)
            found.append({"goal": name, "met": met, "state": verdict.reason})
    return found


def _now(parts: Parts, state: State) -> Round:
    """The last round with what was bought since."""
    last = state.rounds[-1] if state.rounds else Round(0)
    spent = (parts.recipe.price or 0.0) * state.bought
    return replace(last, bought=state.bought, spent=spent)


def _overspent(parts: Parts, state: State) -> bool:
    return parts.recipe.budget is not None and state.bought > parts.recipe.budget


def table(rounds: list[Round]) -> list[dict[str, Any]]:
    """One flat dict a round: what a CSV file holds.

    Examples
    --------
    >>> from querist.core.types import Interval
    >>> table([Round(1, labels=20, metrics={"accuracy": Interval(0.9, 0.8, 0.95)})])[0]["accuracy"]
    0.9
    """
    return [_flat(turn) for turn in rounds]


def _flat(turn: Round) -> dict[str, Any]:
    form = round_to_json(turn)
    row = {
        name: form[name]
        for name in (
            "number",
            "labels",
            "holdout",
            "bought",
            "spent",
            "queued",
            "model_version",
            "measured_on",
            "data_version",
        )
    }
    for name, interval in turn.metrics.items():
        row |= {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}
    row |= {f"seconds_{name}": value for name, value in turn.seconds.items()}
    return row | {"stop": turn.stop, "reason": _reason(turn.verdicts)}


def _reason(verdicts: Mapping[str, Any]) -> str:
    return verdicts["stop"].reason if "stop" in verdicts else ""
