"""Looking at a campaign: status, why, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson, Folder, Out
from querist.cli.output import progress, say, say_json, say_pairs, say_table

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign


def status(folder: Folder, as_json: AsJson = False) -> None:
    """Where the campaign stands, and what to do next."""
    from querist.loop.folder import open_folder

    with open_folder(folder) as campaign:
        found = campaign.status()
        found["step_due"], found["next"] = due(campaign, found)
    if as_json:
        say_json(found)
    else:
        _say_status(found)


def due(campaign: Campaign, status: dict[str, Any]) -> tuple[bool, str]:
    """Whether a step is due, and in words what to do next."""
    queue, stop, last = status["queue"], status["stop"]["stop"], campaign.history.rounds[-1]
    fresh = status["labels"] - last.labels
    free, out = queue["waiting"], queue["leased"]
    if fresh and stop["stop"]:
        return True, f"stop ({stop['reason']}); step once more to train on {fresh} newer labels"
    if stop["stop"]:
        return False, f"stop: {stop['reason']}"
    if fresh >= campaign.parts.recipe.batch or (fresh and not free and not out):
        return True, f"step: {fresh} labels are newer than the model"
    if not free and not out:
        return True, "step: the queue is empty"
    if not free:
        return False, f"wait for {out} tasks that are out, or step without them"
    return False, f"ask: {free} tasks wait"


def _say_status(found: dict[str, Any]) -> None:
    counts, queue = found["items"], found["queue"]
    money = "" if found["spent"] is None else f", spent {found['spent']:,.2f}"
    of = "" if found["budget"] is None else f" of {found['budget']:,}"
    holdout = queue["holdout_waiting"] + queue["holdout_leased"]
    pairs = {
        "items": f"{counts['total']:,} = {counts['labelled']:,} labelled + {counts['queued']:,} "
        f"queued + {counts['pool']:,} in the pool + {counts['held_out']:,} held out"
        + f" + {counts['passed']:,} passed"
        * bool(counts["passed"]),
        "queue": f"{queue['waiting']:,} wait, {queue['leased']:,} are out"
        + f"; holdout: {holdout:,} to label" * bool(holdout),
        "bought": f"{found['bought']:,}{of} labels{money}",
        "round": found["round"],
    }
    whole = {name: i for name, i in found["metrics"].items() if "[" not in name}
    for name, interval in list(whole.items())[:3]:
        low, high = interval["low"], interval["high"]
        pairs[name] = f"{interval['value']:.3f} [{low:.3f}, {high:.3f}] ({found['measured_on']})"
    pairs |= {
        f"rule {name}": rule["reason"] for name, rule in found["stop"].items() if name != "stop"
    }
    pairs |= {
        f"goal {goal['goal']}": "met" if goal["met"] else "not met" for goal in found["goals"]
    }
    if found["classes"]:
        pairs["classes"] = ", ".join(f"{name} {n}" for name, n in found["classes"].items())
    if found["mistakes"]:
        pairs["mistakes"] = found["mistakes"]
    if found["annotators"]:
        pairs["annotators"] = ", ".join(f"{by} {n}" for by, n in found["annotators"].items())
    pairs |= {"strategy": found["strategy"], "model": found["model"]}
    pairs["seconds"] = ", ".join(f"{what} {s:.2g}" for what, s in found["seconds"].items())
    say_pairs({**pairs, "next": found["next"]})
    say(*(f"note: {note}" for note in found["notes"]))


def rank(
    folder: Folder,
    n: Annotated[int, typer.Option("-n", help="How many items at most; 0 for all.")] = 20,
    strategy: Annotated[
        str | None, typer.Option("--strategy", help="Rank by another strategy than the campaign's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the items of the pool in the order they are wanted now."""
    from querist.loop.folder import open_folder

    with open_folder(folder) as campaign:
        rows = campaign.history.ranking(n or None, strategy=strategy)
    if as_json:
        for row in rows:
            say_json(row)
    else:
        say_table(("rank", "id", "score"), [tuple(row.values()) for row in rows])


def why(
    folder: Folder,
    item: Annotated[str, typer.Argument(metavar="ITEM", help="Id of an item.")],
    as_json: AsJson = False,
) -> None:
    """Why an item was asked, who labelled it, and when."""
    from querist.loop.folder import open_folder

    with open_folder(folder) as campaign:
        told = campaign.history.why(item)
        if as_json:
            from querist.loop.report import reasons

            say_json({"item_id": item, "why": told, **reasons(campaign, item)})
        else:
            say(told)


def report(folder: Folder, out: Out = None, as_json: AsJson = False) -> None:
    """Write DIR/report.html: curve, goals, cost, reasons."""
    from querist.loop.folder import open_folder
    from querist.loop.report import write_report

    path = out or folder / "report.html"
    with progress("drawing the report"), open_folder(folder) as campaign:
        write_report(campaign, path)
    if as_json:
        say_json({"report": str(path)})
    else:
        say(f"wrote {path}")
