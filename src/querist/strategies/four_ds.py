"""4DS: distance, density, distribution and diversity."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.signals import POINTS
from querist.core.types import Floats, Picks, Signals
from querist.selection.criteria import Criteria, log_odds, stretched
from querist.selection.mixture import Mixture, fit_mixture
from querist.selection.scores import least_confidence
from querist.selection.topk import Keys
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.max_herding import sampled
from querist.strategies.ties import tie_keys_of


class FourDs(Strategy):
    """Ask for the highest alpha near + beta dense + rho spread + lambda apart, pick by pick.

    Each lies in [0, 1]: near the boundary by log(p(1) / p(2)); dense by the log density of a
    mixture of Gaussians fitted on candidates and labelled items; spread, 1 - sum_c max(0,
    weight of Gaussian c - its mean share of labels, picks and item); apart, from the second
    pick on, by -log(density of item and picks). rho = min(1, sum_c |weight - mean share of
    labels|) falls as the labels come to look like the pool; alpha and beta divide what is
    left by the error the model expects. Score: that sum.

    Cost: n d c a step of the fit (on at most 10,000 candidates), n c per pick; memory
    O(n (d + c)). Best for: clustered classes, few labels, classes of unknown sizes.
    Fails when: Gaussians do not fit the vectors, or the pool holds copies: apart looks at
    densities alone and does not keep them out (`Distinct` does).

    Parameters
    ----------
    diversity : float, optional
        The weight lambda, in [0, 1]; for a batch of n min(0.05 (n - 1), 0.5) by default.
    components : int, optional
        How many Gaussians c; as many as there are classes by default.

    References
    ----------
    Reitmaier and Sick (2013), Let us know your decision: pool-based active training of a
    generative classifier with the selection strategy 4DS, Information Sciences 230,
    equations 9 (near), 10 (dense), 11 (spread), 12 (apart) and 13 to 15 (weights).

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.1]]), np.array([0]), classes=("a", "b"))
    >>> line = np.array([[0.0], [0.2], [9.0], [9.1], [9.2]])
    >>> proba = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.1, 0.9]])
    >>> FourDs().select(Signals(proba=proba, vectors=line, labelled=known), 1, rng=0)
    array([2])
    """

    needs = frozenset({"proba", "vectors"})
    wants = frozenset({"labelled"})
    cost_class = "100 min(n, 10_000) (d + 20) k + 100 n k b"
    cold_start = KMeansSampling()

    def __init__(self, diversity: float | None = None, components: int | None = None) -> None:
        if diversity is not None and not 0 <= diversity <= 1:
            raise BadInput(f"diversity must lie in [0, 1], but it is {diversity!r}")
        self.diversity = diversity
        self.components = None if components is None else check_count(components, "components")

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.proba is not None and signals.vectors is not None
        keys, known = tie_keys_of(signals, rng), known_vectors(signals)
        # worked on in order of the keys, so that no sum depends on the order rows came in
        order = np.argsort(keys(np.arange(len(signals))), kind="stable")
        mixture = self._fitted(signals, known, keys, rng)
        density, share = mixture.judge(signals.vectors)
        criteria = Criteria(
            near=1.0 - stretched(log_odds(signals.proba)[order]),
            dense=stretched(density[order]),
            wrong=least_confidence(signals.proba)[order],
            share=share[order],
            told=share[:0] if known is None else mixture.judge(known)[1],
            weights=mixture.weights,
        )
        diversity = min(0.05 * (n - 1), 0.5) if self.diversity is None else self.diversity
        positions, won = criteria.greedy(n, diversity)
        return self.picks(order[positions], won, 1.0)

    def _fitted(self, signals: Signals, known: Floats | None, keys: Keys, rng: Rng) -> Mixture:
        assert signals.proba is not None and signals.vectors is not None
        rows = sampled(len(signals), keys, POINTS, "FourDs fits its Gaussians to")
        points = np.asarray(signals.vectors[rows], dtype=np.float64)
        counts = np.full(len(rows), len(signals) / len(rows))  # a sample stands for all
        if known is not None:
            points = np.concatenate([points, known])
            counts = np.concatenate([counts, np.ones(len(known))])
        return fit_mixture(points, self.components or signals.proba.shape[1], rng, counts)
