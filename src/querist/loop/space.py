"""The feature vectors of the pool, and what is known of them from round to round."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from querist import models
from querist.core.keys import Keys
from querist.core.protocols import Pool
from querist.core.types import Floats, Ints
from querist.selection.distinct import copy_radius
from querist.selection.nearest import Nearest


@dataclass(eq=False)
class Space:
    """Feature vectors of the pool, (n, d) float32: fitted on the first arrivals, then extended.

    Fitting on the first arrivals alone keeps every vector, and so every pick, the same
    whether items came before or after a restart.
    """

    pool: Pool
    first: int
    _copy_radius: float | None = None
    _geometry: models.Geometry | None = None
    _vectors: Floats | None = None
    _nearest: dict[int, Nearest] = field(default_factory=dict)

    def vectors(self) -> Floats:
        """Vectors of all rows the pool holds now."""
        if self._geometry is None:
            rows = np.arange(self.first)
            self._geometry = models.Geometry(self.pool.kind).fit(self.pool.items(rows))
        done = 0 if self._vectors is None else len(self._vectors)
        if done < len(self.pool):
            fresh = self._geometry.transform(self.pool.items(np.arange(done, len(self.pool))))
            self._vectors = (
                fresh if self._vectors is None else np.concatenate([self._vectors, fresh])
            )
        assert self._vectors is not None
        return self._vectors

    def nearest(self, rows: Ints, known: Ints, k: int) -> tuple[Floats, Ints]:
        """Distances (n, j) of `rows` to the j <= k nearest `known` rows, and their places (n, j).

        Kept between rounds: only rows that became known since are compared with the pool.
        """
        vectors = self.vectors()
        if k not in self._nearest:
            self._nearest[k] = Nearest(vectors, k, self.first)
        near, columns = self._nearest[k], min(k, len(known))
        near.follow(vectors, known)
        places = np.searchsorted(known, near.rows[rows, :columns])
        return near.distances[rows, :columns], places

    def copy_radius(self, keys: Keys) -> float:
        """Distance within which two items count as copies; settled by the first arrivals."""
        if self._copy_radius is None:
            first = keys[: self.first].astype(np.float64)
            self._copy_radius = copy_radius(self.vectors()[: self.first], first.__getitem__)
        return self._copy_radius
