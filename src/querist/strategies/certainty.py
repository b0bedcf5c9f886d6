"""Certainty: ask for what is most likely relevant."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.strategies.base import Score


class Certainty(Score):
    """Ask for the items most likely of the relevant class, highest p(relevant) first.

    Not for learning but for finding: screening, review, rare classes. Reads proba (n, k);
    costs O(n). Best for: finding nearly all of a rare class with few labels. Fails when:
    the model should become accurate, as it never asks what is unclear.

    Parameters
    ----------
    relevant : str or int
        The class by name, or by its position among the k; -1, the last, by default.

    References
    ----------
    Lewis and Gale (1994), A sequential algorithm for training text classifiers, SIGIR
    (relevance sampling); Cormack and Grossman (2014), Evaluation of machine-learning protocols
    for technology-assisted review in electronic discovery, SIGIR (continuous active learning).

    Examples
    --------
    >>> Certainty(1).select(Signals(proba=np.array([[0.5, 0.5], [0.1, 0.9]])), 1, rng=0)
    array([1])
    """

    cost_class = "500 n"
    row_by_row = True
    needs = frozenset({"proba"})
    wants = frozenset({"labelled"})

    def __init__(self, relevant: str | int = -1) -> None:
        if isinstance(relevant, bool) or not isinstance(relevant, str | int):
            raise BadInput(f"relevant is a class name or its position, but it is {relevant!r}")
        self.relevant = relevant

    def score(self, signals: Signals) -> Floats:
        """Probability of the relevant class, (n,)."""
        assert signals.proba is not None
        return np.asarray(signals.proba[:, self._column(signals)], dtype=np.float64)

    def _column(self, signals: Signals) -> int:
        assert signals.proba is not None
        width = signals.proba.shape[1]
        if isinstance(self.relevant, int):
            if not -width <= self.relevant < width:
                raise BadInput(f"relevant is class {self.relevant}, but there are {width} classes")
            return self.relevant
        names = [] if signals.labelled is None else [str(c) for c in signals.labelled.classes]
        if self.relevant not in names:
            known = ", ".join(names) or "none; give its position"
            raise BadInput(f"relevant is {self.relevant!r}, but the classes are: {known}")
        return names.index(self.relevant)
