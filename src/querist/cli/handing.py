"""Database hand-over from a shell: tasks as rows that another program fills."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from querist.cli.options import AsJson, Folder
from querist.cli.output import hint, say, say_json
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.server.handover import Handover

SETTINGS = ("db", "depth", "by", "lease")  # of the section [handover] of campaign.toml


def handover(
    folder: Folder,
    db: Annotated[
        str | None, typer.Option("--db", help="The database: sqlite:///tasks.db.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option("--depth", help="Pending rows at a time. Default: 200.")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Who holds the tasks. Default: handover.")
    ] = None,
    lease: Annotated[
        float | None,
        typer.Option("--lease", help="Seconds until others may have the tasks. Default: 600."),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="One pass and no more, as from a timer.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put tasks into a table that another program fills.

    Each row of querist_tasks is a pending task; whoever sets its value answers it. Answers are
    checked: a refused one leaves its reason in the column error, and the row open. Runs until
    interrupted, then gives back what nobody filled.
    """
    given = {"db": db, "depth": depth, "by": by, "lease": lease}
    settings = configured(folder) | {n: value for n, value in given.items() if value is not None}
    if "db" not in settings:
        raise BadInput(
            f"which database? querist handover {folder} --db sqlite:///tasks.db, or db = ... in "
            "the section [handover] of campaign.toml"
        )
    stop = threading.Event()
    if not once:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        hint(f"handing over {folder} to {settings['db']}; Ctrl+C ends it")
    _with(folder, settings, lambda found: _pass(found, once, stop, as_json))


def configured(folder: Path) -> dict[str, Any]:
    """What campaign.toml says of a hand-over; empty when it says nothing."""
    from querist.loop.config import read_config

    found = dict(read_config(folder).get("handover", {}))
    if unknown := sorted(found.keys() - set(SETTINGS)):
        raise BadInput(
            f"[handover] of campaign.toml holds {', '.join(SETTINGS)}; got {', '.join(unknown)}"
        )
    return found


def run_beside(folder: Path, stop: threading.Event, say_line: Callable[[str], None]) -> None:
    """Hand over as campaign.toml says until `stop` is set; nothing where it says nothing."""
    if settings := configured(folder):
        _with(folder, settings, lambda found: found.run(stop, say=say_line))


def _with(folder: Path, settings: dict[str, Any], act: Callable[[Handover], None]) -> None:
    from querist.loop.folder import open_desk
    from querist.server.handover import Handover
    from querist.server.task_rows import open_rows

    given = dict(settings)
    desk = open_desk(folder)
    with closing(desk.journal.log), closing(open_rows(str(given.pop("db")))) as rows:
        act(Handover(desk, rows, folder.resolve().name, **given))


def _pass(found: Handover, once: bool, stop: threading.Event, as_json: bool) -> None:
    if once:
        taken = found.once()
    else:
        taken = 0
        found.run(stop, say=hint)
    counts = found.rows.counts()
    if as_json:
        say_json({"taken": taken, **counts} if once else counts)
    else:
        shown = {"taken up": taken, **counts} if once else counts
        say(", ".join(f"{number} {name}" for name, number in shown.items()))
