"""MaxHerding: generalised coverage."""

from __future__ import annotations

from querist.core.remarks import remark_sample
from querist.core.signals import POINTS
from querist.core.types import Floats, Picks, Positions, Signals
from querist.selection.cloud import unit_rows
from querist.selection.coverage import herd
from querist.selection.topk import Keys, drawn
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class MaxHerding(Strategy):
    """Ask for what best covers the pool, each item next to its most similar labelled one.

    Greedily maximises the mean over x of max_s exp(-|x - s|^2 / radius^2) over labelled and
    picked s; the picks are those of plain greedy. x runs over the `reference` where one is
    given, else over the pool; of more than 10,000 points a sample keyed by item stands for
    all. Score: by how much a pick raised the mean.

    Cost: n r kernel values for r points, a few times over; memory O((n + r) d).
    Best for: the first batches, few labels a class.
    Fails when: the radius does not fit the scale of the vectors, or labels are many: then
    ask what is uncertain.

    Parameters
    ----------
    radius : float
        Distance over which an item stands for others.
    unit : bool
        Scale vectors to length one first, as the paper does; the radius 1 is meant for that.

    References
    ----------
    Bae et al. (2024), Generalized coverage for more robust low-budget active learning,
    ECCV.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[0.0], [0.5], [1.0], [9.0]])
    >>> MaxHerding(unit=False).select(Signals(vectors=line), 2, rng=0)
    array([1, 3])
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled", "reference"})
    cost_class = "n r (d + 20)"

    def __init__(self, radius: float = 1.0, unit: bool = True) -> None:
        check_positive(radius=radius)
        self.radius = radius
        self.unit = unit

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys = tie_keys_of(signals, rng)
        vectors, known, points = scaled(signals, self.unit)
        if points is None:
            some = sampled(len(vectors), keys, POINTS, "MaxHerding covers")
            points = vectors if len(some) == len(vectors) else vectors[some]
        found = herd(vectors, n, keys, self.radius, points=points, known=known)
        return self.picks(found.positions, found.gains / len(points), 1.0)


def scaled(signals: Signals, unit: bool) -> tuple[Floats, Floats | None, Floats | None]:
    """Vectors of the candidates, the labelled and the reference, of length one if `unit`."""
    assert signals.vectors is not None
    tables = (signals.vectors, known_vectors(signals), signals.reference)
    one, two, three = (unit_rows(t) if unit and t is not None else t for t in tables)
    assert one is not None
    return one, two, three


def sampled(n: int, keys: Keys, most: int, what: str) -> Positions:
    """Rows of lowest key, at most so many of `n`, in order of key; remarks `what` a part does."""
    remark_sample(what, most, n)
    return drawn(n, most, keys)
