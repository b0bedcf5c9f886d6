"""Stopping rules as people write them, and back from how the log remembers them."""

from __future__ import annotations

import ast
from typing import Any

from querist.core.errors import BadInput
from querist.stopping.budget import Budget
from querist.stopping.combine import AllOf, AnyOf, Rule
from querist.stopping.plateau import Plateau
from querist.stopping.spec import RULES, Makers, from_spec
from querist.stopping.target import Target


def to_text(rule: Any) -> str | None:
    """The text that `querist.stopping.parse` makes this rule of; None where there is none.

    Examples
    --------
    >>> from querist.stopping import parse
    >>> to_text(parse("budget=500, target=f1_macro:0.9 sure & plateau=0.2/5"))
    'budget=500, target=f1_macro:0.9 sure & plateau=0.2/5'
    >>> to_text(Plateau(guard_labels=10)) is None
    True
    """
    parts = rule.rules if isinstance(rule, AnyOf) else (rule,)
    said = [_together(part) for part in parts]
    return None if None in said else ", ".join(filter(None, said))


def read_repr(text: str, rules: Makers = RULES) -> Rule:
    """The rule behind its `repr`, which is how the recipe in the log holds it.

    Raises
    ------
    BadInput
        For text that is no rule's, or a rule not known here.

    Examples
    --------
    >>> read_repr("AnyOf(Budget(labels=500), Plateau())")
    AnyOf(Budget(labels=500), Plateau())
    """
    names = {getattr(maker, "__name__", name): name for name, maker in rules.items()}
    try:
        return from_spec(_spec(ast.parse(text, mode="eval").body, names), rules)
    except (SyntaxError, ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
        raise BadInput(
            f"{text!r} is not the stopping rule of a recipe, such as Budget(labels=500)"
        ) from error


def _spec(node: Any, names: dict[str, str]) -> dict[str, Any]:
    parts = [_spec(part, names) for part in node.args]
    given = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    return {"rule": names[node.func.id], **({"rules": parts} if parts else {}), **given}


def _together(rule: Any) -> str | None:
    if not isinstance(rule, AllOf):
        return _single(rule)
    said = [None if isinstance(part, (AnyOf, AllOf)) else _single(part) for part in rule.rules]
    plain = [text for text in said if text is not None and "," not in text]
    return " & ".join(plain) if len(plain) == len(rule.rules) else None


def _single(rule: Any) -> str | None:
    if isinstance(rule, Budget):
        labels = [] if rule.labels is None else [f"budget={rule.labels}"]
        money = [] if rule.money is None else [f"money={rule.money:g}"]
        return ", ".join([*labels, *money])
    if isinstance(rule, Target):
        metric = f"{rule.metric}:" if rule.metric else ""
        return f"target={metric}{rule.score:g}{' sure' if rule.sure else ''}"
    if isinstance(rule, Plateau) and rule == Plateau(rule.points, rule.cycles):
        usual = rule == Plateau()
        return "plateau" if usual else f"plateau={rule.points:g}/{rule.cycles}"
    return None
