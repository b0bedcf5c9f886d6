"""What mistakes cost in a campaign: read, checked, told, and what is decided by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput, BadLabel
from querist.core.protocols import Question
from querist.core.signals import checked_mistakes
from querist.core.types import Prediction

Mistakes = tuple[tuple[float, ...], ...]  # [true][decided], positions of the question's labels
_FORMS = (
    'write "spam,ham=10" (a spam called ham costs 10, other mistakes 1), {("spam", "ham"): 10}, '
    "or a matrix with a row for each true label and a column for each decision"
)


def matrix_of(given: Any, question: Question) -> list[list[float]]:
    """Costs of mistakes as a matrix (k, k) in the order of the question's labels.

    Parameters
    ----------
    given : array (k, k), mapping or str
        A matrix [true, decided]; or the mistakes that do not cost 1, as ``{(true, decided):
        cost}`` or as text ``"true,decided=cost; ..."``.

    Raises
    ------
    BadInput
        For unknown labels, another shape, costs that are negative or not finite, a right
        decision that costs something, or mistakes that all cost nothing.

    Examples
    --------
    >>> from querist.core.questions import Choice
    >>> matrix_of("spam,ham=10", Choice(["spam", "ham"]))
    [[0.0, 10.0], [1.0, 0.0]]
    """
    if question.view != "choice":
        raise BadInput(
            "mistakes are between single labels, so they go with q.Choice; of several labels or "
            "of a number none is the one called by another's name"
        )
    labels = tuple(question.labels)  # type: ignore[attr-defined]  # every choice has them
    if isinstance(given, str):
        given = _read(given)
    if isinstance(given, Mapping):
        found = _from_pairs(given, question, labels)
    else:
        try:
            found = np.asarray(checked_mistakes(given), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise BadInput(f"mistakes={given!r} is not understood ({error}); {_FORMS}") from error
        if len(found) != len(labels):
            raise BadInput(
                f"mistakes is for {len(found)} labels, but the question has {len(labels)}: "
                f"{', '.join(labels)}"
            )
    for name, cost in zip(labels, np.diag(found).tolist(), strict=True):
        if cost:
            raise BadInput(f"a right decision costs nothing, but {name!r} for {name!r} has {cost}")
    if not found.any():
        raise BadInput("all mistakes cost 0, so every decision is as good; give one a cost")
    rows: list[list[float]] = found.tolist()
    return rows


def with_class(mistakes: Sequence[Sequence[float]]) -> list[list[float]]:
    """The costs with one class more, whose mistakes cost 1 as any that was not named.

    Examples
    --------
    >>> with_class([[0, 10], [1, 0]])
    [[0, 10, 1.0], [1, 0, 1.0], [1.0, 1.0, 0.0]]
    """
    return [*([*row, 1.0] for row in mistakes), [*[1.0] * len(mistakes), 0.0]]


def told(mistakes: Mistakes | None, labels: tuple[str, ...]) -> str | None:
    """The mistakes in words; None where they all count alike.

    Examples
    --------
    >>> told(((0.0, 10.0), (1.0, 0.0)), ("spam", "ham"))
    'spam decided as ham 10; any other 1'
    """
    if mistakes is None:
        return None
    said = [
        f"{labels[c]} decided as {labels[d]} {cost:g}"
        for c, row in enumerate(mistakes)
        for d, cost in enumerate(row)
        if c != d and cost != 1
    ]
    rest = len(said) < len(labels) * (len(labels) - 1)
    return "; ".join([*said, *(["any other 1" if said else "every mistake 1"] * rest)])


def decided(said: Prediction, mistakes: Mistakes | None) -> NDArray[Any]:
    """The decisions (m,): of the least expected cost where mistakes differ and there are
    probabilities, and the model's own answers otherwise.
    """
    if mistakes is not None and said.proba is not None:
        from querist.metrics.cost import cheapest  # scikit-learn: asking must start without it

        return cheapest(said.proba, np.array(mistakes))
    assert said.value is not None
    return said.value


def check_targets(rule: Any, mistakes: Mistakes | None) -> None:
    """Raise BadInput for a target without a metric: with mistakes it would read as a cost."""
    if mistakes is None:
        return
    from querist.stopping import Target  # rules read metrics, which load scikit-learn

    if isinstance(rule, Target) and rule.metric is None:
        raise BadInput(
            f"with mistakes the leading score is their cost, where lower is better, so say what "
            f"the target {rule.score:g} is of: target=cost:{rule.score:g} or "
            f"target=accuracy:{rule.score:g}"
        )
    for part in getattr(rule, "rules", ()):
        check_targets(part, mistakes)


def _read(text: str) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        pair, _, cost = part.rpartition("=")
        try:
            found[tuple(name.strip() for name in pair.split(","))] = float(cost)
        except ValueError:
            raise BadInput(f"mistakes: {part!r} is not understood; {_FORMS}") from None
    return found


def _from_pairs(
    given: Mapping[Any, Any], question: Question, labels: tuple[str, ...]
) -> NDArray[np.float64]:
    found = 1.0 - np.eye(len(labels))
    if not given:
        raise BadInput(f"mistakes is empty; {_FORMS}")
    for pair, cost in given.items():
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise BadInput(f"mistakes: {pair!r} is no pair (true, decided); {_FORMS}")
        try:
            true, other = (labels.index(question.check(name)) for name in pair)
        except BadLabel as error:
            raise BadInput(f"mistakes: {error}") from error
        if isinstance(cost, bool) or not isinstance(cost, Real):
            raise BadInput(f"mistakes: the cost of {pair!r} is a number, but got {cost!r}")
        found[true, other] = float(cost)
    return np.asarray(checked_mistakes(found), dtype=np.float64)
