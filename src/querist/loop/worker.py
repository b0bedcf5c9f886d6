"""The worker: takes a snapshot, lets a turn think, and writes what came of it."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import takewhile

import numpy as np

from querist.core.errors import Conflict, LogError, NoModel
from querist.core.events import Event, Queued, QueuedItem, Stepped
from querist.core.protocols import Model
from querist.core.types import Round
from querist.loop.growth import Growth
from querist.loop.journal import Journal
from querist.loop.reserve import CONTROL
from querist.loop.rounds import round_to_json
from querist.loop.state import State
from querist.loop.training import TrainingSet, training_set, values_of
from querist.loop.turn import Outcome, Parts, Snapshot, fit, take_turn
from querist.models import ModelStore


class Worker:
    """Turns the ring. One turn at a time in a process; several processes may race safely."""

    def __init__(
        self, journal: Journal, growth: Growth, parts: Parts, store: ModelStore | None
    ) -> None:
        self.journal = journal
        self.growth = growth
        self.parts = parts
        self.store = store
        self._model: Model | None = None
        self._thinking = threading.Lock()

    def step(self) -> Round:
        """One turn; the last round, unchanged, when there is nothing to do."""
        with self._thinking:
            now = self.snapshot()
            if now is None:
                return self.journal.state.rounds[-1]
            outcome = take_turn(self.parts, self.growth.ledger, self.growth.scorer, now)
            return self._commit(now, outcome)

    def model(self) -> Model:
        """The newest trained model; loaded, or refitted from the log, after a restart.

        Raises
        ------
        NoModel
            Before anything was trained.
        """
        if self._model is None:
            number = self._newest()
            if number is None:
                raise NoModel("no model is trained yet: tell some labels, then call step()")
            self._model = self.model_of(number)
        return self._model

    def training_of(self, number: int) -> TrainingSet:
        """The training set of a past round, rebuilt from the log.

        Raises
        ------
        LogError
            When what is rebuilt does not hash to what the round recorded.
        """
        step = self._step_of(number)
        past = State()
        past.fold(takewhile(lambda row: row[0] <= step.upto, self.journal.log.read()))
        pool = self.growth.pool
        rows = pool.rows(sorted(past.votes)) if past.votes else np.zeros(0, dtype=np.int64)
        rows = np.sort(rows[self.growth.ledger.role[rows] <= CONTROL])
        found = training_set(pool, self.parts.question, rows, values_of(past, pool, rows))
        if found.version != step.round["data_version"]:
            raise LogError(
                f"the training set of round {number} does not hash to what the log recorded: the "
                "content of the pool has changed since. Open the campaign with its own data"
            )
        return found

    def model_of(self, number: int) -> Model:
        """The model of a past round: loaded, or refitted on exactly its training set."""
        saved = self._step_of(number).model
        if saved and self.store is not None and number in self.store.versions():
            model: Model = self.store.load(number, sha256=saved)
            return model
        training = self.training_of(number)
        if not len(training):
            raise NoModel(f"round {number} trained no model: it had no labels yet")
        return fit(self.parts, self.growth.pool, training, number, None)

    def _step_of(self, number: int) -> Stepped:
        steps = self.journal.state.steps
        if not 0 <= number < len(steps):
            raise NoModel(f"there is no round {number}; rounds so far: 0 to {len(steps) - 1}")
        return steps[number]

    def snapshot(self) -> Snapshot | None:
        """What the next turn starts from; None when there is nothing for a turn to do."""
        journal, state, ledger = self.journal, self.journal.state, self.growth.ledger
        book = self.growth.book
        with journal.lock:
            journal.sync()
            training = book.training_set(ledger.training_rows())
            holdout = book.training_set(ledger.measuring_rows())
            retrain = self._is_news(training, holdout)
            if state.rounds and not retrain and state.queues["train"].untouched():
                return None
            train, test = state.queues["train"], state.queues["holdout"]
            return Snapshot(
                past=tuple(state.rounds),
                training=training,
                holdout=holdout,
                bought=state.bought,
                pending=len(train.held) + len(test.held) + len(test),
                batches=len(state.batches),
                position=state.position,
                retrain=retrain,
                model=self.model() if self._newest() is not None else None,
            )

    def _is_news(self, training: TrainingSet, holdout: TrainingSet) -> bool:
        """Whether there are labels that no model was trained or measured on."""
        if not len(training):
            return False
        last = self.journal.state.rounds[-1] if self.journal.state.rounds else None
        seen = (last.data_version, last.holdout) if last else ("", 0)
        return seen != (training.version, len(holdout))

    def _newest(self) -> int | None:
        rounds = self.journal.state.rounds
        return next(
            (r.model_version for r in reversed(rounds) if r.model_version is not None), None
        )

    def _commit(self, now: Snapshot, outcome: Outcome) -> Round:
        """Write the turn, unless another process took one in the meantime."""
        state = self.journal.state
        saved, turn = self._save(outcome) if now.retrain else ("", outcome.round)
        while True:
            with self.journal.lock:
                self.journal.sync()
                overtaken = len(state.rounds) != len(now.past)
                if overtaken or (
                    not now.retrain and now.past and state.queues["train"].untouched()
                ):
                    self._model = None
                    return state.rounds[-1]
                queued = self._queued(turn, outcome.items)
                events: list[Event] = [queued] if queued.items else []
                if now.retrain or not now.past:
                    stepped = Stepped(
                        at=time.time(), round=round_to_json(turn), upto=now.position, model=saved
                    )
                    events.insert(0, stepped)
                try:
                    self.journal.append(events, expect=state.position)
                except Conflict:
                    continue
                self._model = outcome.model
                return turn

    def _queued(self, turn: Round, items: list[QueuedItem]) -> Queued:
        """The batch with its task ids; items answered or lent since the snapshot drop out."""
        state = self.journal.state
        number = len(state.batches)
        still = [item for item in items if not self.growth.ledger.is_taken(item.item_id)]
        named = tuple(replace(item, task_id=f"b{number}-{k}") for k, item in enumerate(still))
        return Queued(
            at=time.time(), round=turn.number, model_version=turn.model_version, items=named
        )

    def _save(self, outcome: Outcome) -> tuple[str, Round]:
        """Keep the model where the campaign has a place for it; say so when that fails."""
        turn = outcome.round
        if self.store is None or outcome.model is None:
            return "", turn
        saved = self.store.save(turn.number, outcome.model, {"data_version": turn.data_version})
        if self.store.note:
            turn = replace(turn, notes=(*turn.notes, self.store.note))
        return saved, turn
