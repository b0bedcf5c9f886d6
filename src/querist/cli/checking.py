"""Checking things over: doctor, strategies, plugins."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer

from querist.cli.options import AsJson, Folder
from querist.cli.output import progress, say, say_json, say_table

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


def strategies(as_json: AsJson = False) -> None:
    """List the query strategies, their needs and cost.

    n candidates, b picks, L labelled items, d dimensions, k classes or labels, s models.
    """
    from querist import strategies as room

    rows = []
    for name in room.names():
        strategy = room.get(name)
        rows.append(
            {
                "name": name,
                "needs": sorted(strategy.needs),
                "wants": sorted(strategy.wants),
                "cost": strategy.cost_class,
                "summary": (type(strategy).__doc__ or "").strip().splitlines()[0],
            }
        )
    if as_json:
        say_json(rows)
    else:
        shown = [
            (row["name"], ", ".join(row["needs"]) or "nothing", row["cost"], row["summary"])
            for row in rows
        ]
        say_table(("strategy", "needs", "cost", "what it does"), shown)


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
