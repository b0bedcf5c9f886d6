"""Questions an annotator can answer, and their way into training targets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput, BadLabel, Unsupported

_SHOWN = 200  # characters of a wrong value that its error repeats


def _names(labels: Iterable[Any]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Labels as texts, and as they were given (NumPy scalars as Python ones)."""
    if isinstance(labels, str):
        raise BadInput(
            f"the labels of a question are a list, but a single text {labels!r} came; "
            f"write [{labels!r}, ...]"
        )
    given = tuple(label.item() if isinstance(label, np.generic) else label for label in labels)
    names = tuple(label if isinstance(label, str) else _plain(label) for label in given)
    if len(names) < 2:
        raise BadInput(f"a question needs at least two labels, but {list(names)} came")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput(f"labels must differ, but {repeated} came more than once")
    if any(not name.strip() for name in names):
        raise BadInput("a label is blank; every label needs a name")
    return names, given


def _refuse(value: Any, labels: Sequence[str]) -> BadLabel:
    near = get_close_matches(str(value)[:_SHOWN], labels, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(labels[:20]) + (" ..." if len(labels) > 20 else "")
    return BadLabel(f"{_brief(value)} is not an allowed label; allowed are: {shown}.{hint}")


def _brief(value: Any) -> str:
    """A value as an error shows it: somebody may send a whole book."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@dataclass(frozen=True)
class Choice:
    """Exactly one of several labels.

    Parameters
    ----------
    labels : sequence of str
        The allowed answers, at least two, all different. Numbers are kept as their text, and
        come back as numbers from `decode`.

    Examples
    --------
    >>> q = Choice(["spam", "ham"])
    >>> q.encode(["ham", "spam"])
    array([1, 0])
    >>> q.check("hm")
    Traceback (most recent call last):
    querist.core.errors.BadLabel: 'hm' is not an allowed label; allowed are: spam, ham. ...
    """

    labels: tuple[str, ...]
    _given: tuple[Any, ...] = field(repr=False, compare=False)
    view: ClassVar[str] = "choice"

    def __init__(self, labels: Iterable[Any]) -> None:
        names, given = _names(labels)
        object.__setattr__(self, "labels", names)
        object.__setattr__(self, "_given", given)

    def check(self, value: Any) -> str:
        """Return the label as text; raise BadLabel when it is not one of `labels`."""
        name = value if isinstance(value, str) else _plain(value)
        if name in self.labels:
            return name
        raise _refuse(value, self.labels)

    def encode(self, values: Sequence[Any]) -> NDArray[Any]:
        """Class positions (m,) of the values."""
        place = {name: i for i, name in enumerate(self.labels)}
        return np.array([place[self.check(value)] for value in values], dtype=np.int64)

    def decode(self, targets: NDArray[Any]) -> list[Any]:
        """Labels of the class positions, as they were given.

        Examples
        --------
        >>> Choice([0, 1]).decode(np.array([1, 0]))
        [1, 0]
        """
        return [self._given[int(target)] for target in targets]

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"kind": "choice", "labels": list(self.labels)}


@dataclass(frozen=True)
class Choices:
    """Any number of several labels (multi-label); the empty answer is an answer.

    Examples
    --------
    >>> Choices(["news", "sport"]).encode([["sport"], []])
    array([[0, 1],
           [0, 0]])
    """

    labels: tuple[str, ...]
    _given: tuple[Any, ...] = field(repr=False, compare=False)
    view: ClassVar[str] = "choices"

    def __init__(self, labels: Iterable[Any]) -> None:
        names, given = _names(labels)
        object.__setattr__(self, "labels", names)
        object.__setattr__(self, "_given", given)

    def check(self, value: Any) -> list[str]:
        """Return the labels in the question's order; raise BadLabel for any other."""
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise BadLabel(
                f"a list of labels is expected, but {_brief(value)} came; allowed are: "
                + ", ".join(self.labels)
            )
        given = {item if isinstance(item, str) else _plain(item) for item in value}
        for item in sorted(given):
            if item not in self.labels:
                raise _refuse(item, self.labels)
        return [name for name in self.labels if name in given]

    def encode(self, values: Sequence[Any]) -> NDArray[Any]:
        """Indicator matrix (m, k) of the values."""
        chosen = [set(self.check(value)) for value in values]
        table = [[int(name in some) for name in self.labels] for some in chosen]
        return np.array(table, dtype=np.int64).reshape(len(values), len(self.labels))

    def decode(self, targets: NDArray[Any]) -> list[Any]:
        """Lists of labels from an indicator matrix (m, k)."""
        return [
            [label for label, on in zip(self._given, row, strict=True) if on >= 0.5]
            for row in targets
        ]

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"kind": "choices", "labels": list(self.labels)}


@dataclass(frozen=True)
class Number:
    """A number, optionally between two bounds (regression).

    Examples
    --------
    >>> Number(low=0).check("2.5")
    2.5
    >>> Number(low=0).check(-1)
    Traceback (most recent call last):
    querist.core.errors.BadLabel: -1.0 is below the lowest allowed value 0
    """

    low: float | None = None
    high: float | None = None
    view: ClassVar[str] = "number"

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise BadInput(f"low must be below high, but low={self.low} and high={self.high}")

    def check(self, value: Any) -> float:
        """Return the value as a float; raise BadLabel when it is no number or out of bounds."""
        if isinstance(value, bool):
            raise BadLabel(f"a number is expected, but {value!r} came")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise BadLabel(f"a number is expected, but {_brief(value)} came") from None
        except OverflowError:  # a whole number that is longer than any float
            number = math.inf
        if not math.isfinite(number):
            raise BadLabel(f"a finite number is expected, but {_brief(value)} came")
        if self.low is not None and number < self.low:
            raise BadLabel(f"{number} is below the lowest allowed value {self.low}")
        if self.high is not None and number > self.high:
            raise BadLabel(f"{number} is above the highest allowed value {self.high}")
        return number

    def encode(self, values: Sequence[Any]) -> NDArray[Any]:
        """The values as float64 (m,)."""
        return np.array([self.check(value) for value in values], dtype=np.float64)

    def decode(self, targets: NDArray[Any]) -> list[Any]:
        """The numbers as plain floats."""
        return [float(target) for target in targets]

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {"kind": "number", "low": self.low, "high": self.high}


class Pairwise:
    """Which of two items is better. Not offered yet: construction says so."""

    view: ClassVar[str] = "pairwise"

    def __init__(self, *_: Any, **__: Any) -> None:
        raise Unsupported("Pairwise questions are not offered yet; use Choice, Choices or Number")


class Spans:
    """Labelled stretches of a text. Not offered yet: construction says so."""

    view: ClassVar[str] = "spans"

    def __init__(self, *_: Any, **__: Any) -> None:
        raise Unsupported("Spans questions are not offered yet; use Choice, Choices or Number")


def with_label(question: Any, name: Any) -> Choice | Choices:
    """The question with one more label, behind those it has.

    Raises
    ------
    BadInput
        For a question without labels, a blank name, and a name that is there already, or all
        but for its spelling.

    Examples
    --------
    >>> with_label(Choice(["spam", "ham"]), "news")
    Choice(labels=('spam', 'ham', 'news'))
    """
    if not isinstance(question, (Choice, Choices)):
        raise BadInput(f"a class is added to a question with labels, but this is {question}")
    if not isinstance(name, str) or not name.strip() or name != name.strip():
        raise BadInput(
            f"a new label is a text without spaces at its ends, such as 'billing'; got {name!r}"
        )
    near = next((own for own in question.labels if own.casefold() == name.casefold()), None)
    if near is not None:
        raise BadInput(f"the question has the label {near!r} already; name another one")
    return _longer(question, [name])


def grown(question: Any, form: Mapping[str, Any]) -> Any:
    """The question with the labels that its later JSON form has behind its own.

    Any other form leaves it as it is.

    Examples
    --------
    >>> asked = Choice([0, 1])
    >>> grown(asked, {"kind": "choice", "labels": ["0", "1", "2"]}).decode(np.array([1, 2]))
    [1, '2']
    >>> grown(asked, {"kind": "choice", "labels": ["1", "0", "2"]}) is asked
    True
    """
    if not isinstance(question, (Choice, Choices)) or form.get("kind") != question.view:
        return question
    own, new = list(question.labels), list(form["labels"])
    return _longer(question, new[len(own) :]) if new[: len(own)] == own != new else question


def _longer(question: Choice | Choices, names: Sequence[str]) -> Choice | Choices:
    return type(question)([*question._given, *names])


def question_from_json(form: Mapping[str, Any]) -> Choice | Choices | Number:
    """Read a question back from its JSON form.

    Examples
    --------
    >>> question_from_json(Choice(["a", "b"]).to_json())
    Choice(labels=('a', 'b'))
    """
    kind = form.get("kind")
    if kind == "choice":
        return Choice(form["labels"])
    if kind == "choices":
        return Choices(form["labels"])
    if kind == "number":
        return Number(form.get("low"), form.get("high"))
    raise BadInput(f"unknown kind of question {kind!r}; known are: choice, choices, number")


def _plain(value: Any) -> str:
    """Text of a scalar label: numpy scalars as Python ones, whole floats as integers."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)
