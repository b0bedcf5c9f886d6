"""Exp4.P over query strategies, paid by importance-weighted accuracy, folded from the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.types import Floats, Labelled, Queries
from querist.selection.bandit import at_least
from querist.selection.cloud import Doubles

DELTA = 0.1  # chance that the bound on the regret fails
JOINT = " & "  # between the names of arms that wanted the same item


class Exp4P:
    """Exp4.P over arms that advise one item each, and a last one that advises all alike.

    Parameters
    ----------
    arms : sequence of str
    horizon : int
        T, the labels there will be.
    least : float
        The share of the last arm is never below.

    Attributes
    ----------
    floor : float
        p_min = sqrt(log a / (a T)), at most 1 / a: the least share of any arm.
    """

    def __init__(self, arms: Sequence[str], horizon: int, least: float) -> None:
        self.arms = list(arms)
        self.horizon, self.least = horizon, least
        a = len(arms)
        self.floor = min(float(np.sqrt(np.log(a) / (a * horizon))), 1.0 / a)
        self._bonus = float(np.sqrt(np.log(a / DELTA) / (a * horizon)))
        self._logs = np.zeros(a)

    def shares(self) -> Doubles:
        """(1 - a p_min) w / sum w + p_min, (a,)."""
        weights = np.exp(self._logs - self._logs.max())
        mixed = (1.0 - len(self.arms) * self.floor) * weights / weights.sum() + self.floor
        return at_least(mixed, self.least)

    def reward(self, by: str, chance: float, reward: float, shares: Doubles) -> None:
        """Weigh the arms by what an item paid: each by how far it had advised that item."""
        advice = np.array([arm in by.split(JOINT) for arm in self.arms], dtype=float)
        # of the chance, what no arm asked for by name was the uniform arm's own
        rest = max(chance - float(advice[:-1] @ shares[:-1]), 0.0)
        advice[-1] = rest / shares[-1]
        self._logs += self.floor / 2 * (reward * advice / chance + self._bonus / shares)

    def fold(self, labelled: Labelled, candidates: int) -> tuple[Doubles, float]:
        """Shares after all rounds, (a,), and the reward of the last.

        The reward of a round before is the score that the next one recorded. Where none was,
        because nothing of the next round was answered, the round teaches nothing.
        """
        asked, proba = labelled.queries, labelled.proba
        if asked is None or proba is None or not len(asked):
            return self.shares(), 0.0
        mine = self._mine(asked)
        latest = self.accuracy(proba, labelled.targets, asked, len(asked) + candidates)
        rounds = np.unique(asked.rounds[mine])
        for number in rounds:
            shares, at = self.shares(), np.flatnonzero(mine & (asked.rounds == number))
            later = asked.scores[mine & (asked.rounds == number + 1)]
            paid = latest if number == rounds[-1] else later[0] if len(later) else np.nan
            if np.isfinite(paid):
                for k in at:
                    self.reward(str(asked.by[k]), float(asked.chance[k]), float(paid), shares)
        return self.shares(), latest

    def accuracy(self, proba: Floats, targets: NDArray[Any], asked: Queries, pool: int) -> float:
        """Reward: IW-ACC = 1 / (n T) sum_i 1[f(x_i) = y_i] / q_i over the arms' items, at most 1.

        Items of unknown chance are left out.
        """
        right = self._mine(asked) & (proba.argmax(axis=1) == targets)
        return min(1.0, float((1.0 / asked.chance[right]).sum()) / (pool * self.horizon))

    def _mine(self, asked: Queries) -> NDArray[np.bool_]:
        arms = set(self.arms)
        by_arms = np.array([not arms.isdisjoint(by.split(JOINT)) for by in asked.by], dtype=bool)
        # what the cold start and the control queue drew at random has no reward beside it
        return by_arms & np.isfinite(asked.chance) & np.isfinite(asked.scores)
