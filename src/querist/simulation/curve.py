"""A learning curve: what a simulated campaign asked, and how good each of its models was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Floats, Ints
from querist.metrics import paired


@dataclass(frozen=True, eq=False)
class Curve:
    """What `simulate` returns: one point for the starting model and one after every batch.

    Attributes
    ----------
    labels : array of int (rounds,)
        Labels each model was trained on.
    scores : mapping of str to array (rounds,)
        Scores on the test part, by the names given as `scoring`.
    picked : array of int
        Rows of X in the order they were asked, start rows first: ``picked[:labels[i]]`` is
        the training set of round i.
    seconds : mapping of str to array (rounds,)
        "fit" of the round's model; "committee" (training the models of one), "score" and
        "select" of choosing the batch after it. The choice of the start counts in the first
        round.
    arms : tuple of str
        Why each picked row was asked: "given", "open" (by the strategy) or "control".
    strategy : str
        The strategy as it prints.
    seed : int
    test_rows : array of int
        Rows of X held out for the test; empty when X_test was given.
    tested_on : int
        Rows each model was scored on: labels that come on top of those of the curve.
    ended : str
        The rule that ended the run, in plain words.
    """

    labels: Ints
    scores: Mapping[str, Floats]
    picked: Ints
    seconds: Mapping[str, Floats]
    arms: tuple[str, ...] = ()
    strategy: str = ""
    seed: int = 0
    test_rows: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    tested_on: int = 0
    ended: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def score(self, name: str | None = None) -> Floats:
        """Scores of that name (rounds,), or of the first one."""
        wanted = next(iter(self.scores)) if name is None else name
        if wanted not in self.scores:
            raise BadInput(f"no score is called {wanted!r}; there are: {', '.join(self.scores)}")
        return self.scores[wanted]

    def aubc(self, name: str | None = None) -> float:
        """Area under the curve by trapezoids over the span of labels: its mean height.

        Zhan et al., IJCAI 2021. Without a name, that of the first score.

        Examples
        --------
        >>> curve = Curve(np.array([10, 20, 30]), {"accuracy": np.array([0.5, 0.9, 0.9])},
        ...               np.arange(30), {})
        >>> curve.aubc("accuracy")
        0.8
        """
        return float(paired.aubc(self.labels, self.score(name)))

    def to_json(self) -> str:
        """Everything as JSON."""
        form = dict(vars(self))
        for name in ("scores", "seconds"):
            form[name] = {key: _plain(values) for key, values in form[name].items()}
        for name in ("labels", "picked", "test_rows"):
            form[name] = _plain(form[name])
        return json.dumps(form)


def _plain(values: NDArray[Any]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]
