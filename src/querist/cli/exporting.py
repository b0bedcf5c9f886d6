"""Taking things out: labels, rounds, the log."""

from __future__ import annotations

import csv
import io
import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson, Folder, Out
from querist.cli.output import hint, say, write

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign

REPRESENTATIVE = (
    "the labels were chosen to teach the model, so the set is not representative of the pool: "
    "for shares and test scores use the rows of the arm 'control' (and 'holdout'), or weigh by "
    "probability"
)


class What(StrEnum):
    """What can be taken out."""

    labels = "labels"
    rounds = "rounds"
    log = "log"


def export(
    folder: Folder,
    what: Annotated[What, typer.Option(help="Labels, rounds, or every event.")] = What.labels,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Write labels, rounds or the log as CSV or JSON.

    Labels come with arm and probability. CSV unless --json is given or --out ends in .json;
    the log comes as JSON lines.
    """
    from querist.loop.folder import open_folder

    as_json = as_json or (out is not None and out.suffix == ".json")
    with open_folder(folder) as campaign:
        text = {What.labels: _labels, What.rounds: _rounds, What.log: _log}[what](campaign, as_json)
    if out is None:
        say(text.rstrip("\n"))
    else:
        write(out, text)
        hint(f"wrote {out}")
    if what is What.labels:
        hint(f"note: {REPRESENTATIVE}")


def _labels(campaign: Campaign, as_json: bool) -> str:
    rows = campaign.labels()
    if as_json:
        return json.dumps({"labels": rows, "warning": REPRESENTATIVE}, ensure_ascii=False, indent=1)
    return _csv(["id", "value", "confidence", "votes", "arm", "probability"], rows)


def _rounds(campaign: Campaign, as_json: bool) -> str:
    history = campaign.history
    return history.to_json() if as_json else history.to_csv()


def _log(campaign: Campaign, as_json: bool) -> str:
    from querist.core.events import event_to_json

    rows = ((position, json.loads(event_to_json(e))) for position, e in campaign.log.read())
    return "\n".join(
        json.dumps({"position": position, **form}, ensure_ascii=False) for position, form in rows
    )


def _csv(columns: list[str], rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        value = row["value"]
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
        writer.writerow({**row, "value": shown})
    return text.getvalue()
