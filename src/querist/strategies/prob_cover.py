"""ProbCover: cover as much of the pool as possible with pure balls."""

from __future__ import annotations

from querist.core.errors import BadInput
from querist.core.types import Floats, Picks, Signals
from querist.selection.balls import cover_by_balls, purity_radius
from querist.selection.kmeans import assigned
from querist.selection.topk import Keys
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_positive
from querist.strategies.max_herding import sampled, scaled
from querist.strategies.ties import tie_keys_of

ASKED = 1000  # rows whose balls are looked at for the radius
CLASSES = 10  # clusters for it where the number of classes is unknown


class ProbCover(Strategy):
    """Ask for the item with most uncovered ones within `radius`, again and again.

    An item is covered once a labelled or picked one lies within `radius` (the boundary
    included). Without a radius it is the largest at which a share `purity` of balls holds
    items of one k-means cluster only, with as many clusters as there are classes; the
    k-means is fitted on 10,000 rows, or 64 a class where that is more. Score: how many items
    a pick newly covered.

    Cost: an item is compared with the pool a few times at most, O(n^2 d) time; memory O(n d).
    Best for: the first batches, on embeddings that separate the classes.
    Fails when: the radius is off, to which it is very sensitive, or all is covered.

    Parameters
    ----------
    radius : float, optional
        Size of a ball (delta in the paper).
    purity : float
        Share of pure balls, between 0 and 1 (alpha in the paper), where no radius is given.
    unit : bool
        Scale vectors to length one first, as the paper does.

    References
    ----------
    Yehuda et al. (2022), Active learning through a covering lens, NeurIPS.

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([[0.0], [1.0], [2.0], [9.0]])
    >>> ProbCover(1.0, unit=False).select(Signals(vectors=line), 2, rng=0)
    array([1, 3])
    """

    needs = frozenset({"vectors"})
    wants = frozenset({"labelled"})
    cost_class = "n^2 (d + 20)"

    def __init__(
        self, radius: float | None = None, purity: float = 0.95, unit: bool = True
    ) -> None:
        check_positive(or_none=True, radius=radius)
        if not 0 < purity < 1:
            raise BadInput(f"purity must lie between 0 and 1, but it is {purity!r}")
        self.radius = radius
        self.purity = purity
        self.unit = unit

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        keys = tie_keys_of(signals, rng)
        vectors, known, _ = scaled(signals, self.unit)
        classes = () if signals.labelled is None else signals.labelled.classes
        radius = self.radius or self._estimated(vectors, len(classes) or CLASSES, keys, rng)
        positions, won, _ = cover_by_balls(vectors, n, keys, radius, known)
        return self.picks(positions, won, 1.0)

    def _estimated(self, vectors: Floats, classes: int, keys: Keys, rng: Rng) -> float:
        groups = assigned(vectors, classes, keys, rng)
        some = sampled(len(vectors), keys, ASKED, "ProbCover fits its radius to")
        return purity_radius(vectors, groups, some, self.purity)
