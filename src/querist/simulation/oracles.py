"""Who answers: the truth, noisy or simulated people, a file, a person at a terminal, a service.

An oracle takes a `Task` and returns the answer, or None to pass on it. Any of them fits
`Campaign.run`, `simulate` and `compare`; so does a plain function.
"""

from __future__ import annotations

import csv
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput, BadLabel, UnknownTask
from querist.core.keys import hash_ids, uniform
from querist.core.protocols import Question
from querist.core.types import Task

_FLIP, _WHICH, _PACE = 0x666C6970, 0x77686963, 0x70616365  # keep the draws of an item apart

Oracle = Callable[[Task], Any]
Labels = Mapping[str, Any] | Sequence[Any] | NDArray[Any]


class Truth:
    """Answers from known labels.

    Parameters
    ----------
    labels : mapping or sequence
        Item id to label; a sequence holds the labels of the items "0", "1", ..., as
        `simulate` numbers its rows.

    Raises
    ------
    UnknownTask
        When an item is asked whose label is not known.

    Examples
    --------
    >>> Truth({"a": "spam"})(Task("t0", "a", "win money", "choice"))
    'spam'
    """

    def __init__(self, labels: Labels) -> None:
        if isinstance(labels, Mapping):
            self.labels = {str(item_id): value for item_id, value in labels.items()}
        else:
            self.labels = {str(row): value for row, value in enumerate(labels)}

    def __call__(self, task: Task) -> Any:
        """The label of the task's item."""
        try:
            return self.labels[task.item_id]
        except KeyError:
            raise UnknownTask(
                f"no label is known for item {task.item_id!r}; the {len(self.labels)} known ones "
                f"look like {next(iter(self.labels), None)!r}"
            ) from None


class Noisy:
    """The truth, but for a share of the items a wrong label, drawn uniformly.

    The draw is keyed by the item, so an item gets the same answer whenever it is asked.

    Parameters
    ----------
    truth : mapping, sequence or oracle
        Known labels, or an oracle that knows them.
    rate : float or callable
        Share of wrong answers in [0, 1], or a function from Task to that share: noise that
        depends on the item.
    labels : sequence
        The possible answers; by default those that occur in `truth`.
    seed : int

    Examples
    --------
    >>> noisy = Noisy(["a", "b"] * 500, rate=0.2)
    >>> said = [noisy(Task("t", str(row), None, "choice")) for row in range(1000)]
    >>> sum(one != other for one, other in zip(said, ["a", "b"] * 500))
    191
    """

    def __init__(
        self,
        truth: Labels | Oracle,
        rate: float | Callable[[Task], float] = 0.1,
        labels: Sequence[Any] | None = None,
        seed: int = 0,
    ) -> None:
        self.truth: Oracle = truth if callable(truth) else Truth(truth)
        self.rate = rate
        if labels is None:
            known = getattr(self.truth, "labels", {})
            labels = sorted(set(known.values() if isinstance(known, Mapping) else known))
        self.labels = list(labels)
        self.seed = seed
        if len(self.labels) < 2:
            raise BadInput(f"noise needs at least two possible labels, but got {self.labels}")
        if not callable(rate):
            _check_rate(rate)

    def __call__(self, task: Task) -> Any:
        """The true label, or another one."""
        right = self.truth(task)
        rate = _check_rate(self.rate(task)) if callable(self.rate) else self.rate
        if _drawn(task, self.seed, _FLIP) >= rate:
            return right
        wrong = [label for label in self.labels if label != right]
        return wrong[int(_drawn(task, self.seed, _WHICH) * len(wrong))]


class Annotators:
    """Several simulated people, each with an error rate and a pace of their own.

    As one oracle they take turns by item; `answers` gives what each of them says, with the
    seconds it took, for those who play a team.

    Parameters
    ----------
    truth : mapping, sequence or oracle
        Known labels, or an oracle that knows them.
    people : mapping of str to (float, float)
        Name to error rate in [0, 1] and median seconds per answer.
    labels : sequence
        The possible answers; by default those that occur in `truth`.
    seed : int

    Examples
    --------
    >>> team = Annotators(["a", "b", "a"], {"ann": (0.0, 4.0), "bob": (0.3, 2.0)})
    >>> team.answer("ann", Task("t", "1", None, "choice"))[0]
    'b'
    >>> sorted(team.people)
    ['ann', 'bob']
    """

    def __init__(
        self,
        truth: Labels | Oracle,
        people: Mapping[str, tuple[float, float]],
        labels: Sequence[Any] | None = None,
        seed: int = 0,
    ) -> None:
        if not people:
            raise BadInput("Annotators needs at least one person: {'ann': (0.05, 4.0)}")
        self.people = dict(people)
        self.seed = seed
        salts = hash_ids(self.people).tolist()
        self._salt = dict(zip(self.people, salts, strict=True))
        self._says = {
            name: Noisy(truth, error, labels, seed=seed ^ self._salt[name])
            for name, (error, _) in self.people.items()
        }

    def answer(self, name: str, task: Task) -> tuple[Any, float]:
        """What one of them says of a task, and the seconds it took (log-normal)."""
        if name not in self.people:
            raise BadInput(f"nobody is called {name!r}; there are: {', '.join(self.people)}")
        salt = self._salt[name]
        one, two = _drawn(task, self.seed, salt, _PACE), _drawn(task, self.seed, salt, _PACE, 1)
        normal = np.sqrt(-2 * np.log1p(-one)) * np.cos(2 * np.pi * two)
        return self._says[name](task), float(self.people[name][1] * np.exp(0.4 * normal))

    def whose(self, task: Task) -> str:
        """Whose turn the task's item is, decided by its id."""
        names = list(self.people)
        return names[int(_drawn(task, self.seed, _WHICH) * len(names))]

    def __call__(self, task: Task) -> Any:
        """The answer of the person whose turn it is."""
        return self.answer(self.whose(task), task)[0]


class FileOracle(Truth):
    """Answers from a CSV file with the columns `id` and `label`.

    An item that is not in the file is passed on, so that somebody else may answer it.

    Raises
    ------
    BadInput
        When the file is missing, or lacks a column.
    """

    def __init__(self, path: str | Path, id: str = "id", label: str = "label") -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise BadInput(f"no file of answers at {str(path)!r}; check the path")
        with self.path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = reader.fieldnames or []
            lacking = [name for name in (id, label) if name not in columns]
            if lacking:
                raise BadInput(
                    f"{self.path.name} has no column {lacking[0]!r}; its columns are "
                    f"{', '.join(columns) or 'none'}"
                )
            super().__init__({row[id]: row[label] for row in reader if row[label]})

    def __call__(self, task: Task) -> Any:
        """The label in the file; None where it has none."""
        return self.labels.get(task.item_id)


class Terminal:
    """Asks a person at the terminal, again until the answer is allowed.

    An empty line passes on the item. With a `Choice` the answer may be a label, or its number
    in the list shown.

    Parameters
    ----------
    question : Question
        Checks the answers; its labels are shown.
    console : rich.console.Console, optional
    """

    def __init__(self, question: Question, console: Any = None) -> None:
        from rich.console import Console

        self.question = question
        self.console = console or Console()
        self.labels: tuple[str, ...] = tuple(getattr(question, "labels", ()))

    def __call__(self, task: Task) -> Any:
        """The person's answer; None for an empty line."""
        from rich.markup import escape

        shown = task.item if isinstance(task.item, str) else json.dumps(task.item, default=str)
        self.console.print(f"\n[bold]{escape(task.item_id)}[/bold]  {escape(shown)}")
        if self.labels:
            named = (f"[bold]{n}[/bold] {escape(x)}" for n, x in enumerate(self.labels, start=1))
            self.console.print("   ".join(named))
        while True:
            said = self.console.input("answer (empty to skip): ").strip()
            if not said:
                return None
            try:
                return self._read(said)
            except BadLabel as error:
                self.console.print(f"[red]{escape(str(error))}[/red]")

    def _read(self, said: str) -> Any:
        if self.question.view == "choices":
            return self.question.check([self._label(part.strip()) for part in said.split(",")])
        return self.question.check(self._label(said))

    def _label(self, said: str) -> str:
        if said.isdigit() and said not in self.labels and 0 < int(said) <= len(self.labels):
            return self.labels[int(said) - 1]
        return said


class Remote:
    """Asks a service: POST of {"task_id", "item_id", "item", "view"}, answered by {"value"}.

    A value of null passes on the item. A service that cannot be reached, or breaks, is tried
    again with growing pauses.

    Parameters
    ----------
    url : str
        An http or https address.
    headers : mapping, optional
        Such as {"Authorization": "Bearer ..."}.
    timeout : float
        Seconds to wait for each answer.
    tries : int

    Raises
    ------
    BadInput
        When the address is not one of http, or the service gave no usable answer.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        tries: int = 3,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise BadInput(f"a remote oracle has an http or https address, but got {url!r}")
        self.url = url
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.timeout = timeout
        self.tries = tries

    def __call__(self, task: Task) -> Any:
        """The service's answer."""
        told = {name: getattr(task, name) for name in ("task_id", "item_id", "item", "view")}
        body = json.dumps(told, default=str).encode()
        for attempt in range(1, self.tries + 1):
            request = urllib.request.Request(self.url, body, self.headers)
            try:
                with urllib.request.urlopen(request, timeout=self.timeout) as reply:
                    return self._value(reply.read())
            except (urllib.error.URLError, TimeoutError) as error:
                status = getattr(error, "code", 500)
                if attempt == self.tries or status < 500:
                    raise BadInput(
                        f"the oracle at {self.url} gave no answer for task {task.task_id!r} in "
                        f"{attempt} tries: {error}"
                    ) from error
                time.sleep(0.1 * 2**attempt)

    def _value(self, reply: bytes) -> Any:
        try:
            return json.loads(reply)["value"]
        except (ValueError, KeyError, TypeError):
            raise BadInput(
                f'the oracle at {self.url} must answer with JSON {{"value": ...}}, but said '
                f"{reply[:80]!r}"
            ) from None


def _drawn(task: Task, seed: int, *salt: int) -> float:
    """A uniform number decided by the item, the seed and the salt."""
    return float(uniform(hash_ids([task.item_id]), seed, *salt)[0])


def _check_rate(rate: float) -> float:
    if not 0 <= rate <= 1:
        raise BadInput(f"an error rate is a share between 0 and 1, but it is {rate!r}")
    return rate
