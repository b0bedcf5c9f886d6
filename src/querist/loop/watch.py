"""The work beside a campaign: follow its log, and turn the ring whenever it is worth it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
LIVELY = 10.0  # seconds after something happened in which it looks more often
LOOK = 0.05  # seconds between two looks then, and while a model trains
SHORT = 0.25  # seconds a training may take before the queue is topped up beside it
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

    Whenever less than a batch waits, and while a model trains too, the queue is topped up by
    the ranking there is: the newest model's, or the cold start. It is kept as deep as tasks are
    taken while a model trains, unless its owner settled the depth.

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
        opened, looked, happened = _opening(state), -1, -math.inf
        _settle_depth(campaign)
        before = _Stock.of(state)
        failed: tuple[object, ...] | None = None
        while not stop.is_set():
            journal.sync()
            if state.position != looked:
                looked, happened = state.position, time.monotonic()
                if _opening(state) != opened:
                    return True
                if failed is None or failed != _news(campaign):
                    failed = _turn(campaign, before, say)
                if failed is not None:
                    _top_up_or_say(campaign, before, say)
                before = _Stock.of(state)
            stop.wait(min(every, LOOK) if time.monotonic() - happened < LIVELY else every)
    return False


def _turn(campaign: Campaign, before: _Stock, say: Say) -> tuple[object, ...] | None:
    """Take a step if one is due; what it was taken on when it failed, None when it did not."""
    worker, state = campaign._worker, campaign.desk.journal.state
    if state.recipe["paused"]:
        say("paused: nothing is trained or queued until the owner goes on")
        return None
    stopped = worker.parts.rule.states(state.rounds)["stop"]
    if state.rounds and stopped.stop:
        say(f"stopped: {stopped.reason}")
        return None
    now = _news(campaign)
    begun, rounds = time.perf_counter(), len(state.rounds)
    try:
        if not is_due(worker):
            _top_up(campaign, before)
            return None
        with _topped_up(campaign, say) as stock:
            turn = campaign.step()
    except QueristError as error:
        say(f"no step: {error}")
        return now
    except Exception as error:  # whatever somebody's estimator raises
        say(f"training failed, and is tried again with the next label: {error!r}")
        return now
    if len(state.rounds) > rounds:
        say(_told(turn, time.perf_counter() - begun))
        _deepen(campaign, _Stock.of(state).taken - stock.taken, stock.there)
    return None


@dataclass
class _Stock:
    """Tasks that were taken out of the queue by a time, and those that were there to be taken."""

    taken: int
    there: int

    @classmethod
    def of(cls, state: State) -> _Stock:
        queue = state.queues["train"]
        return cls(state.bought + len(queue.held), len(queue))


@contextmanager
def _topped_up(campaign: Campaign, say: Say) -> Iterator[_Stock]:
    """Keep the queue stocked while a model trains; gives what there was, topping up included."""
    state, over = campaign.desk.journal.state, threading.Event()
    stock = _Stock.of(state)

    def keep() -> None:
        begun, more = time.monotonic(), 0
        while more >= 0 and not over.wait(LOOK):
            new = time.monotonic() - begun < SHORT
            more = _top_up_or_say(campaign, stock, say, 0.5 if new else 1.0)
            stock.there += max(more, 0)

    thread = threading.Thread(target=keep, name=f"{threading.current_thread().name}, topping up")
    thread.start()
    try:
        yield stock
    finally:
        over.set()
        thread.join()


def _top_up_or_say(campaign: Campaign, before: _Stock, say: Say, share: float = 1.0) -> int:
    """Queue more where little waits; -1 when that failed, which stops nothing else."""
    try:
        campaign.desk.journal.sync()
        return _top_up(campaign, before, share)
    except Exception as error:  # whatever somebody's strategy or estimator raises
        say(f"the queue is not topped up: {error!r}")
        return -1


def _top_up(campaign: Campaign, before: _Stock, share: float = 1.0) -> int:
    """Queue more, and deeper, where less than so much of a batch waits; how many more."""
    worker, state = campaign._worker, campaign.desk.journal.state
    recipe = worker.parts.recipe
    size = recipe.batch if state.votes else recipe.start
    # half of what the queue may hold at most, or each answer would set off a ranking
    below = math.ceil(share * size * recipe.overlap * min(recipe.depth / 2, 1))
    if state.recipe["paused"] or sum(1 for _ in islice(state.fresh(), below)) >= below:
        return 0
    _deepen(campaign, _Stock.of(state).taken - before.taken, before.there)
    return worker.fill(below)


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
        if not state.votes:
            campaign._worker.fill(DEPTH * recipe.start)


def _deepen(campaign: Campaign, taken: int, waiting: int) -> None:
    """Deepen the queue when tasks were taken faster than it could hold while a model trained.

    As much again must be left when the new ranking comes; when all that waited was taken,
    nobody knows how much more would have been.
    """
    recipe = campaign.parts.recipe
    changes = campaign.desk.journal.state.changes
    own = all(change.by == WORK for change in changes if change.name == "depth")
    batch = recipe.batch * recipe.overlap
    if own and taken > (recipe.depth - 1) * batch / 2:
        wanted = math.ceil(1 + (4 if taken >= waiting else 2) * taken / batch)
        campaign.desk.change("depth", min(max(wanted, recipe.depth), MOST_DEPTH), WORK)


def _told(turn: Round, seconds: float) -> str:
    score = next((f"{name} {value}" for name, value in turn.metrics.items()), "")
    measured = f", {score} on {turn.measured_on}" if score else ""
    end = f"; stop: {turn.verdicts['stop'].reason}" if turn.stop else ""
    return (
        f"round {turn.number}: {turn.labels:,} labels{measured}, {turn.queued:,} tasks queued "
        f"in {seconds:.1f} s{end}"
    )
