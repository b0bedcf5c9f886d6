"""Strategies that compete for each batch by what their labels brought."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.remarks import remark
from querist.core.types import Picks, Signals
from querist.selection.bandit import serve, thompson_shares
from querist.selection.exp4p import JOINT, Exp4P
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count, check_known_proba
from querist.strategies.foreign import as_strategy
from querist.strategies.known import class_targets
from querist.strategies.parts import declare
from querist.strategies.random import Random


class Bandit(Strategy):
    """Let strategies compete: those whose labels were rare and surprising serve more items.

    Each arm ranks the candidates; each place of the batch goes to an arm drawn by its share, one
    of them `Random`. Shares come anew from who asked each label (`labelled.queries`).
    "thompson" (TAILOR; Zhang et al., 2023) draws what an arm is worth, theta . v / max|v| + phi:
    theta from the classes its items had, v_c = 1 / max(1, n_c), negative for more than half of
    the labels, and phi, not in the paper, from how far its items surprised a linear head fitted
    to the labels before. "exp4p" (ALBL; Hsu and Lin, 2015) pays by importance-weighted accuracy,
    one label at a time, needs `proba`, and logs that reward as its score. The chance of an item
    is given the rankings. Costs all arms, O(m k d) time, O(n + m d) memory.
    Best for: no idea which suits. Fails when: surprise is noise; in `GroupQuota`, which renames.

    Parameters
    ----------
    arms : sequence of strategies or texts, of different names
    rule : {"thompson", "exp4p"}
    horizon : int, labels there will be in all; for "exp4p"
    least : float, least share of `Random`, in (0, 1)

    Raises
    ------
    BadInput
        For arms, rules or shares that are none; for labels that are no classes.

    Examples
    --------
    >>> Bandit(["margin", "kcenter"]).parts
    (Margin(), KCenter(), Random())
    """

    cost_class = "2_000 m k d + 500 n"
    of_classes = True

    def __init__(
        self,
        arms: Iterable[Any] = ("margin", "badge", "max_herding"),
        rule: str = "thompson",
        horizon: int = 0,
        least: float = 0.1,
    ) -> None:
        given = map(as_strategy, [arms] if isinstance(arms, str) else arms)
        self.arms = tuple(arm for arm in given if not isinstance(arm, Random))
        self.parts = (*self.arms, Random())
        self.named = [arm.name for arm in self.parts]
        if not self.arms or len(set(self.named)) < len(self.parts):
            raise BadInput(f"Bandit takes a list of strategies of different names, got {arms!r}")
        if rule not in ("thompson", "exp4p") or not 0 < least < 1:
            raise BadInput(f"rule is 'thompson' or 'exp4p', 0 < least < 1, not {rule!r}, {least!r}")
        self.rule, self.least = rule, least
        self.horizon = check_count(horizon, "horizon, needed by exp4p,") if rule == "exp4p" else 0
        declare(self, self.parts)
        self.needs |= {"vectors", "labelled"}
        self.wants = (self.wants | {"labelled_queries", "labelled_proba"}) - self.needs
        self.takes_sparse = self.may_fall_short = False

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        reward, known = np.nan, signals.labelled
        if known is None or not known.classes:
            raise BadInput("Bandit learns from classes; use another strategy for this question")
        known = replace(known, targets=class_targets(self.name, known))
        if self.rule == "thompson":
            shares = thompson_shares(known, self.named, self.least, rng)
        else:
            if len(known):
                check_known_proba(self.name, signals)
            shares, reward = Exp4P(self.named, self.horizon, self.least).fold(known, len(signals))
        said = ", ".join(f"{a} {share:.2f}" for a, share in zip(self.named, shares, strict=True))
        remark(f"shares of the arms: {said}")
        ranked = [arm.pick(signals, n, rng) for arm in self.parts]
        served = serve([picks.positions for picks in ranked], shares, n, len(signals), rng)
        if self.rule == "exp4p":
            by = tuple(JOINT.join(self.named[a] for a in arms) for arms in served.wanted)
            return Picks(served.positions, np.full(n, reward), by, served.chance)
        told = [np.full(n, np.nan) if p.scores is None else p.scores for p in ranked]
        by, scores = zip(*((self.named[a], told[a][k]) for a, k in served.places), strict=True)
        return Picks(served.positions, np.array(scores), by, served.chance)
