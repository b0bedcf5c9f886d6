"""BALD of a whole batch."""

from __future__ import annotations

from querist.core.types import Picks, Signals
from querist.selection.joint import jointly_informative
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.draw_sources import Committee, checked_committee
from querist.strategies.ties import tie_keys_of


class BatchBALD(Strategy):
    """Ask for the batch whose labels together tell most about the model: I(y_1..y_b; w).

    Greedy, from draws (n, s, k); the joint entropy is exact while the picked labels have at
    most `configurations` outcomes, then over so many drawn ones. At most O(n c s k) time per
    pick for c configurations, and less: gains only shrink, so few are computed again. O(n)
    memory and blocks, and O(c s). Best for: small batches, 100 draws or more. Fails when:
    draws are few, as s of them hold at most log s nats: what is asked after that is noise
    (10 draws fill in about 5 picks; see `PowerBALD`).

    Parameters
    ----------
    committee : int or sequence of estimators
        As in `BALD`.
    configurations : int
        How many outcomes of the batch so far are counted or drawn.

    References
    ----------
    Kirsch, van Amersfoort and Gal (2019), BatchBALD: efficient and diverse batch
    acquisition for deep Bayesian active learning, NeurIPS, algorithm 1, equations 4 to 13.

    Examples
    --------
    >>> import numpy as np
    >>> first, second = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> draws = np.eye(2)[np.array([first, first, second])]
    >>> 2 in BatchBALD().select(Signals(draws=draws), 2, rng=0)
    True
    """

    needs = frozenset({"draws"})

    def __init__(self, committee: Committee = 10, configurations: int = 10_000) -> None:
        check_positive(configurations=configurations)
        self.committee = checked_committee(committee)
        self.configurations = configurations
        self.cost_class = f"{50 * configurations:_} n k b"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.draws is not None
        keys = tie_keys_of(signals, rng)
        return self.picks(*jointly_informative(signals.draws, n, keys, rng, self.configurations))
