"""GSx: greedy sampling on the inputs."""

from __future__ import annotations

from querist.strategies.kcenter import KCenter


class GSx(KCenter):
    """Ask for the item farthest from all labelled and picked ones; no model is looked at.

    d_n = min over labelled m of ||x_n - x_m||, largest first; with nothing labelled the item
    nearest to the centroid starts. The same algorithm as `KCenter`, under the name it has
    for regression.

    Best for: the first labels of a regression. Fails when: outliers fill the space, and
    wherever the target varies only in a small part of it.
    Cost: O((m + b) n d) time, O(n) memory, for m labels and b picks of n items.

    References
    ----------
    Wu, Lin and Huang (2019), Active learning for regression using greedy sampling,
    Information Sciences 474.

    Examples
    --------
    >>> import numpy as np
    >>> from querist.core.types import Signals
    >>> line = np.array([[0.0], [4.0], [5.0], [11.0]])
    >>> GSx().select(Signals(vectors=line), 2, rng=0)
    array([2, 3])
    """

    cost_class = "n d (m + b)"
