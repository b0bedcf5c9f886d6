"""Sums and products of scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from querist.core.types import Floats, Signals
from querist.strategies.base import Score
from querist.strategies.checks import checked_scores
from querist.strategies.parts import declare


class Sum(Score):
    """Weighted sum of raw scores, as the expression says; written `0.7 * A() + 0.3 * B()`.

    Nothing is rescaled first: an entropy counts in nats, a density as a cosine.

    Examples
    --------
    >>> from querist.strategies import Entropy, Margin
    >>> 0.5 * Margin() + 2 * Entropy() + Entropy()
    0.5 * Margin() + 2 * Entropy() + Entropy()
    """

    def __init__(self, terms: Sequence[tuple[float, Score]]) -> None:
        self.terms = tuple(terms)
        self.parts = tuple(score for _, score in self.terms)
        declare(self, self.parts)
        self.row_by_row = all(score.row_by_row for _, score in self.terms)

    @classmethod
    def of(cls, *parts: Score, times: float = 1.0) -> Sum:
        """Sum of the parts times a number, sums inside flattened."""
        flat = [
            (weight * times, score)
            for part in parts
            for weight, score in (part.terms if isinstance(part, Sum) else ((1.0, part),))
        ]
        return cls(flat)

    @property
    def name(self) -> str:
        """The expression itself."""
        return repr(self)

    def __repr__(self) -> str:
        said = (f"{w:g} * {s!r}" if w != 1 else repr(s) for w, s in self.terms)
        return " + ".join(said)

    def score(self, signals: Signals) -> Floats:
        """Weighted sum, (n,)."""
        total = np.zeros(len(signals))
        for weight, score in self.terms:
            total += weight * checked_scores(score, signals)
        return total


class Product(Score):
    """Product of raw scores, as the expression says; written `A() * B()`.

    Examples
    --------
    >>> from querist.strategies import Entropy, Margin
    >>> Margin() * Entropy() * Margin()
    Margin() * Entropy() * Margin()
    """

    def __init__(self, factors: Sequence[Score]) -> None:
        self.parts = self.factors = tuple(factors)
        declare(self, self.parts)
        self.row_by_row = all(factor.row_by_row for factor in self.factors)

    @classmethod
    def of(cls, *parts: Score) -> Product:
        """Product of the parts, products inside flattened."""
        flat: list[Score] = []
        for part in parts:
            flat += part.factors if isinstance(part, Product) else (part,)
        return cls(flat)

    @property
    def name(self) -> str:
        """The expression itself."""
        return repr(self)

    def __repr__(self) -> str:
        said = (f"({f!r})" if isinstance(f, Sum) else repr(f) for f in self.factors)
        return " * ".join(said)

    def score(self, signals: Signals) -> Floats:
        """Product, (n,)."""
        total = np.ones(len(signals))
        for factor in self.factors:
            total *= checked_scores(factor, signals)
        return total
