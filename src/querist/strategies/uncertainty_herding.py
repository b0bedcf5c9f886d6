"""Uncertainty herding: cover the uncertain part of the pool."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.signals import POINTS
from querist.core.types import Floats, Picks, Signals
from querist.selection.coverage import herd
from querist.selection.neighbours import squared_spacing
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.margin import Margin
from querist.strategies.max_herding import MaxHerding, sampled, scaled
from querist.strategies.ties import tie_keys_of


class UncertaintyHerding(Strategy):
    """Ask for what best covers the pool, each point counting as much as it is uncertain.

    Greedily maximises the mean over x of u(x) max_s exp(-|x - s|^2 / h^2) over labelled and
    picked s, with u = 1 - (p(1) - p(2)). The radius h is a low quantile of the distances
    from labelled items to their nearest other one: it shrinks as labels grow dense, from
    coverage to plain margin sampling. (The paper's is their minimum, which a single pair of
    near-copies collapses.) With nothing labelled it is `MaxHerding`. Of more than 10,000
    candidates a sample keyed by item stands for all points. Score: by how much a pick raised
    the mean.

    Cost: n r kernel values, r <= 10,000 points, a few times over; memory O((n + r) d).
    Best for: any number of labels; one method from the first batch to the last.
    Fails when: probabilities are far from calibrated, or vectors cannot tell classes apart.

    Parameters
    ----------
    radius : float, optional
        The radius h, where it should not follow the labels.
    quantile : float
        Which quantile of the distances it is otherwise, in [0, 1]; 0 is the paper's.
    unit : bool
        Scale vectors to length one first, as the paper does.

    References
    ----------
    Bae et al. (2025), Uncertainty herding: one active learning method for all label
    budgets, ICLR, definition 5 and algorithm 1.

    Examples
    --------
    >>> line = np.array([[0.0], [0.1], [0.2], [9.0]])
    >>> proba = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5], [0.6, 0.4]])
    >>> strategy = UncertaintyHerding(radius=1.0, unit=False)
    >>> strategy.select(Signals(proba=proba, vectors=line), 2, rng=0)
    array([1, 3])
    """

    needs = frozenset({"proba", "vectors"})
    wants = frozenset({"labelled"})
    cost_class = "n min(n, 10_000) (d + 20)"
    cold_start = MaxHerding()

    def __init__(
        self, radius: float | None = None, quantile: float = 0.05, unit: bool = True
    ) -> None:
        check_positive(or_none=True, radius=radius)
        if not 0 <= quantile <= 1:
            raise BadInput(f"quantile must lie in [0, 1], but it is {quantile!r}")
        self.radius = radius
        self.quantile = quantile
        self.unit = unit

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        keys = tie_keys_of(signals, rng)
        vectors, known, _ = scaled(signals, self.unit)
        cold = signals.labelled is not None and not len(signals.labelled)
        doubt = np.ones(len(vectors)) if cold else Margin().score(signals)
        rows = sampled(len(vectors), keys, POINTS, "UncertaintyHerding covers")
        points, weights = vectors, doubt
        if len(rows) < len(vectors):
            points, weights = vectors[rows], doubt[rows]
        radius = self.radius or _spacing(known, self.quantile) or 1.0
        found = herd(vectors, n, keys, radius, points=points, weights=weights, known=known)
        return self.picks(found.positions, found.gains / len(points), 1.0)


def _spacing(known: Floats | None, quantile: float) -> float:
    return 0.0 if known is None else float(np.sqrt(squared_spacing(known, quantile)))
