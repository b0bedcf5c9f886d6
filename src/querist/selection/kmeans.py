"""Seeded, weighted k-means and the points that stand for its clusters."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from querist.core.progress import tick
from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import Cloud, Doubles
from querist.selection.d2 import Outer, d2_sample
from querist.selection.single import LEAST as SMALLEST
from querist.selection.single import fits as fits_single
from querist.selection.single import lefts, looseness, rights
from querist.selection.topk import Keys, drawn, top_k

STEPS = 10  # Lloyd steps: 8-20 change the picks little
PER_CENTRE = 64  # the centres are fitted on this many rows each, and at least LEAST in all
LEAST = 10_000
FEW = 64  # centres
ROUGHLY = 0.01  # of what is left may be rounding where trial rows are judged
_UP = 1.0 + 2.0**-22  # so that single precision does not round down
STARTS = 3  # the best of so many: one alone misses a cluster now and then
SURER = 10  # and of so many where the rows are to stand for their clusters


def representatives(
    vectors: Floats,
    n: int,
    keys: Keys,
    rng: np.random.Generator,
    weights: Floats | None = None,
    *,
    steps: int = STEPS,
) -> Positions:
    """Distinct rows standing for `n` k-means clusters: of each the one nearest to its centre.

    Heaviest cluster first. Clusters left empty, as among copies, are made up for by the
    rows farthest from their centre. Rows are worked on in the order of their keys, so the
    answer does not depend on the order they came in.

    Parameters
    ----------
    vectors : array (m, d)
    weights : array (m,), optional
        How much each row counts, not negative.

    Examples
    --------
    >>> points = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]])
    >>> rng = np.random.default_rng(0)
    >>> sorted(representatives(points, 2, lambda rows: rows / 6, rng).tolist())
    [1, 4]
    """
    if n >= vectors.shape[0]:
        return np.argsort(keys(np.arange(vectors.shape[0])), kind="stable")
    cloud = Cloud(vectors)
    heavy = np.ones(len(cloud)) if weights is None or not np.any(weights > 0) else weights
    rows = drawn(len(cloud), max(PER_CENTRE * n, LEAST), keys)
    points, mass = cloud.some(rows), np.asarray(heavy[rows], dtype=np.float64)
    starts = SURER if n <= FEW else 1  # many centres make up for each other
    tried = [_seeded(points, n, rng, mass) for _ in range(starts)]
    start, _ = min(tried, key=lambda one: one[1])  # who missed a cluster leaves much behind
    centres, _ = lloyd(points, mass, start, steps)
    which, far = cloud.nearest(centres)
    low = np.full(len(centres), np.inf)
    np.minimum.at(low, which, far)
    near = np.flatnonzero(far <= low[which] + 1e-12 * cloud.scale)
    near = near[np.lexsort((keys(near), which[near]))]
    clusters, first = np.unique(which[near], return_index=True)
    sizes = np.bincount(which, weights=heavy, minlength=len(centres))[clusters]
    chosen = near[first][np.argsort(-sizes, kind="stable")]
    if len(chosen) < n:
        far[chosen] = -1.0
        chosen = np.concatenate([chosen, top_k(far, n - len(chosen), keys)])
    return chosen


def assigned(
    vectors: Floats, n: int, keys: Keys, rng: np.random.Generator, *, steps: int = STEPS
) -> Ints:
    """Which of at most `n` k-means clusters each row belongs to, (m,).

    Seeded by plain k-means++, fitted on a sample of the rows of lowest key and worked on in
    their order, so that the clusters do not depend on the order rows came in.

    Examples
    --------
    >>> points = np.array([[0.0], [0.1], [9.0], [9.1]])
    >>> which = assigned(points, 2, lambda rows: rows / 4, np.random.default_rng(0))
    >>> bool(which[0] == which[1] != which[2] == which[3])
    True
    """
    cloud = Cloud(vectors)
    rows = drawn(len(cloud), max(PER_CENTRE * n, LEAST), keys)
    points, some = cloud.some(rows), min(n, len(rows))
    mass = np.ones(len(rows))
    features, fits = Outer([points]), []
    for _ in range(STARTS if n <= FEW else 1):  # many centres make up for each other
        first = int(rng.integers(len(rows)))
        start, _ = d2_sample(features, some, lambda at: at / len(rows), rng, first=first)
        fits.append(lloyd(points, mass, start, steps))
    centres, _ = min(fits, key=lambda fit: fit[1])
    return cloud.nearest(centres)[0]


def seeds(points: Doubles, n: int, rng: np.random.Generator, weights: Floats) -> Positions:
    """Rows to start k-means from: greedy k-means++.

    Each is drawn with probability weight x squared distance to those before it, a few times
    over, and the draw that leaves the least behind is kept; a single draw misses one of
    eight well-separated clusters in about every fourth run. Once all rows are copies of
    drawn ones, the first others follow.

    References
    ----------
    Arthur and Vassilvitskii (2007), k-means++: the advantages of careful seeding, SODA.

    Examples
    --------
    >>> points = np.array([[0.0], [0.0], [5.0]])
    >>> picks = seeds(points, 2, np.random.default_rng(0), np.ones(3))
    >>> sorted(points[picks].ravel().tolist())
    [0.0, 5.0]
    """
    return _seeded(points, n, rng, weights)[0]


def _seeded(
    points: Doubles, n: int, rng: np.random.Generator, weights: Floats
) -> tuple[Positions, float]:
    """Rows by greedy k-means++, and the weighted sum of squared distances they leave."""
    cloud = Cloud(points, origin=np.zeros(points.shape[1]))
    trials = 2 + int(np.log(n))
    picked = [int(_draw(weights, 1, rng)[0])]
    left = cloud.lowest(cloud.rows(np.array(picked)))
    rough = _Rough(cloud, weights) if fits_single(cloud) else None
    while len(picked) < n:
        heavy = weights * left
        total = float(heavy.sum())
        if not total > 0:
            rest = np.setdiff1d(np.arange(len(cloud)), picked)
            return np.array([*picked, *rest[: n - len(picked)]], dtype=np.int64), 0.0
        rows = _draw(heavy, trials, rng)
        if rough is not None and rough.tells(rows, total):
            best = rough.lower(left, rows)
        else:
            table = np.empty((len(cloud), trials))
            for part, _, distances in cloud.tables(cloud.rows(rows)):
                np.minimum(cloud.quiet(part, distances), left[part, None], out=table[part])
            best = int(np.argmin(weights @ table))
            left = np.ascontiguousarray(table[:, best])
        picked.append(int(rows[best]))
    return np.array(picked, dtype=np.int64), float(weights @ left)


class _Rough:
    """Judges trial rows in single precision, while what it rounds is little of what is left."""

    def __init__(self, cloud: Cloud, weights: Floats) -> None:
        self.cloud = cloud
        self.turned = np.ascontiguousarray(lefts(cloud.some(slice(None)), cloud.norms).T)
        self.weights = (weights / (np.max(weights) or 1.0)).astype(np.float32)
        self.mass, self.square = float(np.sum(weights)), float(weights @ cloud.norms)
        self.loose = looseness(cloud.vectors.shape[1])

    def tells(self, rows: Ints, total: float) -> bool:
        """Whether rounding is too small to mislead about distances of this total."""
        square = self.square + self.mass * float(self.cloud.norms[rows].max())
        return self.loose * square + SMALLEST * self.mass < ROUGHLY * total

    def lower(self, left: Doubles, rows: Ints) -> int:
        """Which row leaves least; lowers `left` (n,) in place to its squared distances."""
        points = self.cloud.rows(rows)
        with np.errstate(invalid="ignore"):  # some BLAS threads raise it for finite numbers too
            table = rights(points, self.cloud.norms[rows]) @ self.turned
        before = (left * _UP).astype(np.float32)
        np.minimum(table, before, out=table)
        best = int(np.argmin(table @ self.weights))
        near = np.flatnonzero(table[best] < before)
        gap = self.cloud.rows(near) - points[best]
        left[near] = np.minimum(left[near], np.einsum("ij,ij->i", gap, gap))
        return best


def _draw(weights: Floats, times: int, rng: np.random.Generator) -> Ints:
    mass = np.cumsum(weights, dtype=np.float64)
    # the last row of any weight, so that rounding never draws one of none
    last = int(np.searchsorted(mass, mass[-1]))
    found = np.searchsorted(mass, rng.random(times) * mass[-1], side="right")
    return np.asarray(np.minimum(found, last), dtype=np.int64)


def lloyd(points: Doubles, weights: Floats, start: Ints, steps: int) -> tuple[Doubles, float]:
    """Centres (k, d) after at most `steps` of Lloyd's algorithm, and the error they leave.

    Begins at the rows `start`. A centre whose cluster runs empty stays where it is. The
    error is the weighted sum of squared distances before the last move.

    Examples
    --------
    >>> points = np.array([[0.0], [2.0], [10.0]])
    >>> centres, error = lloyd(points, np.ones(3), np.array([0, 2]), 5)
    >>> centres.ravel(), error
    (array([ 1., 10.]), 2.0)
    """
    cloud = Cloud(points, origin=np.zeros(points.shape[1]))
    centres = cloud.rows(start).copy()
    before, error = np.empty(0, dtype=np.int64), np.inf
    for step in range(steps):
        tick("k-means steps", step, steps)
        which, far = cloud.nearest(centres)
        error = float(weights @ far)
        if np.array_equal(which, before):
            break
        before = which
        member = csr_matrix(
            (weights, (which, np.arange(len(cloud)))), shape=(len(centres), len(cloud))
        )
        mass = np.bincount(which, weights=weights, minlength=len(centres))
        full = mass > 0
        sums = member @ points
        sums = sums.toarray() if cloud.sparse else sums
        centres[full] = sums[full] / mass[full, None]
    return centres, error
