"""The worker: takes a snapshot, lets a turn think, and writes what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from itertools import islice, takewhile
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import Conflict, LogError, NoModel
from querist.core.events import Event, Queued, QueuedItem, Stepped
from querist.core.protocols import Model
from querist.core.types import Round
from querist.loop.growth import Growth
from querist.loop.journal import Journal
from querist.loop.learner import asked_anew, asking
from querist.loop.ledger import Ledger
from querist.loop.mistakes import decided
from querist.loop.reserve import CONTROL
from querist.loop.rounds import round_to_json
from querist.loop.scoring import Scorer
from querist.loop.serving import answers_wanted, tasks_of
from querist.loop.settings import followed
from querist.loop.state import State
from querist.loop.training import TrainingSet, training_set, values_of
from querist.loop.turn import Outcome, Parts, Snapshot, batch_size, choose, fit, learn
from querist.models import ModelStore


class _Layout(NamedTuple):
    """What a turn works with, laid out while nobody writes."""

    parts: Parts
    ledger: Ledger
    scorer: Scorer

    def goes_with(self, other: _Layout) -> bool:
        """Whether what was learned with the one may be chosen with under the other."""
        same = self.scorer is other.scorer and self.parts.model is other.parts.model
        return same and self.parts.strategy is other.parts.strategy


class Worker:
    """Turns the ring. One turn at a time in a process; several processes may race safely."""

    def __init__(
        self, journal: Journal, growth: Growth, parts: Parts, store: ModelStore | None
    ) -> None:
        self.journal = journal
        self.growth = growth
        self.store = store
        self._parts = parts
        self._followed = len(journal.state.changes)
        self._kept: tuple[int, Model] | None = None  # the last model used, and its round
        self._checkpoints: dict[int, Model] = {}
        self._thinking = threading.Lock()
        self._choosing = threading.Lock()  # what is known of the pool's vectors is not shared

    @property
    def parts(self) -> Parts:
        """The parts, with question and numbers of the recipe as the log has them by now."""
        with self.journal.lock:
            state, question = self.journal.state, self.growth.question
            if self._followed != len(state.changes):
                recipe, rule = followed(self._parts.recipe, self._parts.rule, state.recipe)
                self.parts = replace(self._parts, recipe=recipe, rule=rule)
            if self._parts.question is not question:
                if self._parts.question.to_json() != question.to_json():
                    self._parts = asked_anew(self._parts, question, self.growth.pool)
                self._parts = replace(self._parts, question=question)
            return self._parts

    @parts.setter
    def parts(self, parts: Parts) -> None:
        self._parts, self._followed = parts, len(self.journal.state.changes)

    def step(self) -> Round:
        """One turn; the last round, unchanged, when there is nothing to do."""
        with self._thinking:
            self.journal.decide(self._holdout_tasks)
            with self.journal.lock:
                now, laid = self.snapshot(), self._laid_out()
            if now is None:
                return self.journal.state.rounds[-1]
            now = self._equipped(now)
            lesson = learn(laid.parts, laid.ledger, now)
            with self._choosing:
                now, laid = self._by_now(now, laid)
                return self._commit(now, choose(laid.parts, laid.ledger, laid.scorer, now, lesson))

    def fill(self, below: int) -> int:
        """Top the queue up where fewer than `below` tasks wait; how many wait more than before.

        What waits is ranked anew by the newest model there is, or the cold start, as deep as
        the queue is to be. Nothing is trained, so a step may be under way in another thread.
        """
        with self._choosing:
            with self.journal.lock:
                now, laid = self._to_fill(below), self._laid_out()
                if now is None:
                    return 0
                upto, votes = self.journal.state.steps[-1].upto, self.journal.state.votes
                told = (votes[item_id].values() for item_id in now.training.ids)
                seen = np.array([any(v.position <= upto for v in of) for of in told], dtype=bool)
                taught = self.growth.book.training_set(now.training.rows[seen])
                before = len(self.journal.state.queues["train"])
            now = self._equipped(now)
            lesson = learn(laid.parts, laid.ledger, replace(now, training=taught))
            self._commit(now, choose(laid.parts, laid.ledger, laid.scorer, now, lesson))
            return max(len(self.journal.state.queues["train"]) - before, 0)

    def _to_fill(self, below: int) -> Snapshot | None:
        """What the queue is topped up from; None when enough waits, or nothing can be added."""
        self.journal.sync()
        state, ledger = self.journal.state, self.growth.ledger
        if not state.rounds or sum(1 for _ in islice(state.fresh(), below)) >= below:
            return None
        now = self._stand(fill=True)
        there = len(ledger.candidates(0)) + len(ledger.control_queue())
        return now if min(batch_size(self.parts, now), there) > self._fresh_items() else None

    def _fresh_items(self) -> int:
        """Items that wait and that a new ranking may replace."""
        state = self.journal.state
        return len({state.tasks[task_id].why.item_id for task_id in state.fresh()})

    def _laid_out(self) -> _Layout:
        growth = self.growth
        return _Layout(self.parts, copy(growth.ledger), growth.scorer)

    def _equipped(self, now: Snapshot) -> Snapshot:
        """The snapshot with the models it needs."""
        past = now.past if now.retrain else now.past[:-1]
        return replace(now, model=self._model_before(now), earlier=self.earlier(past))

    def _by_now(self, now: Snapshot, laid: _Layout) -> tuple[Snapshot, _Layout]:
        """Where things stand once a lesson is learned: what was answered meanwhile, and settings.

        Where data, question, strategy or model have changed, the turn ends as it began.
        """
        with self.journal.lock:
            self.journal.sync()
            if self.journal.state.position == now.position:
                return now, laid
            later = self._laid_out()
            if not later.goes_with(laid):
                return now, laid
            stand = self._stand()
            new = {name: getattr(stand, name) for name in ("training", "bought", "pending")}
            return replace(now, batches=stand.batches, **new), later

    def model(self) -> Model:
        """The newest trained model; loaded, or refitted from the log, after a restart.

        Raises
        ------
        NoModel
            Before anything was trained.
        """
        number = _newest(self.journal.state.rounds)
        if number is None:
            raise NoModel("no model is trained yet: tell some labels, then call step()")
        return self._version(number)

    def decide(self, items: Any) -> NDArray[Any]:
        """What the newest model decides of items of the pool's kind, as targets."""
        model, mistakes = self.model(), self.parts.recipe.mistakes
        gives: frozenset[str] = getattr(model, "gives", frozenset())
        needs = frozenset({"proba"} if mistakes is not None and "proba" in gives else {"value"})
        return decided(model.predict(self.growth.batch(items), needs), mistakes)

    def _version(self, number: int) -> Model:
        if self._kept is None or self._kept[0] != number:
            self._kept = (number, self.model_of(number))
        return asking(self._kept[1], self.growth.question)

    def _model_before(self, now: Snapshot) -> Model | None:
        """The last model, where the turn needs it: to choose with, or to go on from."""
        number = _newest(now.past)
        needed = not now.retrain or getattr(self.parts.model, "warm", False)
        return self._version(number) if number is not None and needed else None

    def earlier(self, past: Sequence[Round]) -> tuple[Model, ...]:
        """Models of the last of these rounds, oldest first, as many as the strategy compares."""
        committee: Any = getattr(self.parts.strategy, "committee", None)
        if getattr(committee, "kind", "") != "checkpoints":
            return ()
        trained = [turn.model_version for turn in past if turn.model_version is not None]
        wanted = trained[-(committee.last - 1) :]
        self._checkpoints = {
            number: self._checkpoints.get(number) or self.model_of(number) for number in wanted
        }
        question = self.growth.question
        return tuple(asking(model, question) for model in self._checkpoints.values())

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
        """The model of a past round: loaded, or refitted on exactly its training set.

        A model with a warm start is refitted through all rounds before it.
        """
        saved = self._step_of(number).model
        if saved and self.store is not None and number in self.store.versions():
            try:
                return asking(self.store.load(number, sha256=saved), self.growth.question)
            except (LookupError, ValueError):
                pass  # gone or changed, perhaps by a process that lost the race: the log decides
        if self.journal.state.rounds[number].model_version is None:
            raise NoModel(f"round {number} trained no model: it had no labels yet")
        warm = getattr(self.parts.model, "warm", False)
        refitted: Model | None = None
        for turn in self.journal.state.rounds[0 if warm else number : number + 1]:
            if turn.model_version is not None:
                training = self.training_of(turn.number)
                refitted = fit(self.parts, self.growth.pool, training, turn.number, refitted)
        assert refitted is not None
        return refitted

    def _step_of(self, number: int) -> Stepped:
        steps = self.journal.state.steps
        if not 0 <= number < len(steps):
            raise NoModel(f"there is no round {number}; rounds so far: 0 to {len(steps) - 1}")
        return steps[number]

    def _holdout_tasks(self) -> tuple[list[Event], None]:
        """A task of its own job for every holdout item that has none."""
        state, rows = self.journal.state, self.growth.ledger.holdout_queue()
        batch = len(state.batches)
        items = tuple(
            QueuedItem(f"b{batch}-{k}", item_id, "holdout", "Random", None, k, 1.0, len(rows))
            for k, item_id in enumerate(self.growth.pool.ids(rows))
        )
        number = len(state.rounds) - 1
        event = Queued(at=time.time(), round=number, replaces=False, items=items)
        return [event] if items else [], None

    def snapshot(self) -> Snapshot | None:
        """What the next turn starts from; None when there is nothing for a turn to do."""
        with self.journal.lock:
            self.journal.sync()
            self.growth.check_complete()
            now = self._stand()
            retrain = self._is_news(now.training, now.holdout)
            if now.past and not retrain and any(True for _ in self.journal.state.fresh()):
                return None
            return replace(now, retrain=retrain)

    def _stand(self, *, fill: bool = False) -> Snapshot:
        """Where everything stands, for a turn that trains nothing."""
        state, ledger, book = self.journal.state, self.growth.ledger, self.growth.book
        queries = "labelled_queries" in self.parts.strategy.wants
        train, test = state.queues["train"], state.queues["holdout"]
        return Snapshot(
            past=tuple(state.rounds),
            training=book.training_set(ledger.training_rows(), queries=queries),
            holdout=book.training_set(ledger.measuring_rows()),
            bought=state.bought,
            pending=len(train.held) + len(test.held) + len(test) + state.further(),
            batches=len(state.batches),
            position=state.position,
            retrain=False,
            trial=state.trial,
            fill=fill,
        )

    def marks(self) -> tuple[str, int]:
        """What the labels of now amount to: hash of the training set, size of the holdout."""
        with self.journal.lock:
            ledger = self.growth.ledger
            training = self.growth.book.training_set(ledger.training_rows())
            return training.version, len(ledger.measuring_rows())

    def _is_news(self, training: TrainingSet, holdout: TrainingSet) -> bool:
        """Whether they are others than those the last model was trained and measured on."""
        if not len(training):
            return False
        last = self.journal.state.rounds[-1] if self.journal.state.rounds else None
        seen = (last.data_version, last.holdout) if last else ("", 0)
        return seen != (training.version, len(holdout))

    def _commit(self, now: Snapshot, outcome: Outcome) -> Round:
        """Write the turn, unless another process took one in the meantime."""
        state = self.journal.state
        saved, turn = self._save(outcome) if now.retrain else ("", outcome.round)
        while True:
            with self.journal.lock:
                self.journal.sync()
                overtaken = len(state.rounds) != len(now.past)
                outdated = not now.retrain and now.past and not now.fill
                if overtaken or (outdated and any(True for _ in state.fresh())):
                    return state.rounds[-1]
                queued = self._queued(turn, outcome.items)
                ranked = len({item.item_id for item in queued.items})
                if now.fill and ranked <= self._fresh_items():
                    return state.rounds[-1]
                turn = replace(turn, queued=len(queued.items))
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
                if turn.model_version is not None and outcome.model is not None:
                    self._kept = (turn.model_version, outcome.model)
                return turn

    def _queued(self, turn: Round, items: list[QueuedItem]) -> Queued:
        """The batch as tasks, less what was answered, lent or passed on meanwhile."""
        state = self.journal.state
        number = len(state.batches)
        ledger, recipe = self.growth.ledger, self.parts.recipe
        still = [item for item in items if ledger.is_free(item.item_id)]
        keys = ledger.keys[self.growth.pool.rows([item.item_id for item in still])]
        wanted = answers_wanted(keys, recipe.overlap, recipe.seed).tolist()
        return Queued(
            at=time.time(),
            round=turn.number,
            model_version=turn.model_version,
            items=tuple(tasks_of(still, wanted, number)),
        )

    def _save(self, outcome: Outcome) -> tuple[str, Round]:
        """Keep the model where the campaign has a place for it; say so when that fails."""
        turn = outcome.round
        if self.store is None or outcome.model is None:
            return "", turn
        try:
            info = {"data_version": turn.data_version}
            saved, note = self.store.save(turn.number, outcome.model, info), self.store.note
        except OSError as error:
            saved, note = "", f"the model of round {turn.number} was not kept: {error}"
        return saved, replace(turn, notes=(*turn.notes, note)) if note else turn


def _newest(rounds: Sequence[Round]) -> int | None:
    """Number of the last round that trained a model."""
    trained = (turn.model_version for turn in reversed(rounds))
    return next((version for version in trained if version is not None), None)
