"""BALD drawn by its score."""

from __future__ import annotations

from querist.strategies.bald import BALD
from querist.strategies.draw_sources import Committee
from querist.strategies.power import PowerSampling


class PowerBALD(PowerSampling):
    """`PowerSampling` of `BALD`: the batch is drawn in proportion to I(y; w)^beta.

    Close to `BatchBALD` in what it learns at the price of `BALD`: O(n s k) time for draws
    (n, s, k), O(n) memory. Best for: batches of any size from models with posterior
    samples. Fails when: a few items matter in a large pool of slightly informative ones.

    Parameters
    ----------
    committee : int or sequence of estimators
        As in `BALD`.
    beta : float
        How strictly the score is followed.

    References
    ----------
    Kirsch et al. (2023), Stochastic batch acquisition: a simple baseline for deep active
    learning, TMLR.

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Signals
    >>> same, torn = [[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.0, 1.0]]
    >>> PowerBALD().select(Signals(draws=np.array([same, torn])), 1, rng=0)
    array([1])
    """

    def __init__(self, committee: Committee = 10, beta: float = 1.0) -> None:
        super().__init__(BALD(committee), beta)
        self.committee = committee
