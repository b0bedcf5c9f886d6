"""Posterior variance of Bayesian linear regression."""

from __future__ import annotations

from querist.core.types import Picks, Signals
from querist.selection.variance import most_variable
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class PredictiveVariance(Strategy):
    """Ask where a Bayesian linear regression on the vectors is least sure of its prediction.

    v(x) = z' (noise I + Z' Z)^-1 z with z = (1, x) and Z the labelled ones, largest first.
    The variance does not depend on labels, so a batch is picked one by one, each pick
    counted as labelled: exactly what single queries would bring (MaxDet). A pick's score is
    its variance when picked, in units of the noise's.

    Parameters
    ----------
    noise : float
        Variance of the noise over that of the weights; higher trusts the prior more.

    Best for: linear models and embeddings with few labels. Fails when: outliers lie far out,
    where a line's variance is always largest, and when the model is not linear.
    Cost: O(n d (d + b) + b d^2) time, O(n + d^2) memory.

    References
    ----------
    MacKay (1992), Information-based objective functions for active data selection, Neural
    Computation 4(4).

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[-1.0], [0.0], [3.0]])
    >>> PredictiveVariance().select(Signals(vectors=line), 2, rng=0)
    array([2, 0])
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled"})
    cost_class = "3 n d (d + b)"

    def __init__(self, noise: float = 1.0) -> None:
        check_positive(noise=noise)
        self.noise = noise

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys, known = tie_keys_of(signals, rng), known_vectors(signals)
        positions, spread = most_variable(signals.vectors, n, keys, known, self.noise)
        return self.picks(positions, spread, 1.0)
