"""The insight page's numbers: one JSON answer, read from the log beside the clerk's work."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter
from starlette.responses import Response

from querist.loop.curves import leading_metric
from querist.loop.desk import Desk
from querist.loop.state import State
from querist.loop.waits import waits, waits_said
from querist.reports.text import fields_of
from querist.server import shown, standing
from querist.server.campaigns import Here, Open
from querist.server.guard import Reviewer
from querist.server.tally import Tally, news_said
from querist.server.wire import answer
from querist.server.worklog import last_words

SHOWN = 20  # tasks of the last batch
SHORT = 90  # characters of an item in a table
APART = 0.5  # seconds between two answers that are worked out, however many look
_SLICE = 100  # events taken in, some 3 ms, before the others get a turn

router = APIRouter()
_insights: WeakKeyDictionary[Open, Insight] = WeakKeyDictionary()


@router.get("/insight")
async def insight(here: Here, who: Reviewer) -> Response:
    """Everything the insight page shows: figures as plotly JSON, and the numbers in them."""
    found = _insights.get(here)
    if found is None:
        found = _insights[here] = Insight()
    return answer(await found.read(here))


class Insight:
    """Reads one campaign for all who look at its insight page.

    The log is folded in a thread, so that neither the clerk nor the event loop waits for it;
    from the clerk comes only what is quick to copy. It does not hold the campaign, which would
    keep both for ever.
    """

    def __init__(self) -> None:
        self._tally = Tally()
        self._lock = asyncio.Lock()
        self._begun = -APART
        self._found: dict[str, Any] = {}
        self._drawn: tuple[Any, dict[str, Any]] = (None, {})

    async def read(self, here: Open) -> dict[str, Any]:
        """The numbers of the campaign as they stand."""
        asked = time.monotonic()
        async with self._lock:
            if self._begun <= asked:  # else it was begun since, for somebody who asked before
                await asyncio.sleep(max(self._begun + APART - asked, 0))
                self._begun = time.monotonic()
                await asyncio.to_thread(self._catch_up, here)
                copied = await here.read(snapshot)
                self._found = await asyncio.to_thread(self._shape, copied, here.folder)
            return self._found

    def _catch_up(self, here: Open) -> None:
        rows = here.desk.journal.log.read(after=self._tally.position)
        while chunk := list(islice(rows, _SLICE)):
            self._tally.fold(chunk)
            if len(chunk) == _SLICE:
                time.sleep(0.001)  # lets the event loop have the interpreter

    def _shape(self, copied: dict[str, Any], folder: Path) -> dict[str, Any]:
        now, rounds = time.time(), copied["rounds"]
        metric = leading_metric(rounds)
        spent = waits(copied["steps"])
        return {
            "position": copied["position"],
            "at": now,
            "campaign": copied["campaign"],
            "model": shown.model(rounds, copied["steps"], metric),
            "curve": self._curve(copied, metric),
            "classes": shown.classes(copied, self._tally),
            "spend": shown.spend(copied, self._tally),
            "queue": copied["queue"] | {"done": copied["labelled"]},
            "people": shown.people(copied, self._tally, now),
            "batch": copied["batch"] | {"check": shown.check_said(copied)},
            "stop": {name: vars(verdict) for name, verdict in copied["verdicts"].items()},
            "waits": {"rows": [w._asdict() for w in spent], "said": waits_said(spent)},
            "notes": [note._asdict() for note in reversed(self._tally.notes)],
            "work": last_words(folder),
            "activity": [
                {"at": line.at, "kind": line.kind, "text": news_said(line)}
                for line in self._tally.news()
            ],
        }

    def _curve(self, copied: dict[str, Any], metric: str | None) -> dict[str, Any]:
        """Drawn once a round: the figure costs more than all the rest."""
        key = (
            len(copied["rounds"]),
            copied["campaign"]["budget"],
            copied["until"],
            copied["trainable"],
        )
        if self._drawn[0] != key:
            self._drawn = key, shown.curve(copied, metric)
        return self._drawn[1]


def snapshot(desk: Desk) -> dict[str, Any]:
    """What the page needs of the state, copied between two writes."""
    state, now = desk.journal.state, time.time()
    recipe = state.recipe
    for queue in state.queues.values():
        queue.lapse(now)
    train, holdout = state.queues["train"], state.queues["holdout"]
    held = Counter(q.tasks[t].held_by for q in state.queues.values() for t in q.held)
    arrivals = state.arrivals
    return {
        "position": state.position,
        "rounds": list(state.rounds),
        "steps": list(state.steps),
        "bought": state.bought,
        "labelled": len(state.votes),
        "held": held,
        "trainable": len(desk.growth.ledger.covered_rows()),
        "until": recipe.get("until"),
        "verdicts": standing.verdicts(state),
        "classes": list(state.question.get("labels", ())),
        "check": _last_check(state),
        "queue": {
            "waiting": len(train),
            "held": len(train.held),
            "holdout_waiting": len(holdout),
            "holdout_held": len(holdout.held),
            "items": arrivals[-1].total if arrivals else 0,
        },
        "batch": batch(desk),
        "campaign": {
            "kind": desk.growth.pool.kind,
            "strategy": recipe.get("strategy"),
            "model": recipe.get("model"),
            "budget": recipe.get("budget"),
            "price": recipe.get("price"),
            "paused": bool(recipe.get("paused", False)),
            "question": dict(state.question),
        },
    }


def batch(desk: Desk) -> dict[str, Any]:
    """The last batch that was chosen to train on: what it is made of, and why these items."""
    state, pool = desk.journal.state, desk.growth.pool
    found = next(
        (b for b in reversed(state.batches) if any(i.arm in ("open", "control") for i in b.items)),
        None,
    )
    if found is None:
        return {"round": None, "items": 0, "arms": {}, "strategies": {}, "rows": []}
    # an item wanted of several people is several tasks
    chosen = list({item.item_id: item for item in found.items}.values())
    shown = [item for item in chosen[:SHOWN] if desk.growth.has(item.item_id)]
    texts = [pool.show(int(row)) for row in pool.rows([item.item_id for item in shown])]
    return {
        "round": found.round,
        "at": found.at,
        "model_version": found.model_version,
        "items": len(chosen),
        "arms": dict(Counter(item.arm for item in chosen)),
        "strategies": dict(Counter(item.strategy for item in chosen)),
        "rows": [
            {
                "item_id": item.item_id,
                "text": _short(text),
                "arm": item.arm,
                "strategy": item.strategy,
                "score": item.score,
                "rank": item.rank + 1,
                "probability": item.probability,
                "candidates": item.candidates,
            }
            for item, text in zip(shown, texts, strict=True)
        ],
    }


def _last_check(state: State) -> Any:
    """Labels and outcome of the newest look at the strategy, None before there is one."""
    turns = reversed(state.rounds[state.trial.since :])
    return next(((turn.labels, turn.check) for turn in turns if turn.check is not None), None)


def _short(item: Any) -> str:
    """The beginning of an item, as a line of a table can hold it."""
    if isinstance(item, Mapping):
        item = fields_of(item)
    if not isinstance(item, str) or item.startswith("data:"):
        return ""
    line = " ".join(item.split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"
