"""The process that thinks: it retrains and fills queues while people label."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from querist.cli.options import AsJson
from querist.cli.output import hint, say_json
from querist.core.errors import BadInput, QueristError

SCAN = 2.0  # seconds between looks for new campaigns
PAUSE = 10.0  # seconds before what failed for good reason is tried again
NICER = 5  # steps a server's own work process is lower in rank: clicks come first


def work(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A campaign, or a folder of them.")],
    child: Annotated[
        bool, typer.Option("--child", hidden=True, help="End with whoever holds the input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Retrain and choose batches as labels come in.

    It goes on until it is interrupted.

    As many of these as you like may share a folder, on this machine or on others. What it says
    is kept in work.log of each campaign too, where the server reads it.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if child:
        os.nice(NICER)
        threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    elif not _campaigns(target):
        raise BadInput(
            f"{target} holds no campaign; make one with: querist new FILE --text COLUMN --ask a,b "
            "--dir DIR"
        )
    running: dict[tuple[Path, str], threading.Thread] = {}
    while not stop.is_set():
        for folder in _campaigns(target):
            for job in _jobs(folder):
                thread = running.get((folder, job))
                if thread is None or not thread.is_alive():
                    running[folder, job] = _begin(folder, job, stop, as_json)
        stop.wait(SCAN)
    for thread in running.values():
        thread.join()


def _jobs(folder: Path) -> list[str]:
    """What there is to do for a campaign: a hand-over where its campaign.toml speaks of one."""
    from querist.loop.config import read_config

    try:
        config = read_config(folder)
    except (QueristError, OSError):  # being written, or broken: the work says so
        config = {}
    return ["work", "handover"] if "handover" in config else ["work"]


def _begin(folder: Path, job: str, stop: threading.Event, as_json: bool) -> threading.Thread:
    """Work on one campaign in a thread; one that fails is begun anew at the next look."""
    from querist.cli.handing import run_beside
    from querist.loop.watch import keep_stepping
    from querist.server.worklog import note

    def say(line: str) -> None:
        if as_json:
            say_json({"campaign": folder.name, "says": line})
        else:
            hint(f"{folder.name}: {line}")
        note(folder, line)

    def go_on() -> None:
        try:
            if job == "work":
                keep_stepping(folder, stop=stop, say=say)
            else:
                run_beside(folder, stop, say)
        except OSError as error:  # the folder went away
            hint(f"{folder.name}: {error}")
        except QueristError as error:
            say(f"{job}: {error}")
            stop.wait(PAUSE)

    thread = threading.Thread(target=go_on, name=f"{job} on {folder.name}")
    thread.start()
    return thread


def _campaigns(target: Path) -> list[Path]:
    from querist.loop.config import CONFIG, campaigns_in

    return [target] if (target / CONFIG).is_file() else list(campaigns_in(target).values())


def _watch_parent(stop: threading.Event) -> None:
    """Stop once standard input ends: the server that held its other end is gone."""
    while os.read(0, 1024):  # not sys.stdin: a thread that holds its lock breaks an orderly end
        pass
    stop.set()
