"""The base of all stopping rules, and how rules combine: any of them, or all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar

from querist.core.errors import BadInput
from querist.core.protocols import Stopping
from querist.core.types import Round, Verdict


class Rule(ABC):
    """A stopping rule: a pure function of the rounds so far, oldest first.

    Rules combine with ``|`` (any of them stops) and ``&`` (all of them must).

    Examples
    --------
    >>> from querist.stopping import Budget, Target
    >>> Budget(500) | Target(0.9)
    AnyOf(Budget(labels=500), Target(score=0.9))
    """

    name: ClassVar[str] = ""

    @abstractmethod
    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge the history."""

    def states(self, history: Sequence[Round]) -> dict[str, Verdict]:
        """Verdict of every single rule by its name; the combined one under "stop".

        Examples
        --------
        >>> from querist.stopping import Budget, Plateau
        >>> list((Budget(500) | Plateau()).states([]))
        ['budget', 'plateau', 'stop']
        """
        found: dict[str, Verdict] = {}
        for leaf in _leaves(self):
            found[_fresh(_name(leaf), found)] = leaf(history)
        return found | {"stop": self(history)}

    def remaining(self, bought: int, spent: float = 0.0, price: float | None = None) -> int | None:
        """Labels that may still be bought before this rule stops; None when it sets no limit."""
        return None

    def to_spec(self) -> dict[str, Any]:
        """JSON form, holding only what differs from the defaults; `from_spec` reads it back.

        Examples
        --------
        >>> from querist.stopping import Plateau
        >>> Plateau(cycles=5).to_spec()
        {'rule': 'plateau', 'cycles': 5}
        """
        return {"rule": self.name} | dict(_told(self))

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={value!r}" for name, value in _told(self))
        return f"{type(self).__name__}({parts})"

    def __or__(self, other: Stopping) -> AnyOf:
        return AnyOf((*_parts(self, AnyOf), *_parts(other, AnyOf)))

    def __and__(self, other: Stopping) -> AllOf:
        return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))


class _Combined(Rule):
    rules: tuple[Stopping, ...]

    def __init__(self, rules: Iterable[Stopping] = ()) -> None:
        object.__setattr__(self, "rules", tuple(rules))
        for rule in self.rules:
            if not callable(rule):
                raise BadInput(
                    f"{type(self).__name__} takes stopping rules, but {rule!r} came; "
                    "build rules from text with querist.stopping.parse"
                )

    def to_spec(self) -> dict[str, Any]:
        plain = [rule for rule in self.rules if not isinstance(rule, Rule)]
        if plain:
            raise BadInput(
                f"{_name(plain[0])!r} is a plain function, which has no JSON form; "
                "derive it from querist.stopping.Rule to save it in a recipe"
            )
        return {
            "rule": self.name,
            "rules": [rule.to_spec() for rule in self.rules if isinstance(rule, Rule)],
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.rules))})"

    def _limits(self, bought: int, spent: float, price: float | None) -> list[int | None]:
        return [
            rule.remaining(bought, spent, price) if isinstance(rule, Rule) else None
            for rule in self.rules
        ]


@dataclass(frozen=True, init=False, repr=False)
class AnyOf(_Combined):
    """Stops as soon as any of the rules does; without rules it never stops.

    Examples
    --------
    >>> from querist.stopping import Budget
    >>> AnyOf([Budget(100), Budget(labels=40)])([Round(1, bought=40)]).reason
    'budget: 40 of 40 labels bought'
    """

    name: ClassVar[str] = "any"
    rules: tuple[Stopping, ...] = ()

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge by the rules that stop; by all of them while none does."""
        if not self.rules:
            return Verdict(False, "no stopping rule is set")
        verdicts = [(_name(rule), rule(history)) for rule in self.rules]
        stopping = [(name, verdict) for name, verdict in verdicts if verdict.stop]
        known = [v.progress for _, v in verdicts if v.progress is not None]
        progress = 1.0 if stopping else max(known, default=None)
        return Verdict(bool(stopping), _said(stopping or verdicts), progress)

    def remaining(self, bought: int, spent: float = 0.0, price: float | None = None) -> int | None:
        """The smallest limit of the parts."""
        return min((x for x in self._limits(bought, spent, price) if x is not None), default=None)


@dataclass(frozen=True, init=False, repr=False)
class AllOf(_Combined):
    """Stops only when every one of the rules does.

    Raises
    ------
    BadInput
        Without any rule: it would stop at once.

    Examples
    --------
    >>> from querist.stopping import Budget, Target
    >>> AllOf([Budget(40), Target(0.9)])([Round(1, bought=40)]).reason
    'still waiting for target: no measured score yet'
    """

    name: ClassVar[str] = "all"
    rules: tuple[Stopping, ...] = ()

    def __init__(self, rules: Iterable[Stopping] = ()) -> None:
        super().__init__(rules)
        if not self.rules:
            raise BadInput("AllOf needs at least one rule; without any it would stop at once")

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge by the rules still waited for; by all of them once every one stops."""
        verdicts = [(_name(rule), rule(history)) for rule in self.rules]
        waiting = [(name, verdict) for name, verdict in verdicts if not verdict.stop]
        if not waiting:
            return Verdict(True, "all hold: " + _said(verdicts), 1.0)
        known = [v.progress for _, v in waiting if v.progress is not None]
        progress = min(known) if len(known) == len(waiting) else None
        return Verdict(False, "still waiting for " + _said(waiting), progress)

    def remaining(self, bought: int, spent: float = 0.0, price: float | None = None) -> int | None:
        """The largest limit of the parts, None when one of them sets none."""
        known = [limit for limit in self._limits(bought, spent, price) if limit is not None]
        return max(known) if len(known) == len(self.rules) else None


def _said(verdicts: Iterable[tuple[str, Verdict]]) -> str:
    combined = {AnyOf.name, AllOf.name}  # what they say names their parts already
    return "; ".join(
        verdict.reason if name in combined else f"{name}: {verdict.reason}"
        for name, verdict in verdicts
    )


def _told(rule: Any) -> Iterator[tuple[str, Any]]:
    for part in fields(rule):
        value = getattr(rule, part.name)
        if part.default is MISSING or value != part.default:
            yield part.name, value


def _parts(rule: Stopping, kind: type[_Combined]) -> tuple[Stopping, ...]:
    return rule.rules if isinstance(rule, kind) else (rule,)


def _leaves(rule: Stopping) -> Iterator[Stopping]:
    if isinstance(rule, _Combined):
        for part in rule.rules:
            yield from _leaves(part)
    else:
        yield rule


def _name(rule: Stopping) -> str:
    if isinstance(rule, Rule):
        return rule.name
    return str(getattr(rule, "__name__", type(rule).__name__))


def _fresh(name: str, taken: dict[str, Verdict]) -> str:
    names = [name, *(f"{name} {i}" for i in range(2, len(taken) + 2))]
    return next(fresh for fresh in names if fresh not in taken)
