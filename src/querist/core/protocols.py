"""The few interfaces everything else is built from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from querist.core.events import Event
from querist.core.types import Floats, Ints, Positions, Prediction, Round, Signals, Verdict

T = TypeVar("T")
R = TypeVar("R")


@runtime_checkable
class Question(Protocol):
    """What is asked of an annotator, and how an answer becomes a training target."""

    @property
    def view(self) -> str:
        """Name of the widget that asks it."""

    def check(self, value: Any) -> Any:
        """Return the value in its canonical form, or raise BadLabel naming what is allowed."""

    def encode(self, values: Sequence[Any]) -> NDArray[Any]:
        """Turn checked values into model targets."""

    def decode(self, targets: NDArray[Any]) -> list[Any]:
        """Turn model targets back into values."""

    def to_json(self) -> dict[str, Any]:
        """A JSON form that `querist.core.questions.question_from_json` reads back."""


@runtime_checkable
class Pool(Protocol):
    """Read-only data, possibly larger than memory: rows (int) inside, ids (str) outside."""

    kind: str  # "text", "table", "array", "sparse" or "image"

    def __len__(self) -> int: ...

    def ids(self, rows: Ints) -> list[str]:
        """Ids of the rows."""

    def rows(self, ids: Sequence[str]) -> Ints:
        """Rows of the ids; UnknownTask names the first id that is not here."""

    def items(self, rows: Ints) -> Any:
        """The rows as a batch the model takes: list of texts, array, sparse matrix, frame."""

    def show(self, row: int) -> Any:
        """One row as an annotator sees it: plain JSON, or an image path."""

    def digests(self, rows: Ints) -> list[str]:
        """Content hash of each row, hex: equal content, equal hash."""

    def vectors(self, rows: Ints, space: str = "default") -> Floats | None:
        """Feature vectors (n, d) when the pool itself holds numbers, else None."""


@runtime_checkable
class Log(Protocol):
    """The append-only record; state is a fold of it."""

    def append(self, events: Sequence[Event], *, expect: int | None = None) -> int:
        """Write all events or none, durably; return the position of the last one.

        Conflict when `expect` is given and the log does not end at that position.
        """

    def read(self, after: int = 0) -> Iterable[tuple[int, Event]]:
        """Positions (from 1) and events after a position, in order."""

    def close(self) -> None:
        """Release files and threads; everything acknowledged is durable already."""


class Model(Protocol):
    """A learner: `fit` gives a new fitted one and leaves this one as it was."""

    def fit(
        self,
        items: Any,
        targets: NDArray[Any],
        *,
        weights: Floats | None = None,
        seed: int = 0,
    ) -> Model:
        """A new model trained on the items, rows in the order given."""

    def predict(self, items: Any, needs: frozenset[str] = frozenset()) -> Prediction:
        """Predictions holding whatever `needs` names, or just `value` when it names nothing."""


class Strategy(Protocol):
    """Arrays in, positions out. No model, pool, I/O or global random state inside."""

    needs: frozenset[str]

    def select(self, signals: Signals, n: int, rng: np.random.Generator) -> Positions:
        """`n` distinct positions into the rows of `signals`, most wanted first."""


class Score(Strategy, Protocol):
    """A strategy that judges each candidate by itself."""

    def score(self, signals: Signals) -> Floats:
        """One number per candidate, (n,); higher = more wanted."""


class Stopping(Protocol):
    """A stopping rule: a pure function of the rounds so far."""

    def __call__(self, history: Sequence[Round]) -> Verdict:
        """Judge the history, oldest round first."""


class Backend(Protocol):
    """Where work runs: threads, processes, a cluster."""

    def map(self, fn: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """Apply `fn` to each part exactly once, results in order."""
