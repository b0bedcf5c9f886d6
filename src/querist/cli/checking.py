"""Checking things over: doctor, strategies, plugins."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli import options
from querist.cli.options import AsJson, Folder
from querist.cli.output import progress, say, say_json, say_pairs, say_table
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.strategies import Sizes

GROUPS = ("strategies", "pools", "logs", "models", "stopping", "backends")


def doctor(folder: Folder, as_json: AsJson = False) -> None:
    """Check a folder: log, pool, models, training set.

    Exit code 1 when something is wrong; the line says what, and for the log which row.
    """
    from querist.cli.checkup import checkup

    with progress("checking"):
        found = checkup(folder)
    ok = all(check.ok is not False for check in found)
    if as_json:
        say_json({"ok": ok, "checks": [vars(check) for check in found]})
    else:
        marks = {True: "ok     ", False: "WRONG  ", None: "skipped"}
        say(*(f"{marks[check.ok]}  {check.name}: {check.detail}" for check in found))
    if not ok:
        raise typer.Exit(1)


def strategies(
    items: Annotated[
        int | None, typer.Option(help="Candidates: adds the estimated seconds of a choice.")
    ] = None,
    dimensions: Annotated[int, typer.Option(help="Columns of their vectors.")] = 64,
    classes: Annotated[int, typer.Option(help="Classes or labels.")] = 10,
    batch: Annotated[int, typer.Option("--batch", help="Items chosen at once.")] = 100,
    labels: Annotated[int, typer.Option(help="Items labelled already.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """List the query strategies, their needs and cost.

    The cost is a formula: n candidates, b items of the batch, d dimensions, k classes or labels,
    m labelled items, s models, r points to be covered.
    """
    from querist import strategies as room
    from querist.strategies.checks import check_count

    sizes = None
    if items is not None:
        sizes = room.Sizes(
            items=check_count(items, "--items"),
            batch=check_count(batch, "--batch"),
            dimensions=check_count(dimensions, "--dimensions"),
            classes=check_count(classes, "--classes"),
            labelled=labels,
        )
    rows = [_strategy(name, sizes) for name in room.names()]
    if as_json:
        say_json(rows)
        return
    columns = ["strategy", "needs", "cost", *["seconds"] * (sizes is not None), "what it does"]
    shown = [
        (
            row["name"],
            ", ".join(row["needs"]) or "nothing",
            row["cost"] + f"; trains {row['trains']} models" * bool(row["trains"]),
            *[f"{row['seconds']:.2g}" for _ in (1,) if row.get("seconds") is not None],
            row["summary"],
        )
        for row in rows
    ]
    say_table(columns, shown)


def _strategy(name: str, sizes: Sizes | None) -> dict[str, Any]:
    from querist import strategies as room

    strategy = room.get(name)
    row: dict[str, Any] = {
        "name": name,
        "kind": "score" if isinstance(strategy, room.Score) else "batch",
        "needs": sorted(strategy.needs),
        "wants": sorted(strategy.wants),
        "cost": strategy.cost_class,
        "trains": room.members(strategy),
        "summary": (type(strategy).__doc__ or "").strip().splitlines()[0],
    }
    if sizes is not None:
        found = room.estimate(strategy, sizes)
        row["seconds"] = None if found is None else found.seconds
    return row


def recommend(
    data: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of a campaign, or a data file as for new.")
    ],
    id: options.Id = None,
    text: options.Text = None,
    features: options.Features = None,
    images: options.Images = False,
    label: options.Label = None,
    ask: options.Ask = None,
    ask_many: options.AskMany = None,
    number: options.Number = None,
    batch: options.Batch = None,
    budget: options.Budget = None,
    model: options.Model = None,
    pick_limit: options.PickLimit = None,
    as_json: AsJson = False,
) -> None:
    """Name the strategy that the evidence speaks for here, and why.

    A campaign folder knows its own facts. For a data file they come from the file and the
    options of new; nothing is written.
    """
    from querist.loop.config import CONFIG
    from querist.loop.folder import open_data, open_folder

    columns = {
        "id": id,
        "text": text,
        "features": features if features is None else options.parts_of(features),
        "label": label,
        "images": images,
    }
    settings = {"batch": batch, "budget": budget, "model": model, "pick_limit": pick_limit}
    asked = {"ask": ask, "ask_many": ask_many, "number": number}
    if data.is_dir() and ((data / CONFIG).exists() or not any(asked.values())):
        given = [n for n, v in {**columns, **settings, **asked}.items() if v]
        if given:
            shown = ", ".join("--" + name.replace("_", "-") for name in given)
            raise BadInput(
                f"{data} is a campaign folder and has its own settings; leave out {shown}"
            )
        with open_folder(data) as campaign:
            advice, used = campaign.history.recommend(), campaign.status()["strategy"]
    else:
        question = options.make_question(ask, ask_many, number)
        with open_data(data, question, columns=columns, settings=settings) as campaign:
            advice, used = campaign.history.recommend(), None
    took = None if advice.effort is None else advice.effort.seconds
    found = {
        "strategy": advice.strategy,
        "reason": advice.reason,
        "evidence": advice.evidence,
        "fails": advice.fails,
        "cost": advice.cost,
        "seconds": took,
        "used": used,
    }
    if as_json:
        say_json(found)
    else:
        say_pairs(found)


def plugins(as_json: AsJson = False) -> None:
    """List what is built in and plugged in.

    Exit code 1 when a plug-in fails to load.
    """
    rows = [_plugged(group, point) for group in GROUPS for point in _points(group)]
    if as_json:
        say_json(rows)
    else:
        say_table(("kind", "name", "from", "state"), [tuple(row.values()) for row in rows])
    if any(row["state"] != "ok" for row in rows):
        raise typer.Exit(1)


def _points(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=f"querist.{group}"), key=lambda point: point.name)


def _plugged(group: str, point: EntryPoint) -> dict[str, Any]:
    try:
        point.load()
        state = "ok"
    except Exception as error:  # a plug-in may fail with anything; the list must still come
        state = f"{type(error).__name__}: {error}"
    origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    return {"kind": group, "name": point.name, "from": origin, "state": state}
