"""Average-linkage clusters of a table too large for its n^2 distances."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage

from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud
from querist.selection.neighbours import nearest_neighbours
from querist.selection.topk import Keys, drawn

LINKED = 2000  # rows linked: their distances, 16 MB, are the only table held


def linked(vectors: Floats, rows: Positions, size: int, keys: Keys) -> Ints:
    """Cluster of each of some `rows` of `vectors` (n, d), counted from 1, (p,).

    The 2,000 rows of lowest key are linked by the mean distance between clusters, and the
    tree is cut into as many clusters as give a mean size of `size` among them. Any other row
    belongs with the nearest linked one. Rows are linked in order of key, so the clusters do
    not depend on the order rows came in. O(2,000 (2,000 + p) d) time.

    References
    ----------
    Sokal and Michener (1958), A statistical method for evaluating systematic relationships.

    Examples
    --------
    >>> line = np.array([[0.0], [0.1], [5.0], [5.2]])
    >>> of = linked(line, np.arange(4), 2, lambda at: at / 4)
    >>> bool(of[0] == of[1] != of[2] == of[3])
    True
    """
    first = drawn(len(vectors), LINKED, keys)
    if len(first) == 1:
        return np.ones(len(rows), dtype=np.int64)
    points = Cloud(vectors).rows(first)
    tree = linkage(points, method="average")
    clusters = fcluster(tree, max(1, len(first) // size), criterion="maxclust")
    own = np.full(len(vectors), -1, dtype=np.int64)
    own[first] = clusters
    found = own[rows]
    others = found < 0
    if others.any():
        _, near = nearest_neighbours(vectors[rows[others]], vectors[first], 1)
        found[others] = clusters[near[:, 0]]
    return found
