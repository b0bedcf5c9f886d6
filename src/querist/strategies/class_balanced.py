"""Scores weighed by how rare the likely class is among the labels."""

from __future__ import annotations

from querist.core.types import Floats, Signals
from querist.strategies.base import Score
from querist.strategies.checks import checked_scores
from querist.strategies.margin import Margin
from querist.strategies.parts import declare
from querist.strategies.rarity import rarity


class ClassBalanced(Score):
    """Base score x expected weight of the class: sum_c p_c w_c, w_c = 1 / (n_c + 1).

    n_c is how many labels class c has; weights are scaled so that the rarest class weighs
    1. Reads proba (n, k) and the labels, costs O(n k) beyond the base. Without labels it is
    the base. Best for: classes of unequal size that all matter. Fails when: the model has
    not seen the rare class yet, as it then gives it no probability (start by `KCenter`).

    Parameters
    ----------
    base : Score
        What is worth asking, not negative; `Margin()` by default.

    References
    ----------
    Bae et al. (2025), Uncertainty herding, ICLR, gives the product form of uncertainty and
    weight; the weights by label counts are querist's own (see `Auto`).

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Labelled
    >>> known = Labelled(None, np.array([0, 0, 0, 1]), classes=("common", "rare"))
    >>> proba = np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> ClassBalanced().score(Signals(proba=proba, labelled=known))
    array([0.3125, 0.4375])
    """

    cost_class = "40 n k"

    def __init__(self, base: Score | None = None) -> None:
        self.base = Margin() if base is None else base
        declare(self, [self.base])
        self.needs |= {"proba"}
        self.row_by_row = self.base.row_by_row
        self.wants = (self.wants | {"labelled"}) - self.needs
        self.instead = {
            need: other for need, other in self.instead.items() if need != "proba"
        }  # the class weights need probabilities themselves

    def score(self, signals: Signals) -> Floats:
        """Base score times weight, (n,)."""
        scores = checked_scores(self.base, signals)
        if signals.labelled is None or not len(signals.labelled):
            return scores
        return scores * rarity(signals)
