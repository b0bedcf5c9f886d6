"""iGS: improved greedy sampling, on inputs and outputs."""

from __future__ import annotations

from querist.core.types import Picks, Signals
from querist.selection.products import widest_product
from querist.strategies.base import Rng, Strategy
from querist.strategies.gsx import GSx
from querist.strategies.gsy import known_numbers, mean_prediction
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class iGS(Strategy):
    """Ask for the item farthest from the labelled ones in input and output at once.

    d_n = min over labelled m of ||x_n - x_m|| |f(x_n) - y_m|, largest first. In a batch a
    picked item counts as labelled with its own prediction. Without labelled vectors it
    starts at the item nearest to the centroid.

    Best for: small regressions, where it is hard to beat. Fails when: many items share one
    output, for then only their distance to a few others counts; and on outliers.
    Cost: O((m + b) n d) time, O(n) memory.

    References
    ----------
    Wu, Lin and Huang (2019), Active learning for regression using greedy sampling,
    Information Sciences 474.

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.0]]), np.array([0.0]))
    >>> line, said = np.array([[1.0], [4.0], [5.0]]), np.array([[9.0], [5.0], [1.0]])
    >>> iGS().select(Signals(vectors=line, predicted=said, labelled=known), 1, rng=0)
    array([1])
    """

    needs = frozenset({"predicted", "vectors"})
    wants = frozenset({"labelled"})
    cold_start = GSx()
    cost_class = "2 n (d + 20) (m + b)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.vectors is not None
        keys, said = tie_keys_of(signals, rng), mean_prediction(signals)
        near = known_vectors(signals)
        known = None if near is None else (near, known_numbers(self.name, signals))
        positions, wide = widest_product(signals.vectors, said, n, keys, known)
        return self.picks(positions, wide, 1.0)
