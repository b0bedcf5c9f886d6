"""Stopping rules from JSON and from text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

from querist.core.errors import BadInput
from querist.core.protocols import Stopping
from querist.stopping.budget import Budget
from querist.stopping.combine import AllOf, AnyOf, Rule
from querist.stopping.plateau import Plateau
from querist.stopping.target import Target

Makers = Mapping[str, Callable[..., Rule]]

RULES: Makers = {cls.name: cls for cls in (Budget, Target, Plateau, AnyOf, AllOf)}
_FORMS = "budget=500, money=120, target=0.9, target=f1_macro:0.9, plateau, plateau=0.5/3"


def from_spec(spec: Mapping[str, Any], rules: Makers = RULES) -> Rule:
    """Build a rule from its JSON form; the inverse of `Rule.to_spec`.

    Parameters
    ----------
    spec : mapping
        ``{"rule": name, ...}`` with the parameters of that rule.
    rules : mapping of str to callable
        What goes by which name; the built-in rules by default.

    Raises
    ------
    BadInput
        For an unknown rule or parameter.

    Examples
    --------
    >>> from_spec({"rule": "any", "rules": [{"rule": "budget", "labels": 9}, {"rule": "plateau"}]})
    AnyOf(Budget(labels=9), Plateau())
    """
    options = dict(spec)
    name = str(options.pop("rule", ""))
    maker = _maker(name, rules)
    if "rules" in options:
        options["rules"] = [from_spec(part, rules) for part in options["rules"]]
    try:
        return maker(**options)
    except TypeError as error:
        raise BadInput(f"the stopping rule {name!r} does not take {options}: {error}") from error


def parse(text: str, rules: Makers = RULES) -> Rule:
    """Build a rule from text: a comma means any of them, ``&`` binds tighter and means all.

    Parameters
    ----------
    text : str
        Parts such as ``budget=500`` (labels), ``money=120``, ``target=0.9``, ``target=90%``,
        ``target=f1_macro:0.9``, ``target=0.9 sure``, ``plateau``, ``plateau=0.5/3`` (points,
        then cycles), or the name of a rule in `rules` without parameters.
    rules : mapping of str to callable
        What goes by which name; the built-in rules by default.

    Raises
    ------
    BadInput
        When a part is not understood; the message shows the forms.

    Examples
    --------
    >>> parse("budget=500, target=0.9, plateau")
    AnyOf(Budget(labels=500), Target(score=0.9), Plateau())
    >>> parse("budget=500, target=0.9 & plateau=0.2/5")
    AnyOf(Budget(labels=500), AllOf(Target(score=0.9), Plateau(points=0.2, cycles=5)))
    """
    found: list[Rule] = []
    for part in filter(None, map(str.strip, text.split(","))):
        together = [_read(piece.strip(), rules) for piece in part.split("&")]
        found.append(together[0] if len(together) == 1 else AllOf(together))
    return found[0] if len(found) == 1 else AnyOf(found)


def as_rule(given: str | Mapping[str, Any] | Stopping | None, rules: Makers = RULES) -> Rule:
    """A rule from whatever a user gives: text, JSON form, rule, plain function, or None.

    Examples
    --------
    >>> as_rule(None)([]).reason
    'no stopping rule is set'
    >>> as_rule("plateau")
    Plateau()
    """
    if given is None:
        return AnyOf()
    if isinstance(given, Rule):
        return given
    if isinstance(given, str):
        return parse(given, rules)
    if isinstance(given, Mapping):
        return from_spec(given, rules)
    return AnyOf([given])


def _maker(name: str, rules: Makers) -> Callable[..., Rule]:
    if name in rules:
        return rules[name]
    near = get_close_matches(name, rules, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadInput(
        f"unknown stopping rule {name!r}; known are: {', '.join(rules)}.{hint} As text: {_FORMS}"
    )


def _read(part: str, rules: Makers) -> Rule:
    name, given, value = (piece.strip() for piece in part.partition("="))
    if name == "money":
        return Budget(money=_number(part, value))
    maker = _maker(name, rules)
    if not given:
        if name in ("budget", "target", "any", "all"):
            raise BadInput(f"{part!r} lacks its value. Write for example: {_FORMS}")
        return maker()
    if name == "budget":
        return Budget(labels=_count(part, value))
    if name == "target":
        value, _, sure = value.partition(" ")
        metric, named, score = value.rpartition(":")
        if sure.strip() not in ("", "sure"):
            raise BadInput(f"{part!r} is not understood. Write for example: target=0.9 sure")
        return Target(_number(part, score), metric if named else None, sure=bool(sure))
    if name == "plateau":
        points, patient, cycles = value.partition("/")
        return Plateau(_number(part, points), _count(part, cycles) if patient else Plateau.cycles)
    raise BadInput(
        f"{name!r} takes no value in text; give its JSON form instead: {{'rule': {name!r}, ...}}"
    )


def _number(part: str, text: str) -> float:
    text = text.strip()
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise BadInput(
            f"{part!r}: a number is expected, but {text!r} came. Write for example: {_FORMS}"
        ) from None


def _count(part: str, text: str) -> int:
    number = _number(part, text)
    if not number.is_integer():
        raise BadInput(f"{part!r}: a whole number is expected, but {text.strip()!r} came")
    return int(number)
