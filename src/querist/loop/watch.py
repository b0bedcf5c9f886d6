"""The work beside a campaign: follow its log, and turn the ring whenever it is worth it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from querist.core.errors import QueristError
from querist.core.types import Round
from querist.loop.live import MOST_DEPTH

if TYPE_CHECKING:
    from querist.loop.campaign import Campaign
    from querist.loop.state import State
    from querist.loop.worker import Worker

WORK = "work"  # who changed the depth, when it was the work itself
DEPTH = 2  # batches the queue holds at first: one to label while the other is replaced
PATIENCE = 5.0  # seconds until an error is met anew
OTHERS = ("strategy", "model")  # settings only an opening reads

Say = Callable[[str], None]


def keep_stepping(
    folder: str | Path, *, stop: threading.Event, every: float = 0.5, say: Say = print
) -> None:
    """Retrain and queue while people label, until `stop` is set.

    A step is taken when a batch of labels is new, when less than a batch waits and anything is
    new, when the holdout has been completed, or when nothing waits. Never in a pause, nor once
    a rule said stop; a changed budget or rule opens the campaign again. Any number of these
    may work on one folder.

    The queue is kept as deep as labels come in while a model trains, unless its owner settled
    the depth.

    Parameters
    ----------
    every : float
        Seconds between two looks at the log.
    say : callable
        Told each round, each error and each stop, in a line.
    """
    said = ""

    def once(line: str) -> None:
        nonlocal said
        if line != said:  # what stays true is said once
            said = line
            say(line)

    while not stop.is_set():
        try:
            if not _watch(Path(folder), stop, every, once):
                return
        except QueristError as error:
            once(f"cannot work: {error}")
            stop.wait(PATIENCE)


def _watch(folder: Path, stop: threading.Event, every: float, say: Say) -> bool:
    """Watch until `stop`; True when the folder has to be opened again."""
    from querist.loop.folder import open_folder  # loads what trains

    with open_folder(folder) as campaign:
        journal, state = campaign.desk.journal, campaign.desk.journal.state
        opened, looked = _opening(state), -1
        _settle_depth(campaign)
        failed: tuple[object, ...] | None = None
        while not stop.is_set():
            journal.sync()
            if state.position != looked:
                looked = state.position
                if _opening(state) != opened:
                    return True
                if failed is None or failed != _news(campaign):
                    failed = _turn(campaign, say)
            stop.wait(every)
    return False


def _turn(campaign: Campaign, say: Say) -> tuple[object, ...] | None:
    """Take a step if one is due; what it was taken on when it failed, None when it did not."""
    worker, state = campaign._worker, campaign.desk.journal.state
    if state.recipe["paused"]:
        say("paused: nothing is trained or queued until the owner goes on")
        return None
    stopped = worker.parts.rule.states(state.rounds)["stop"]
    if state.rounds and stopped.stop:
        say(f"stopped: {stopped.reason}")
        return None
    if not is_due(worker):
        return None
    now = _news(campaign)
    begun, bought, before = time.perf_counter(), state.bought, len(state.rounds)
    waiting = len(state.queues["train"])
    try:
        turn = campaign.step()
    except QueristError as error:
        say(f"no step: {error}")
        return now
    except Exception as error:  # whatever somebody's estimator raises
        say(f"training failed, and is tried again with the next label: {error!r}")
        return now
    if len(state.rounds) > before:
        say(_told(turn, time.perf_counter() - begun))
        _deepen(campaign, state.bought - bought, waiting)
    return None


def is_due(worker: Worker) -> bool:
    """Whether a step is worth it now, pauses and stopping rules aside."""
    state, ledger, recipe = worker.journal.state, worker.growth.ledger, worker.parts.recipe
    if not state.rounds:
        return True
    last = state.rounds[-1]
    if len(ledger.training_rows()) - last.labels >= recipe.batch:
        return True
    waiting = sum(1 for _ in islice(state.fresh(), recipe.batch))
    if not waiting:
        return True
    holdout = state.queues["holdout"]
    complete = not len(holdout) and not holdout.held
    if complete and len(ledger.measuring_rows()) > last.holdout:
        return True
    return waiting < recipe.batch and worker.marks() != (last.data_version, last.holdout)


def _news(campaign: Campaign) -> tuple[object, ...]:
    """What a failed step has to wait for: other labels, or other settings."""
    state = campaign.desk.journal.state
    return (*campaign._worker.marks(), len(state.changes), len(campaign.pool))


def _opening(state: State) -> tuple[object, ...]:
    """What only an opening of the folder takes up."""
    return (*(state.recipe[name] for name in OTHERS), state.arrivals[-1].total)


def _settle_depth(campaign: Campaign) -> None:
    """Let the queue hold two batches, where nobody said how many; the first is chosen so too."""
    state, recipe = campaign.desk.journal.state, campaign.parts.recipe
    if recipe.depth < DEPTH and not any(c.name == "depth" for c in state.changes):
        campaign.desk.change("depth", DEPTH, WORK)
        if not state.votes and len(state.queues["train"]) < DEPTH * recipe.start:
            campaign._worker.step(fill=True)


def _deepen(campaign: Campaign, told: int, waiting: int) -> None:
    """Deepen the queue when labels came in faster than it could hold while a model trained.

    What is answered meanwhile drops out of the new ranking too, so as much again must be left;
    when all that waited was answered, nobody knows how much more would have been.
    """
    recipe = campaign.parts.recipe
    changes = campaign.desk.journal.state.changes
    own = all(change.by == WORK for change in changes if change.name == "depth")
    batch = recipe.batch * recipe.overlap
    if own and told > (recipe.depth - 1) * batch / 2:
        wanted = math.ceil(1 + (4 if told >= waiting else 2) * told / batch)
        campaign.desk.change("depth", min(max(wanted, recipe.depth), MOST_DEPTH), WORK)


def _told(turn: Round, seconds: float) -> str:
    score = next((f"{name} {value}" for name, value in turn.metrics.items()), "")
    measured = f", {score} on {turn.measured_on}" if score else ""
    end = f"; stop: {turn.verdicts['stop'].reason}" if turn.stop else ""
    return (
        f"round {turn.number}: {turn.labels:,} labels{measured}, {turn.queued:,} tasks queued "
        f"in {seconds:.1f} s{end}"
    )
