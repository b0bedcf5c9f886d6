"""Stopping rules: pure functions of the rounds so far."""

from querist.stopping.budget import Budget
from querist.stopping.combine import AllOf, AnyOf, Rule
from querist.stopping.plateau import Plateau
from querist.stopping.spec import RULES, as_rule, from_spec, parse
from querist.stopping.target import Target

__all__ = [
    "RULES",
    "AllOf",
    "AnyOf",
    "Budget",
    "Plateau",
    "Rule",
    "Target",
    "as_rule",
    "from_spec",
    "parse",
]
