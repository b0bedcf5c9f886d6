"""The insight page's numbers: one JSON answer, read from the log beside the clerk's work."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends
from starlette.responses import Response

from querist.core.errors import BadInput
from querist.core.types import Interval, Round
from querist.loop.arms import last_check
from querist.loop.curves import MEASURED, leading_metric, outlook, plateau
from querist.loop.desk import Desk
from querist.loop.waits import waits, waits_said
from querist.server import standing
from querist.server.campaigns import Open, campaign_of
from querist.server.guard import Person, need
from querist.server.tally import Tally, midnight, news_said
from querist.server.wire import answer
from querist.stopping.text import read_repr

SHOWN = 20  # tasks of the last batch
SHORT = 90  # characters of an item in a table
FRESH = 0.5  # seconds an answer serves everybody who looks
_SLICE = 1000  # events taken in before the others get a turn
_WHOLE = "[group "

router = APIRouter()
_insights: WeakKeyDictionary[Open, Insight] = WeakKeyDictionary()


@router.get("/insight")
async def insight(
    here: Annotated[Open, Depends(campaign_of)], who: Annotated[Person, Depends(need("reviewer"))]
) -> Response:
    """Everything the insight page shows: figures as plotly JSON, and the numbers in them."""
    found = _insights.get(here)
    if found is None:
        found = _insights[here] = Insight(here)
    return answer(await found.read())


class Insight:
    """Reads one campaign for all who look at its insight page.

    The log is folded in a thread, so that neither the clerk nor the event loop waits for it;
    from the clerk comes only what is quick to copy.
    """

    def __init__(self, here: Open) -> None:
        self._here = here
        self._tally = Tally()
        self._lock = asyncio.Lock()
        self._last: tuple[float, dict[str, Any]] = (-FRESH, {})
        self._drawn: tuple[Any, dict[str, Any]] = (None, {})

    async def read(self) -> dict[str, Any]:
        """The numbers as they stand."""
        async with self._lock:
            at, found = self._last
            if time.monotonic() - at >= FRESH:
                await asyncio.to_thread(self._catch_up)
                copied = await self._here.clerk.do(snapshot)
                found = await asyncio.to_thread(self._shape, copied)
                self._last = time.monotonic(), found
            return found

    def _catch_up(self) -> None:
        rows = self._here.desk.journal.log.read(after=self._tally.position)
        while chunk := list(islice(rows, _SLICE)):
            self._tally.fold(chunk)
            if len(chunk) == _SLICE:
                time.sleep(0.001)  # lets the event loop have the interpreter

    def _shape(self, copied: dict[str, Any]) -> dict[str, Any]:
        now, rounds = time.time(), copied["rounds"]
        metric = leading_metric(rounds)
        spent = waits(copied["steps"])
        return {
            "position": copied["position"],
            "at": now,
            "campaign": copied["campaign"],
            "model": model(rounds, copied["steps"], metric),
            "curve": self._curve(copied, metric),
            "classes": self._classes(copied),
            "spend": spend(copied, self._tally),
            "queue": copied["queue"] | {"done": copied["labelled"], "notes": self._tally.notes},
            "people": people(copied, self._tally, now),
            "batch": copied["batch"] | {"check": check_said(copied)},
            "stop": {name: vars(verdict) for name, verdict in copied["verdicts"].items()},
            "waits": {"rows": [w._asdict() for w in spent], "said": waits_said(spent)},
            "activity": [
                {"at": line.at, "kind": line.kind, "text": news_said(line)}
                for line in self._tally.news()
            ],
        }

    def _curve(self, copied: dict[str, Any], metric: str | None) -> dict[str, Any]:
        """Drawn once a round: the figure costs more than all the rest."""
        key = (len(copied["rounds"]), copied["campaign"]["budget"], copied["until"])
        if self._drawn[0] != key:
            self._drawn = key, curve(copied, metric)
        return self._drawn[1]

    def _classes(self, copied: dict[str, Any]) -> dict[str, Any]:
        names, last = copied["classes"], _measured(copied["rounds"])
        rows = []
        for name in names:
            scores = {
                kind: _plain(last.metrics.get(f"{kind}[{name}]")) if last else None
                for kind in ("recall", "f1")
            }
            counts = {"labels": self._tally.classes[name], "held_out": self._tally.held_out[name]}
            rows.append({"class": name, **counts, **scores})
        return {"rows": rows, "measured_on": last.measured_on if last else ""}


def snapshot(desk: Desk) -> dict[str, Any]:
    """What the page needs of the state, copied between two writes."""
    state, recipe = desk.journal.state, desk.journal.state.recipe
    now = time.time()
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
        "until": recipe.get("until"),
        "verdicts": standing.verdicts(state),
        "classes": list(getattr(desk.question, "labels", ())),
        "check": last_check(state.rounds, state.trial),
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
            "question": desk.question.to_json(),
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
    shown = [item for item in found.items[:SHOWN] if desk.growth.has(item.item_id)]
    texts = [pool.show(int(row)) for row in pool.rows([item.item_id for item in shown])]
    return {
        "round": found.round,
        "at": found.at,
        "model_version": found.model_version,
        "items": len(found.items),
        "arms": dict(Counter(item.arm for item in found.items)),
        "strategies": dict(Counter(item.strategy for item in found.items)),
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


def model(rounds: list[Round], steps: list[Any], metric: str | None) -> dict[str, Any]:
    """The newest model: what it learned from, how good it is, on what that was measured."""
    last = rounds[-1] if rounds else None
    scored = _measured(rounds)
    before = [turn for turn in rounds if metric in turn.metrics and turn is not scored]
    gain = None
    if scored is not None and metric is not None and before:
        gain = scored.metrics[metric].value - before[-1].metrics[metric].value
    return {
        "round": last.number if last else None,
        "version": last.model_version if last else None,
        "labels": last.labels if last else 0,
        "at": steps[-1].at if steps else None,
        "metric": metric,
        "measured_on": scored.measured_on if scored else "",
        "measured_in": scored.number if scored else None,
        "measured": MEASURED[scored.measured_on if scored else ""],
        "holdout": scored.holdout if scored else 0,
        "gain": gain,
        "metrics": {
            name: vars(found)
            for name, found in (scored.metrics.items() if scored else ())
            if "[" not in name
        },
        "groups": {
            name: vars(found)
            for name, found in (scored.metrics.items() if scored else ())
            if _WHOLE in name
        },
        "notes": list(last.notes) if last else [],
    }


def curve(copied: Mapping[str, Any], metric: str | None) -> dict[str, Any]:
    """The learning curve as the report draws it, its points, and where it is going."""
    rounds, budget = copied["rounds"], copied["campaign"]["budget"]
    if metric is None:
        none = "No round was measured yet: " + MEASURED[""] + "."
        return {"metric": None, "figure": None, "rows": [], "forecast": None, "said": [none]}
    from querist.loop.curves import curve_figure  # plotly comes with it

    ahead = outlook(rounds, metric, budget)
    figure = curve_figure(rounds, metric, rule_spec(copied["until"]), ahead=ahead)
    flat = plateau(rounds, metric)
    said = [_forecast_said(metric, ahead)]
    if flat:
        said.append(
            f"Diminishing returns from {flat.at:,} labels on: the {flat.after:,} labels after "
            "them brought less than half a point a round."
        )
    return {
        "metric": metric,
        "figure": json.loads(figure.to_json()),
        "rows": [
            {
                "round": turn.number,
                "labels": turn.labels,
                "at": step.at,
                "seconds": sum(turn.seconds.values()),
                **vars(turn.metrics[metric]),
            }
            for turn, step in zip(rounds, copied["steps"], strict=True)
            if metric in turn.metrics
        ],
        "forecast": {
            "reason": ahead.reason,
            "rows": [
                {"labels": n, **vars(found)}
                for n, found in zip(ahead.labels, ahead.scores, strict=True)
            ],
        },
        "said": said,
    }


def _forecast_said(metric: str, ahead: Any) -> str:
    if not ahead.labels:
        return f"No forecast: {ahead.reason}."
    return (
        f"At {ahead.labels[-1]:,} labels {metric} would be {ahead.scores[-1]}, if data, model and "
        f"strategy stay. The forecast is {ahead.reason}."
    )


def spend(copied: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """Labels and money against the budget, and what they were bought for."""
    from querist.loop.costs import COSTS

    budget, price = copied["campaign"]["budget"], copied["campaign"]["price"]
    bought = copied["bought"]
    return {
        "bought": bought,
        "budget": budget,
        "left": None if budget is None else max(budget - bought, 0),
        "price": price,
        "spent": None if price is None else round(price * bought, 2),
        "allowed": None if price is None or budget is None else round(price * budget, 2),
        "by": [
            {
                "for": said,
                "labels": tally.costs[name],
                "money": None
                if price is None
                else round(0 if name == "imported" else price * tally.costs[name], 2),
            }
            for name, said in COSTS.items()
            if tally.costs[name]
        ],
    }


def people(copied: Mapping[str, Any], tally: Tally, now: float) -> list[dict[str, Any]]:
    """A row a person, most answers first."""
    start = midnight(now)
    rows = []
    numeric = copied["campaign"]["question"]["kind"] == "number"
    for by in {**tally.people, **copied["held"]}:
        work = tally.people.get(by)
        held = copied["held"].get(by, 0)
        if work is None:
            rows.append(_NOTHING | {"by": by, "held": held})
            continue
        share = work.agreed / work.pairs if work.pairs and not numeric else None
        rows.append(
            {
                "by": by,
                "answers": work.answers,
                "today": len(work.since(start)),
                "pace": work.pace(start),
                "seconds": work.middle(),
                "skips": work.skips,
                "taken_back": work.taken_back,
                "agreement": share,
                "pairs": work.pairs,
                "held": held,
                "last": work.times[-1] if work.times else None,
            }
        )
    return sorted(rows, key=lambda row: (-row["answers"], row["by"]))


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("answers", "today", "skips", "taken_back", "pairs"), 0),
    **dict.fromkeys(("pace", "seconds", "agreement", "last")),
}


def check_said(copied: Mapping[str, Any]) -> str:
    """The last look at the strategy against random labels, in a sentence; "" before there is one.

    Examples
    --------
    >>> check_said({"check": None})
    ''
    """
    if copied["check"] is None:
        return ""
    labels, check = copied["check"]
    gap = Interval(*(100 * end for end in (check.gap.value, check.gap.low, check.gap.high)))
    verdict = "it teaches less than chance" if check.lost else "no loss is shown"
    return (
        f"At {labels:,} labels: {check.n} picks of the strategy against {check.n} drawn at random, "
        f"{gap.value:+.1f} points [{gap.low:+.1f}, {gap.high:+.1f}] on {check.items} items of the "
        f"{check.on}: {verdict}."
    )


def rule_spec(until: str | None) -> dict[str, Any]:
    """JSON form of the stopping rule of a recipe; empty for one that is not known here.

    Examples
    --------
    >>> rule_spec("AnyOf(Target(score=0.9))")
    {'rule': 'any', 'rules': [{'rule': 'target', 'score': 0.9}]}
    """
    try:
        return read_repr(until or "AnyOf()").to_spec()
    except BadInput:
        return {}


def _measured(rounds: list[Round]) -> Round | None:
    return next((turn for turn in reversed(rounds) if turn.metrics), None)


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else vars(found)


def _short(item: Any) -> str:
    """The beginning of an item, as a line of a table can hold it."""
    if isinstance(item, Mapping):
        item = " · ".join(f"{name}: {value}" for name, value in item.items())
    if not isinstance(item, str) or item.startswith("data:"):
        return ""
    line = " ".join(item.split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"
