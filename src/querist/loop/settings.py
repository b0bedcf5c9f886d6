"""Settings an owner may change while the campaign runs: what is allowed, and what it sets off."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from querist.core.errors import BadInput
from querist.core.events import Event, RecipeChanged
from querist.core.protocols import Question, Stopping
from querist.loop.live import LIVE, check_live
from querist.loop.recipe import Recipe, make_recipe
from querist.stopping import AnyOf, Budget, from_spec, parse
from querist.stopping.text import read_repr

# numbers of the recipe that need neither the model nor the strategy to be judged
NUMBERS = ("batch", "budget", "price", "pick_limit", "control_until", "until")
OPENING = ("overlap", *NUMBERS)  # what `campaign` takes, and so campaign.toml may hold


def plan_change(
    recipe: Mapping[str, Any], question: Question, pool_size: int, name: str, value: Any
) -> dict[str, Any]:
    """What the recipe in the log becomes when an owner sets `name` to `value`.

    Parameters
    ----------
    recipe : mapping
        As the state holds it.

    Raises
    ------
    BadInput
        For a value that is not allowed, and for a setting that is not changed this way.

    Examples
    --------
    >>> from querist.core.questions import Choice
    >>> plan_change({}, Choice(["spam", "ham"]), 100, "overlap", 2)
    {'overlap': 2.0}
    >>> plan_change({}, Choice(["spam", "ham"]), 100, "order", "random")
    Traceback (most recent call last):
    querist.core.errors.BadInput: order is one of 'rank' (most wanted first) and 'similar' \
(neighbours alike); got 'random'
    """
    if name == "guidelines":
        return {name: _guidelines(recipe.get(name), question, value)}
    if name in LIVE:
        return {name: check_live(name, value)}
    if name not in NUMBERS:
        raise BadInput(
            f"{name!r} is not changed here; what is: {', '.join([*LIVE, *NUMBERS])}. Strategy, "
            "model and mistakes are changed with Campaign.change or querist change"
        )
    if name == "until":
        if value is not None and not isinstance(value, str):
            raise BadInput(f"until is a text such as 'target=0.9, plateau', or null; got {value!r}")
        return {name: repr(make_rule(value, recipe.get("budget")))}
    known = {part.name: recipe.get(part.name) for part in fields(Recipe)}
    made = make_recipe(pool_size, {**known, name: value}).to_json()
    changed = {name: made[name]}
    if name == "budget":
        others = beside_budget(rule_of(recipe), recipe.get("budget"))
        changed["until"] = repr(make_rule(others, made["budget"]))
    return changed


def followed(recipe: Recipe, rule: AnyOf, log: Mapping[str, Any]) -> tuple[Recipe, AnyOf]:
    """Recipe and rules brought up to the recipe in the log, which another process may change.

    A rule that is none of querist's cannot be read from the log; it stays, beside the budget.
    """
    new = {part.name: log[part.name] for part in fields(Recipe) if part.name in log}
    if new.get("mistakes") is not None:
        new["mistakes"] = tuple(tuple(row) for row in new["mistakes"])
    others = beside_budget(rule, recipe.budget)
    recipe = replace(recipe, **new)
    if repr(rule) != log.get("until"):
        try:
            rule = rule_of(log)
        except BadInput:
            rule = make_rule(others, recipe.budget)
    return recipe, rule


def changes(recipe: Mapping[str, Any], new: Mapping[str, Any], by: str) -> list[Event]:
    """One event for each setting that differs."""
    return [
        RecipeChanged(at=time.time(), name=name, old=recipe.get(name), new=value, by=by)
        for name, value in new.items()
        if recipe.get(name) != value
    ]


def lasting(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that a file can hold until the campaign is opened again.

    Examples
    --------
    >>> lasting({"budget": 30, "strategy": "margin", "model": object(), "paused": True})
    {'budget': 30, 'strategy': 'margin'}
    """
    plain = (str, int, float, type(None))
    return {
        name: value
        for name, value in settings.items()
        if name == "mistakes" or (name in (*OPENING, "strategy") and isinstance(value, plain))
    }


def make_rule(until: Any, budget: int | None) -> AnyOf:
    """The stopping rules: the budget, and whatever else was named; any of them stops.

    Examples
    --------
    >>> make_rule("target=0.9", 100)
    AnyOf(Budget(labels=100), Target(score=0.9))
    """
    parts: list[Stopping] = [] if budget is None else [Budget(labels=budget)]
    if isinstance(until, str):
        until = parse(until)
    elif isinstance(until, Mapping):
        until = from_spec(until)
    elif isinstance(until, (list, tuple)):
        until = AnyOf(parse(rule) if isinstance(rule, str) else rule for rule in until)
    if until is not None:
        parts += until.rules if isinstance(until, AnyOf) else [until]
    return AnyOf(parts)


def beside_budget(rule: AnyOf, budget: int | None) -> AnyOf:
    """The rules that were named beside the budget.

    Examples
    --------
    >>> beside_budget(make_rule("target=0.9", 100), 100)
    AnyOf(Target(score=0.9))
    """
    own = make_rule(None, budget).rules
    return AnyOf(part for part in rule.rules if part not in own)


def rule_of(recipe: Mapping[str, Any]) -> AnyOf:
    """The stopping rules a recipe in the log stands for.

    Raises
    ------
    BadInput
        When they are not all rules of querist.
    """
    text = recipe.get("until") or "AnyOf()"
    rule = AnyOf() if text == "AnyOf()" else read_repr(text)
    return rule if isinstance(rule, AnyOf) else AnyOf([rule])


def _guidelines(before: Any, question: Question, value: Any) -> dict[str, Any] | None:
    """Guidelines with the number of their version; the same text again is the same version.

    What an owner writes is a text, or a mapping of `text`, `labels` (label to a text, or to a
    mapping of `text` and `examples`) and, if it is to be refused when somebody else changed
    them meanwhile, the `version` he started from.
    """
    form = {"text": value} if isinstance(value, str) else value
    if not isinstance(form, Mapping) or set(form) - {"text", "labels", "version"}:
        raise BadInput(
            "guidelines are a text, or {'text': ..., 'labels': {label: {'text': ..., 'examples': "
            f"[...]}}}}; got {value!r}"
        )
    version = before["version"] if before else 0
    if form.get("version") not in (None, version):
        raise BadInput(
            f"the guidelines are at version {version} by now, and yours start from version "
            f"{form['version']!r}: look at what was changed, then save again"
        )
    text, labels = form.get("text", ""), form.get("labels") or {}
    if not isinstance(text, str) or not isinstance(labels, Mapping):
        raise BadInput(f"guidelines: 'text' is a text and 'labels' a mapping; got {value!r}")
    known = list(getattr(question, "labels", ()))
    found = {_label(question, label): _of_label(label, labels[label]) for label in labels}
    said = {
        "text": text,
        "labels": {label: found[label] for label in known if label in found},
    }
    if before and {name: before[name] for name in said} == said:
        return dict(before)
    return {"version": version + 1, **said}


def _label(question: Question, label: Any) -> str:
    """The label as the question names it; BadInput when it has none by that name."""
    known = list(getattr(question, "labels", ()))
    if str(label) not in known:
        raise BadInput(
            f"guidelines: {label!r} is no label of the question; labels are: {', '.join(known)}"
        )
    return str(label)


def _of_label(label: Any, value: Any) -> dict[str, Any]:
    form = {"text": value} if isinstance(value, str) else value
    if not isinstance(form, Mapping) or set(form) - {"text", "examples"}:
        raise BadInput(
            f"guidelines of {label!r} are a text, or {{'text': ..., 'examples': [...]}}; "
            f"got {value!r}"
        )
    text, examples = form.get("text", ""), form.get("examples") or []
    if not isinstance(text, str) or not (
        isinstance(examples, (list, tuple)) and all(isinstance(e, str) for e in examples)
    ):
        raise BadInput(
            f"guidelines of {label!r}: 'text' is a text and 'examples' a list of texts; "
            f"got {value!r}"
        )
    return {"text": text, "examples": list(examples)}
