"""Four criteria of a batch under a mixture model, and the greedy choice by their sum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from querist.core.types import Floats, Positions
from querist.selection.scores import Doubles, by_blocks

EPSILON = 1e-5  # criteria begin a little above 0, so that their logarithms are finite


@dataclass(frozen=True)
class Criteria:
    """What is known of n candidates and m labelled items under a mixture of c parts.

    Parameters
    ----------
    near, dense, wrong : arrays (n,)
        How near the boundary and how dense each candidate lies, in [0, 1]; how likely its
        predicted class is wrong.
    share : array (n, c)
        How much each part answers for each candidate.
    told : array (m, c)
        The same of the labelled items.
    weights : array (c,)
        Weight of each part.
    """

    near: Doubles
    dense: Doubles
    wrong: Doubles
    share: Doubles
    told: Doubles
    weights: Doubles

    def missing(self) -> float:
        """How unlike the mixture the labelled items are, in [0, 1]; 1 without any."""
        mean = self.told.sum(axis=0) / max(1, len(self.told))
        return min(1.0, float(np.abs(self.weights - mean).sum()))

    def spread(self, picked: list[int]) -> Doubles:
        """How like the mixture labels, picks and each candidate are together, (n,).

        1 - sum_c max(0, weight_c - mean share of c).

        Examples
        --------
        >>> one, none = np.zeros(2), np.empty((0, 2))
        >>> parts = Criteria(one, one, one, np.eye(2), none, np.array([0.25, 0.75]))
        >>> parts.spread([]), parts.spread([1])
        (array([0.25, 0.75]), array([0.75, 0.75]))
        """
        total = self.told.sum(axis=0) + self.share[picked].sum(axis=0)
        many = len(self.told) + len(picked) + 1
        lacking, room = np.zeros((2, len(self.share)))
        for column, gap in zip(self._columns, many * self.weights - total, strict=True):
            if gap > 0:  # else nobody's share can lack, for none is negative
                np.subtract(gap, column, out=room)
                lacking += np.maximum(room, 0.0, out=room)
        return np.asarray(1.0 - lacking / many)

    @cached_property
    def _columns(self) -> Doubles:
        return np.ascontiguousarray(self.share.T)

    def apart(self, picked: list[int]) -> Doubles:
        """-log of the density of each candidate and the picks, stretched to [0, 1]; (n,)."""
        apart = -np.log(self.dense + self.dense[picked].sum())
        return np.asarray((apart - apart.min()) / (np.ptp(apart) or 1.0))

    def greedy(self, n: int, diversity: float) -> tuple[Positions, Doubles]:
        """`n` rows, each the first of highest weighted sum once those before it are picked.

        `diversity` weighs `apart` from the second pick on, `missing` weighs `spread`, and
        `near` and `dense` share the rest by the error expected of the predictions.
        """
        rho, apart = self.missing(), 0.0
        alpha = (1.0 - rho) * float(np.mean(self.wrong * self.dense))
        beta = 1.0 - rho - alpha
        picked, won = list[int](), list[float]()
        while len(picked) < n:
            wanted = alpha * self.near + beta * self.dense + rho * self.spread(picked)
            if picked:
                wanted += apart * self.apart(picked)
            wanted[picked] = -np.inf
            picked.append(int(np.argmax(wanted)))
            won.append(float(wanted[picked[-1]]))
            if len(picked) == 1:
                apart, rho = diversity, min(rho, 1.0 - diversity)
                alpha = (1.0 - rho - apart) * (1.0 - float(np.mean(self.wrong)))
                beta = 1.0 - rho - apart - alpha
        return np.array(picked, dtype=np.int64), np.array(won)


def stretched(values: Doubles) -> Doubles:
    """Values (n,) moved and scaled to run from a little above 0 to 1; all 1 where equal.

    Examples
    --------
    >>> stretched(np.array([3.0, 4.0, 5.0])).round(3)
    array([0. , 0.5, 1. ])
    """
    return np.asarray((values - values.min() + EPSILON) / (np.ptp(values) + EPSILON))


def log_odds(proba: Floats) -> Doubles:
    """Logarithm of the largest over the second largest of each row of `proba` (n, k); (n,).

    Examples
    --------
    >>> log_odds(np.array([[0.5, 0.5, 0.0], [0.8, 0.1, 0.1]])).round(3)
    array([0.   , 2.079])
    """

    def ratio(block: Doubles) -> Doubles:
        if block.shape[1] == 1:
            return np.zeros(len(block))
        top = np.partition(block, -2, axis=1) + EPSILON
        return np.asarray(np.log(top[:, -1] / top[:, -2]))

    return by_blocks(ratio, proba)
