"""What the insight page shows, shaped from a copy of the state and from the tally."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from querist.core.errors import BadInput
from querist.core.types import Interval, Round
from querist.loop.curves import MEASURED, outlook, plateau
from querist.server.recent import midnight
from querist.server.tally import Tally
from querist.stopping.text import read_repr

_WHOLE = "[group "


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

    ahead = outlook(rounds, metric, budget, copied["trainable"])
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


def classes(copied: Mapping[str, Any], tally: Tally) -> dict[str, Any]:
    """A row a class: items that train and items that measure, and the scores of the class."""
    last, rows = _measured(copied["rounds"]), []
    for name in copied["classes"]:
        scores = {
            kind: _plain(last.metrics.get(f"{kind}[{name}]")) if last else None
            for kind in ("recall", "f1")
        }
        counts = {"labels": tally.classes[name], "held_out": tally.held_out[name]}
        rows.append({"class": name, **counts, **scores})
    return {"rows": rows, "measured_on": last.measured_on if last else ""}


def _measured(rounds: list[Round]) -> Round | None:
    return next((turn for turn in reversed(rounds) if turn.metrics), None)


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else vars(found)
