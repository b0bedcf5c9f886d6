"""One turn of the ring: train, measure, judge, choose. The only place that thinks."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from querist.core.events import QueuedItem
from querist.core.keys import seed_for
from querist.core.protocols import Model, Pool, Question
from querist.core.remarks import remarks
from querist.core.signals import FROM_MODEL
from querist.core.types import ArmCheck, Interval, Ints, Picks, Round, Verdict
from querist.loop import measure
from querist.loop.arms import arms_remark, check_arms, is_due, stand_in
from querist.loop.coverage import seed_remarks
from querist.loop.ledger import Ledger
from querist.loop.limits import check_effort, sizes_of
from querist.loop.needs import groups_of
from querist.loop.profile import doubt_of, flat_text
from querist.loop.recipe import Recipe, small_batch_remark
from querist.loop.reserve import control_share
from querist.loop.scoring import Scorer
from querist.loop.serving import guesses, similar_order
from querist.loop.state import FIRST, Trial
from querist.loop.training import TrainingSet
from querist.stopping import AnyOf
from querist.strategies import KCenter, KMeansSampling, Mix, Random, Strategy

BLEND = 1  # keeps the draw of the control items' places apart from the strategy's


@dataclass(frozen=True, eq=False)
class Parts:
    """What a campaign is put together from; `chosen` says that nobody named the model."""

    question: Question
    model: Model
    strategy: Strategy
    rule: AnyOf
    recipe: Recipe
    notes: tuple[str, ...] = ()
    measure: bool = True
    chosen: bool = False


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What a turn starts from, taken while nobody else writes.

    Attributes
    ----------
    past : sequence of Round
        Rounds so far.
    training, holdout : TrainingSet
        Labels to learn from, and labels to measure on.
    bought, pending : int
        Labels paid for, and tasks that may still cost one: out, reserved, further opinions.
    batches : int
        Batches queued so far; keys the draws of this turn.
    position : int
        Log position up to which answers are in the sets.
    retrain : bool
        Whether there are labels the last model has not seen.
    model : Model or None
        The last model, where the turn needs it.
    earlier : tuple of Model
        The models before that of this turn, oldest first, where the strategy compares them.
    trial : Trial
        The rounds this strategy and this model have had.
    fill : bool
        Whether to rank anew although tasks wait and without training, so that more wait.
    """

    past: Sequence[Round]
    training: TrainingSet
    holdout: TrainingSet
    bought: int
    pending: int
    batches: int
    position: int
    retrain: bool
    model: Model | None = None
    earlier: tuple[Model, ...] = ()
    trial: Trial = FIRST
    fill: bool = False

    @property
    def number(self) -> int:
        """Number of the round this turn belongs to."""
        return len(self.past) if self.retrain or not self.past else self.past[-1].number

    @property
    def first_model(self) -> bool:
        """Whether no round before this one trained a model."""
        return all(turn.model_version is None for turn in self.past)


@dataclass(frozen=True, eq=False)
class Lesson:
    """What was learned: the round so far, its model, the rounds before, what it was taught."""

    turn: Round
    model: Model | None
    past: list[Round]
    training: TrainingSet
    seconds: dict[str, float]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a turn produced; the items have no task ids yet."""

    round: Round
    model: Model | None
    items: list[QueuedItem]


def learn(parts: Parts, ledger: Ledger, now: Snapshot) -> Lesson:
    """Train on the labels and measure; without new labels the last round and model stay."""
    seconds = dict.fromkeys(("fit", "measure", "score", "select"), 0.0)
    if not now.retrain and now.past:
        return Lesson(now.past[-1], now.model, list(now.past[:-1]), now.training, seconds)
    turn, model = _learn(parts, ledger, now, seconds)
    return Lesson(turn, model, list(now.past), now.training, seconds)


def choose(parts: Parts, ledger: Ledger, scorer: Scorer, now: Snapshot, lesson: Lesson) -> Outcome:
    """Let the rules judge, and choose the next batch, as things stand `now`.

    That is later than where the lesson began: what was answered while it went on is taken into
    account. Pure in everything but time: equal snapshots and lessons give equal outcomes.
    """
    past, turn, model, seconds = lesson.past, lesson.turn, lesson.model, lesson.seconds
    if now.retrain and model is not None and now.first_model and parts.measure:
        seed = parts.recipe.seed
        gaps = seed_remarks(parts.question, lesson.training, ledger, scorer.space, seed)
        doubt = doubt_of(model, ledger, seed) if parts.question.view == "choice" else None
        flat = (flat_text(doubt),) if doubt is not None and doubt.is_flat else ()
        turn = replace(turn, notes=(*turn.notes, *gaps, *flat))
    spent = (parts.recipe.price or 0.0) * now.bought
    turn = replace(turn, bought=now.bought, spent=spent)
    verdicts = parts.rule.states([*past, turn])
    items: list[QueuedItem] = []
    notes = list(turn.notes)
    instead = stand_in(parts.strategy.fallback, [*past, turn], now.trial)
    if not verdicts["stop"].stop:
        items, said = _choose(parts, ledger, scorer, now, lesson, instead)
        notes += said
        if not items and not now.pending:
            verdicts |= {"stop": Verdict(True, "every item that may be asked is labelled", 1.0)}
    turn = replace(
        turn,
        verdicts=verdicts,
        queued=len(items),
        seconds=seconds,
        notes=tuple(notes),
        fallback="" if instead is None else repr(instead),
    )
    return Outcome(turn, model, items)


def _learn(
    parts: Parts, ledger: Ledger, now: Snapshot, seconds: dict[str, float]
) -> tuple[Round, Model | None]:
    """Fit and measure; a round without labels has no model."""
    turn = Round(
        now.number,
        labels=len(now.training),
        holdout=len(now.holdout),
        data_version=now.training.version,
        notes=parts.notes if not now.past else (),
    )
    if not len(now.training):
        return turn, None
    with _timed(seconds, "fit"):
        model = fit(parts, ledger.pool, now.training, now.number, now.model)
    with _timed(seconds, "measure"):
        metrics, measured_on = _measure(parts, ledger, model, now)
    notes = [*turn.notes, *getattr(model, "notes", ())]
    remark = small_batch_remark(parts.recipe.batch, seconds["fit"] + seconds["measure"])
    if remark:
        notes.append(remark)
    with _timed(seconds, "measure"):
        turn = replace(turn, check=_check(parts, ledger, now))
    notes += filter(None, [arms_remark(parts.strategy.fallback, [*now.past, turn], now.trial)])
    turn = replace(
        turn,
        model_version=now.number,
        metrics=metrics,
        measured_on=measured_on,
        notes=tuple(notes),
    )
    return turn, model


def _check(parts: Parts, ledger: Ledger, now: Snapshot) -> ArmCheck | None:
    """The strategy against the control slice, when it is time to look again.

    Where the outcome decides who picks, it is looked at even if nothing else is measured.
    """
    decides = parts.strategy.fallback is not None
    if isinstance(parts.strategy, Random) or not (parts.measure or decides):
        return None
    if not is_due(now.past, len(now.training), now.trial):
        return None
    seed = seed_for(parts.recipe.seed, now.number, 2)
    return check_arms(parts, ledger, now.training, now.holdout, seed)


def fit(
    parts: Parts, pool: Pool, training: TrainingSet, number: int, before: Model | None
) -> Model:
    """Train on a set, seeded by the round; from scratch unless the model asks for a warm start."""
    base = before if before is not None and getattr(parts.model, "warm", False) else parts.model
    items = pool.items(training.rows)
    return base.fit(items, training.targets, seed=seed_for(parts.recipe.seed, number))


def _measure(
    parts: Parts, ledger: Ledger, model: Model, now: Snapshot
) -> tuple[dict[str, Interval], str]:
    seed = seed_for(parts.recipe.seed, now.number, 1)
    if len(now.holdout) and parts.measure:
        items = ledger.pool.items(now.holdout.rows)
        targets, all_groups = now.holdout.targets, groups_of(ledger.pool)
        groups = None if all_groups is None else all_groups[now.holdout.rows]
        prices = parts.recipe.mistakes
        found = measure.on_items(parts.question, model, items, targets, seed, groups, prices)
        return found, "holdout"
    if parts.recipe.control == 0 or not parts.measure:
        return {}, ""
    found = measure.on_control(
        ledger.pool,
        parts.question,
        parts.model,
        now.training,
        ledger,
        seed,
        parts.recipe.mistakes,
    )
    return found, "control" if found else ""


def batch_size(parts: Parts, now: Snapshot) -> int:
    """Items to queue: as many batches as the queue holds, shrunk to what the budget still buys."""
    recipe = parts.recipe
    size = recipe.depth * (recipe.batch if len(now.training) else recipe.start)
    spent = (recipe.price or 0.0) * now.bought
    left = parts.rule.remaining(now.bought, spent, recipe.price)
    if left is None:
        return size
    return max(min(size, math.ceil((left - now.pending) / recipe.overlap)), 0)


def _choose(
    parts: Parts,
    ledger: Ledger,
    scorer: Scorer,
    now: Snapshot,
    lesson: Lesson,
    instead: Strategy | None,
) -> tuple[list[QueuedItem], list[str]]:
    """The next batch: control items from their own queue, the rest by the strategy."""
    wanted = batch_size(parts, now)
    control, rows = ledger.control_queue(), ledger.candidates(wanted)
    recipe, model, seconds = parts.recipe, lesson.model, lesson.seconds
    share = control_share(recipe.control, *ledger.asked(), wanted, recipe.control_until)
    n_open = min(wanted - min(share, len(control)), len(rows))
    n_control = min(wanted - n_open, len(control))
    items: list[QueuedItem] = []
    notes: list[str] = []
    if n_open:
        strategy, why = _strategy_for(parts, lesson, instead)
        seed = seed_for(parts.recipe.seed, now.number)
        sizes = sizes_of(strategy, scorer, len(rows), n_open, now.training)
        spent = seconds["fit"] or (now.past[-1].seconds.get("fit", 0.0) if now.past else 0.0)
        check_effort(strategy, sizes, parts.recipe.pick_limit, spent, scorer.gives(model))
        with _timed(seconds, "score"), remarks() as told:
            signals = scorer.signals(
                strategy,
                rows,
                now.training,
                model,
                parts.model,
                seed,
                now.earlier,
                seconds=seconds,
                mistakes=parts.recipe.mistakes,
            )
        seconds["score"] -= seconds.get("committee", 0.0)
        with _timed(seconds, "select"), remarks() as said:
            draws = np.random.SeedSequence([parts.recipe.seed, now.batches])
            if parts.recipe.distinct == "off" or n_open == 1:
                picks = scorer.pick(strategy, signals, n_open, draws)
            else:
                picks = scorer.pick_distinct(strategy, signals, rows, n_open, draws)
        items, notes = _chosen_items(ledger.pool, rows, picks), [*filter(None, [why]), *told, *said]
    blend = np.random.default_rng([parts.recipe.seed, now.batches, BLEND])
    items = _blend(items, _control_items(ledger.pool, control, n_control), blend)
    with _timed(seconds, "score"):
        rows = ledger.pool.rows([item.item_id for item in items])
        thought = guesses(parts.question, model, ledger.pool, rows)
    items = [replace(i, guess=g, sure=p) for i, (g, p) in zip(items, thought, strict=True)]
    if recipe.order == "similar" and len(items) > 1:
        with _timed(seconds, "select"):
            items = _alike(items, rows, scorer, recipe, now.batches)
    return items, notes


def _alike(
    items: list[QueuedItem], rows: Ints, scorer: Scorer, recipe: Recipe, number: int
) -> list[QueuedItem]:
    """Each batch in an order where neighbours are alike, control items among the others."""
    keys, vectors = scorer.ledger.keys[rows], scorer.space.vectors()[rows]
    order: list[int] = []
    for start in range(0, len(items), recipe.batch):
        part = slice(start, start + recipe.batch)
        near = similar_order(vectors[part], keys[part], recipe.seed, number)
        order += (start + near).tolist()
    return [items[k] for k in order]


def _chosen_items(pool: Pool, rows: Ints, picks: Picks) -> list[QueuedItem]:
    ids = pool.ids(rows[picks.positions])
    scores = picks.scores if picks.scores is not None else np.full(len(ids), np.nan)
    chosen = zip(ids, picks.names, scores, picks.probability, strict=True)
    return [
        QueuedItem("", item_id, "open", name, _number(score), rank, _number(chance), len(rows))
        for rank, (item_id, name, score, chance) in enumerate(chosen)
    ]


def _control_items(pool: Pool, control: Ints, n: int) -> list[QueuedItem]:
    ids = pool.ids(control[:n])
    return [
        QueuedItem("", item_id, "control", "Random", None, rank, n / len(control), len(control))
        for rank, item_id in enumerate(ids)
    ]


def _blend(
    chosen: list[QueuedItem], control: list[QueuedItem], rng: np.random.Generator
) -> list[QueuedItem]:
    """Serving order: the strategy's ranking, with control items at places drawn at random."""
    total = len(chosen) + len(control)
    places = set(rng.choice(total, len(control), replace=False).tolist())
    chosen_next, control_next = iter(chosen), iter(control)
    return [next(control_next if k in places else chosen_next) for k in range(total)]


def _strategy_for(parts: Parts, lesson: Lesson, instead: Strategy | None) -> tuple[Strategy, str]:
    """The recipe's strategy or its stand-in; its cold start where nothing can be uncertain."""
    strategy, why = instead or parts.strategy, ""
    needs_model = bool(strategy.needs & FROM_MODEL) or strategy.cold_start
    taught = lesson.training
    one_class = parts.question.view == "choice" and len(np.unique(taught.targets)) < 2
    if needs_model and (lesson.model is None or one_class):
        strategy = strategy.cold_start or Random()
        if len(taught):
            # what is typical may never show a rare class: look far out, and half by chance
            if isinstance(strategy, KMeansSampling):
                strategy = KCenter()
            if not isinstance(strategy, Random):
                strategy = Mix([(Random(), 1), (strategy, 1)])
            why = f"only one class is labelled so far: {strategy} goes on until a second one shows"
    return strategy, why


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    seconds[name] += time.perf_counter() - begun
