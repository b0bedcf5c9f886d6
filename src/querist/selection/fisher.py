"""Fisher information of a softmax layer, in all directions or in the heaviest ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, helmert

from querist.core.types import Floats
from querist.selection.cloud import Doubles

ORDER = 2048  # largest order of the information matrix that is held whole
DIRECTIONS = 20  # most directions of the classes: each candidate holds tables of their square
_ROWS = 1024


@dataclass(frozen=True)
class Frame:
    """Directions in which the information is held, and which share of it they keep.

    Attributes
    ----------
    classes : array (k, r)
        Orthonormal directions of the class probabilities.
    features : array (d + 1, e) or None
        Orthonormal directions of the vectors behind which a 1 stands; None for all of them.
    kept : float
        Share of tr F that is left, 1 where nothing was reduced.
    """

    classes: Doubles
    features: Doubles | None = None
    kept: float = 1.0

    def points(self, vectors: Floats) -> Doubles:
        """Vectors (n, d) with a 1 behind them, in the directions of the frame, (n, e)."""
        wide = np.ones((len(vectors), vectors.shape[1] + 1))
        wide[:, :-1] = vectors
        return wide if self.features is None else wide @ self.features

    def spreads(self, proba: Floats) -> Doubles:
        """diag(p) - p p' of probabilities (n, k), in the directions of the frame, (n, r, r)."""
        said, r = np.asarray(proba, dtype=np.float64), self.classes.shape[1]
        pairs = (self.classes[:, :, None] * self.classes[:, None, :]).reshape(-1, r * r)
        mean = said @ self.classes
        return np.asarray((said @ pairs).reshape(-1, r, r) - mean[:, :, None] * mean[:, None, :])


def frame_of(proba: Floats, vectors: Floats, order: int = ORDER) -> Frame:
    """The frame of a pool: whole where (k - 1)(d + 1) <= `order`, else the heaviest directions.

    The probabilities of an item sum to one, so k - 1 directions are all there are. Where
    that is too much, the eigenvectors of the sums of |h|^2 (diag p - p p') over the classes
    and of (1 - p'p) h h' over the vectors are cut where the least of the trace is lost.

    Examples
    --------
    >>> proba, vectors = np.full((4, 3), 1 / 3), np.eye(4)
    >>> frame_of(proba, vectors).classes.shape, frame_of(proba, vectors).kept
    ((3, 2), 1.0)
    >>> frame_of(proba, vectors, order=4).kept < 1
    True
    """
    k, wide = proba.shape[1], vectors.shape[1] + 1
    plain = Frame(np.ascontiguousarray(helmert(k).T) if k > 1 else np.zeros((1, 1)))
    if k - 1 <= DIRECTIONS and plain.classes.shape[1] * wide <= order:
        return plain
    among, along = np.zeros((k, k)), np.zeros((wide, wide))
    for start in range(0, len(proba), _ROWS):
        said = np.asarray(proba[start : start + _ROWS], dtype=np.float64)
        points = plain.points(vectors[start : start + _ROWS])
        square = np.einsum("ne,ne->n", points, points)
        among += np.diag(square @ said) - (said * square[:, None]).T @ said
        doubt = 1.0 - np.einsum("nk,nk->n", said, said)
        along += (points * doubt[:, None]).T @ points
    (of_classes, classes), (of_features, features) = eigh(among), eigh(along)
    total = max(float(np.trace(along)), 1e-300)
    lost_classes, lost_features = (np.cumsum(of) / total for of in (of_classes, of_features))

    def lost(r: int) -> float:
        e = min(wide, order // r)
        return float(lost_classes[k - r - 1] + (lost_features[wide - e - 1] if e < wide else 0.0))

    r = min(range(1, min(k - 1, DIRECTIONS, order) + 1), key=lost)
    e = min(wide, order // r)
    cut = Frame(classes[:, k - r :], None if e == wide else features[:, wide - e :])
    kept = 0.0
    for start in range(0, len(proba), _ROWS):
        points = cut.points(vectors[start : start + _ROWS])
        spreads = cut.spreads(proba[start : start + _ROWS])
        kept += float(np.einsum("ne,ne->n", points, points) @ np.einsum("nrr->n", spreads))
    return Frame(cut.classes, cut.features, min(1.0, kept / total))


def information(proba: Floats, vectors: Floats, frame: Frame) -> Doubles:
    """Sum of (diag p - p p') (x) h h' over the rows, (q, q) with q = r e.

    Examples
    --------
    >>> frame = frame_of(np.array([[0.5, 0.5]]), np.array([[2.0]]))
    >>> information(np.array([[0.5, 0.5]]), np.array([[2.0]]), frame).round(6)
    array([[2. , 1. ],
           [1. , 0.5]])
    """
    r = frame.classes.shape[1]
    e = frame.points(vectors[:0]).shape[1]
    total = np.zeros((r, e, r, e))
    for start in range(0, len(proba), _ROWS):
        points = frame.points(vectors[start : start + _ROWS])
        spreads = frame.spreads(proba[start : start + _ROWS])
        for a in range(r):
            heavy = spreads[:, a, a:, None] * points[:, None, :]
            found = points.T @ heavy.reshape(len(points), -1)
            total[a, :, a:] += found.reshape(e, r - a, e)
    for a in range(r):
        total[a + 1 :, :, a] = total[a, :, a + 1 :].transpose(1, 2, 0)
    return total.reshape(r * e, r * e)
