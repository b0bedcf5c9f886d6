"""The only wiring: data -> pool, estimator -> adapter, URL -> log, text -> strategy and rule."""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from types import NoneType
from typing import Any

import numpy as np

from querist.core.errors import BadInput, Conflict
from querist.core.events import Event, Opened, Told
from querist.core.keys import hash_ids
from querist.core.protocols import Log, Pool, Question
from querist.core.questions import grown, question_from_json
from querist.core.types import Floats
from querist.logs import open_log
from querist.loop.campaign import Campaign
from querist.loop.groups import digest_of_groups
from querist.loop.growth import Growth, arrival
from querist.loop.journal import Journal
from querist.loop.learner import make_model
from querist.loop.live import LIVE
from querist.loop.mistakes import check_targets, matrix_of, with_class
from querist.loop.needs import costs_of, groups_of, reach, supplied
from querist.loop.recipe import Recipe, make_recipe, plan_remarks
from querist.loop.reserve import draw, edges
from querist.loop.settings import beside_budget, changes, make_rule, plan_change
from querist.loop.state import IMPORTED, State
from querist.loop.turn import Parts
from querist.loop.worker import Worker
from querist.models import ModelStore
from querist.pools import open_pool
from querist.strategies import as_strategy
from querist.strategies.shares import check_groups_named

FIXED = ("control", "holdout", "stop_set", "seed", "start", "distinct")
_RECORDED = ("querist", "numpy", "scipy", "scikit-learn")

_AUTO = (
    "auto: first items that cover the pool, then such as cover its uncertain parts; "
    "querist compare tells whether another does better on your data"
)


def campaign(
    data: Any,
    question: Question,
    *,
    model: Any = None,
    strategy: Any = "auto",
    log: str | os.PathLike[str] | Log | None = None,
    batch: int | None = None,
    budget: int | None = None,
    price: float | None = None,
    control: float = 0.10,
    control_until: int | None = None,
    holdout: float = 0,
    seed: int = 0,
    until: Any = None,
    labels: Mapping[str, Any] | Sequence[Any] | None = None,
    start: float | None = None,
    stop_set: float = 0,
    distinct: str = "pool",
    store: ModelStore | None = None,
    measure: bool = True,
    costs: str | Sequence[float] | None = None,
    pick_limit: float | None = None,
    groups: str | Sequence[Any] | None = None,
    mistakes: Any = None,
    overlap: float | None = None,
    **columns: Any,
) -> Campaign:
    """Open a campaign, or resume the one its log holds; its queue is filled when this returns.

    Parameters
    ----------
    data : list of str, list of dict, array, sparse matrix, table, path, or Pool
        What may be labelled. `id`, `text`, `features` and `label` name columns of a table.
    question : Choice, Choices or Number
        What is asked of an annotator.
    model : estimator, optional
        Any scikit-learn estimator or Pipeline; by default a sound one for the kind of data.
    strategy : str, Strategy or callable
        A name in `querist.strategies`, an object, or a function (signals, n, rng) -> positions.
    log : str or Log, optional
        Such as "sqlite:///spam.db"; in memory by default, and then gone with the process.
    batch : int, optional
        Items per round; by default 2 % of the pool, about 200 to 1,000.
    start : int or float, optional
        Items of the first round, as a count or a share; by default as many as in a later one.
    budget : int, optional
        Labels that may be bought in all.
    price : float, optional
        Money per label.
    control : float
        Share of every batch that is drawn uniformly at random and served blind.
    control_until : int, optional
        Control labels (100 or more) from which on that share shrinks: their number then grows as
        the root of all labels, but keeps one in a batch and a fifth of `control` in all. By
        default the share stays.
    holdout, stop_set : int or float
        Items never served for training, as a count or a share: the first is labelled as its
        own job and measures the model.
    until : Stopping, str or mapping, optional
        When to stop beside the budget, such as ``"target=0.9, plateau"``.
    labels : mapping or sequence, optional
        Labels that are known already: id to value, or one per item with None elsewhere.
    distinct : {"pool", "batch", "off"}
        How far near-duplicates are kept from being asked.
    store : ModelStore, optional
        Where model files go; by default past models are refitted from the log.
    measure : bool
        Whether each round is measured on the holdout or the control slice, which trains five
        more models.
    costs : str or sequence, optional
        What a label of each item costs, a column or one number per item, for strategies such
        as `PerCost` and `Knapsack`. `budget` and `price` go on counting labels.
    pick_limit : float, optional
        Seconds a choice may be estimated to take, 600 by default; 0 allows all.
    groups : str or sequence, optional
        The group of each item, a column or one per item: for `GroupQuota`, and for scores
        group by group in status and report.
    mistakes : array (k, k), mapping or str, optional
        What wrong decisions cost: a matrix [true, decided], or those that do not cost 1, as
        ``{("spam", "ham"): 10}`` or ``"spam,ham=10"``. Decisions, scores, `predict` and
        strategies such as `CostSensitive` then go by the expected cost.
    overlap : float, optional
        How many people answer an item of a batch, on average, 1 by default: with 1.2 every
        fifth item, drawn by its id, is asked of two. Nobody is asked an item twice, and every
        answer counts for the budget.

    Raises
    ------
    BadInput
        When data and settings do not fit together, or do not fit the log.
    MissingNeed
        When the strategy needs what the model cannot give.
    TooSlow
        When the first choice would take longer than `pick_limit`.

    Examples
    --------
    >>> import querist as q
    >>> c = q.campaign(["win cash", "see you", "cash prize", "hello"], q.Choice(["spam", "ham"]))
    >>> [task.view for task in c.ask()]
    ['choice']
    """
    if not isinstance(question, Question):
        raise BadInput(f'question is such as q.Choice(["spam", "ham"]), but got {question!r}')
    journal = Journal(open_log(log) if isinstance(log, (str, os.PathLike, NoneType)) else log)
    given, question = question, grown(question, journal.state.question)  # classes were added
    verify = getattr(journal.log, "verify", None)
    if verify is not None:
        verify()  # a log that was tampered with is refused before anything is added to it
    pool = open_pool(data, costs=costs, groups=groups, **columns)
    settings = {
        "batch": batch,
        "start": start,
        "budget": budget,
        "price": price,
        "control": control,
        "control_until": control_until,
        "holdout": holdout,
        "stop_set": stop_set,
        "distinct": distinct,
        "seed": seed,
        "pick_limit": pick_limit,
        "mistakes": None if mistakes is None else _matrix(mistakes, given, question),
        "overlap": overlap,
        "depth": None,
        "order": None,
    }
    recipe = make_recipe(len(pool), _remembered(journal.state, settings))
    adapter, described = make_model(model, pool, question)
    chosen = as_strategy(strategy)
    supplied(chosen, reach(adapter, question, pool))
    check_groups_named(chosen, groups_of(pool))
    notes = plan_remarks(recipe, len(pool))
    if model is None:
        notes = (*notes, f"model chosen for {pool.kind} data: {described}")
    if strategy == "auto":
        notes = (*notes, f"strategy chosen: {_AUTO}")
    rule = make_rule(until, recipe.budget)
    check_targets(rule, recipe.mistakes)
    parts = Parts(question, adapter, chosen, rule, recipe, notes, measure, model is None)
    told = _written(parts, described, pool)
    if journal.state.opened is None:
        _open(journal, parts, pool, told, labels)
    _resume(journal, parts, told)  # also when another process was first to open
    growth = Growth(pool, question, journal.state, columns)
    journal.decide(lambda: (growth.newcomers(), None))
    worker = Worker(journal, growth, parts, store)
    made = Campaign(journal, growth, worker, change_parts)
    if not journal.state.rounds:
        made.step()
    return made


def _matrix(mistakes: Any, given: Question, question: Question) -> list[list[float]]:
    """Costs of mistakes; a matrix for the classes of before leaves those of the new ones at 1."""
    try:
        return matrix_of(mistakes, question)
    except BadInput:
        if given is question:
            raise
    rows = matrix_of(mistakes, given)
    while len(rows) < len(getattr(question, "labels", ())):
        rows = with_class(rows)
    return rows


def _remembered(state: State, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the call leaves open is as the log has it."""
    return {
        name: state.recipe.get(name) if value is None else value for name, value in settings.items()
    }


def change_parts(
    parts: Parts, pool: Pool, state: State, settings: Mapping[str, Any], by: str
) -> tuple[Parts, list[Event]]:
    """New parts and the events that say what changed.

    Raises
    ------
    BadInput
        For a setting that is fixed when the campaign opens.
    """
    fixed = sorted(set(settings) & {*FIXED, "question"})
    if fixed:
        raise BadInput(
            f"{fixed} decide what is asked of whom and are fixed when a campaign opens; open a new "
            "one to change them. A class is added with desk.add_class(name)"
        )
    rest = dict(settings)
    described = state.recipe["model"]
    if "model" in rest:
        adapter, described = make_model(rest.pop("model"), pool, parts.question)
        parts = replace(parts, model=adapter, chosen=False)
    if "strategy" in rest:
        parts = replace(parts, strategy=as_strategy(rest.pop("strategy")))
    live = {
        name: plan_change(state.recipe, parts.question, len(pool), name, rest.pop(name))[name]
        for name in LIVE
        if name in rest and name not in Recipe.__dataclass_fields__
    }
    until = rest.pop("until", beside_budget(parts.rule, parts.recipe.budget))
    if rest.get("mistakes") is not None:
        rest["mistakes"] = matrix_of(rest["mistakes"], parts.question)
    recipe = make_recipe(len(pool), {**parts.recipe.to_json(), **rest})
    supplied(parts.strategy, reach(parts.model, parts.question, pool))
    check_groups_named(parts.strategy, groups_of(pool))
    parts = replace(parts, recipe=recipe, rule=make_rule(until, recipe.budget))
    check_targets(parts.rule, recipe.mistakes)
    return parts, changes(state.recipe, {**_written(parts, described, pool), **live}, by)


def _written(parts: Parts, described: str, pool: Pool) -> dict[str, Any]:
    """The recipe as the log holds it."""
    costs, groups = costs_of(pool), groups_of(pool)
    return {
        **({} if costs is None else {"costs": digest_of(costs)}),
        **({} if groups is None else {"groups": digest_of_groups(groups)}),
        **parts.recipe.to_json(),
        "strategy": repr(parts.strategy),
        "model": described,
        "until": repr(parts.rule),
    }


def digest_of(costs: Floats) -> str:
    """What the log says of prices: their range and a hash that names them.

    Examples
    --------
    >>> digest_of(np.array([1.0, 2.5]))
    '1 to 2.5, sha256 c6ad216abff91aa3'
    """
    plain = np.ascontiguousarray(costs, dtype="<f8")
    named = hashlib.sha256(plain.tobytes()).hexdigest()[:16]
    return f"{plain.min():g} to {plain.max():g}, sha256 {named}"


def _open(
    journal: Journal,
    parts: Parts,
    pool: Pool,
    told: dict[str, Any],
    labels: Mapping[str, Any] | Sequence[Any] | None,
) -> None:
    recipe = parts.recipe
    drawn = draw(hash_ids(pool.ids(np.arange(len(pool)))), recipe.seed)
    reserved = edges(
        drawn, holdout=recipe.holdout, stop_set=recipe.stop_set, control=recipe.control
    )
    kept = int(np.count_nonzero(drawn < reserved["holdout"]))
    if recipe.budget is not None and kept >= recipe.budget:
        raise BadInput(
            f"the budget of {recipe.budget} labels also pays for the holdout of {kept}, which "
            "leaves nothing to train on; raise budget or lower holdout"
        )
    opened = Opened(
        at=time.time(),
        question=parts.question.to_json(),
        seed=recipe.seed,
        recipe=told,
        reserved=reserved,
        environment=_environment(),
    )
    given = [
        Told(at=opened.at, item_id=item_id, value=parts.question.check(value), by=IMPORTED)
        for item_id, value in _given(pool, labels)
    ]
    try:
        journal.append([opened, arrival(pool, 0), *given], expect=0)
    except Conflict:
        journal.sync()


def _given(pool: Pool, labels: Mapping[str, Any] | Sequence[Any] | None) -> list[tuple[str, Any]]:
    """Labels that were there before: item id and value."""
    ids = pool.ids(np.arange(len(pool)))
    if labels is None:
        reader = getattr(pool, "given_labels", None)
        labels = reader() if reader is not None else []
        labels = labels or [None] * len(ids)
    if isinstance(labels, Mapping):
        pool.rows([str(item_id) for item_id in labels])
        return [(str(item_id), value) for item_id, value in labels.items() if value is not None]
    if len(labels) != len(ids):
        raise BadInput(
            f"labels holds {len(labels)} values but the data hold {len(ids)} items; give one per "
            "item with None where there is none, or a dict of id and label"
        )
    return [(i, value) for i, value in zip(ids, labels, strict=True) if value is not None]


def _resume(journal: Journal, parts: Parts, told: dict[str, Any]) -> None:
    """Check that log and call speak of one campaign; log the settings that differ."""
    asked = journal.state.question
    if parts.question.to_json() != asked:
        raise BadInput(
            f"the log was opened with {question_from_json(asked)}, but {parts.question} came; use "
            "the question of the log, or a new log. A class is added with desk.add_class(name)"
        )
    seen = journal.state.recipe
    for name in ("seed", "control", "holdout", "stop_set", "distinct"):
        if seen[name] != told[name]:
            raise BadInput(
                f"the log was opened with {name}={seen[name]}, but {name}={told[name]} came; it "
                "decides who may be asked about and cannot change. Use the old value or a new log"
            )
    journal.append(changes(journal.state.recipe, told, "resume"))


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _RECORDED:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found
