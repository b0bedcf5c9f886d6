"""The process that thinks: it retrains and fills queues while people label."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from querist.cli.options import AsJson
from querist.cli.output import hint, say_json
from querist.core.errors import BadInput

SCAN = 2.0  # seconds between looks for new campaigns
NICER = 5  # steps a server's own work process is lower in rank: clicks come first


def work(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A campaign, or a folder of them.")],
    child: Annotated[
        bool, typer.Option("--child", hidden=True, help="End with whoever holds the input.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Retrain and choose batches as labels come in, until interrupted.

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
    running: dict[Path, threading.Thread] = {}
    while not stop.is_set():
        for folder in _campaigns(target):
            if folder not in running or not running[folder].is_alive():
                running[folder] = _begin(folder, stop, as_json)
        stop.wait(SCAN)
    for thread in running.values():
        thread.join()


def _begin(folder: Path, stop: threading.Event, as_json: bool) -> threading.Thread:
    """Work on one campaign in a thread; one that fails is begun anew at the next look."""
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
            keep_stepping(folder, stop=stop, say=say)
        except OSError as error:  # the folder went away
            hint(f"{folder.name}: {error}")

    thread = threading.Thread(target=go_on, name=f"work on {folder.name}")
    thread.start()
    return thread


def _campaigns(target: Path) -> list[Path]:
    from querist.loop.folder import CONFIG

    if (target / CONFIG).is_file():
        return [target]
    return sorted(path.parent for path in target.glob(f"*/{CONFIG}"))


def _watch_parent(stop: threading.Event) -> None:
    """Stop once standard input ends: the server that held its other end is gone."""
    while sys.stdin.buffer.read(1024):
        pass
    stop.set()
