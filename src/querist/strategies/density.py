"""Information density: uncertainty weighed by how typical an item is."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.selection.cosines import mean_cosine
from querist.strategies.base import Score
from querist.strategies.checks import checked_scores
from querist.strategies.margin import Margin
from querist.strategies.parts import declare


class Density(Score):
    """Mean cosine similarity of each item to the pool, in [-1, 1]: the density term alone.

    The mean over the whole pool is the dot product with the mean of the unit vectors, so
    this costs O(n d) and never holds n x n. The pool is the `reference` where one is given.
    An all-zero vector is like nothing: 0. Best for: a factor in a product. Fails when: used
    alone, as it asks about one dense spot again and again.

    References
    ----------
    Settles and Craven (2008), An analysis of active learning strategies for sequence
    labeling tasks, EMNLP (information density).

    Examples
    --------
    >>> Density().score(Signals(vectors=np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 5.0]]))).round(2)
    array([0.67, 0.67, 0.33])
    """

    needs = frozenset({"vectors"})
    takes_sparse = True
    wants = frozenset({"reference"})
    cost_class = "80 n d"

    def score(self, signals: Signals) -> Floats:
        """Mean cosine similarity to the pool, (n,)."""
        vectors = signals.vectors
        assert vectors is not None
        pool = vectors if signals.reference is None else signals.reference
        return mean_cosine(vectors, pool)


class InformationDensity(Score):
    """Uncertainty x density^beta: an uncertain outlier ranks below an uncertain typical item.

    O(n d) time and O(n) memory beyond the base's. Best for: pools with outliers or junk. Fails
    when: what is rare matters, as whatever lies alone ranks last.

    Parameters
    ----------
    base : Score
        How uncertain each item is, not negative.
    beta : float
        How much density counts; 0 leaves the base alone. Densities below 0 count as 0.

    References
    ----------
    Settles and Craven (2008), An analysis of active learning strategies for sequence
    labeling tasks, EMNLP (information density).

    Examples
    --------
    >>> proba = np.full((3, 2), 0.5)
    >>> vectors = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 5.0]])
    >>> InformationDensity().score(Signals(proba=proba, vectors=vectors)).round(2)
    array([0.67, 0.67, 0.33])
    """

    def __init__(self, base: Score | None = None, beta: float = 1.0) -> None:
        if not (np.isfinite(beta) and beta >= 0):
            raise BadInput(f"beta must be a finite number of at least 0, but it is {beta!r}")
        self.base = Margin() if base is None else base
        self.beta = beta
        self._density = Density()
        declare(self, [self.base, self._density])

    def score(self, signals: Signals) -> Floats:
        """Base score times density to the power beta, (n,)."""
        density = np.maximum(self._density.score(signals), 0.0)
        return checked_scores(self.base, signals) * density**self.beta
