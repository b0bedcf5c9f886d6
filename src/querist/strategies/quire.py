"""Informative and representative at once, by the worst label a candidate could get."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from querist.core.errors import BadInput
from querist.core.types import Floats, Picks, Signals
from querist.selection.cloud import Cloud, Doubles, mean_of
from querist.strategies.base import Rng, Score
from querist.strategies.checks import check_positive
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import class_targets, known_vectors

MOST = 5000  # labelled items: their kernel, 200 MB, is the only table held


class QUIRE(Score):
    """Ask what keeps the loss lowest whatever its label, all other labels set at their best.

    The loss is y' (K + ridge I)^-1 y over labelled, candidate and all others (real numbers);
    K is a Gaussian kernel on vectors (n, d). The paper inverts tables of n x n. Own form,
    exact: with mean and variance (m_c, v) of a Gaussian process fitted to the m labels as
    +1 (class c) and -1, the loss is y_c' (K_ll + ridge I)^-1 y_c + (1 - m_c)^2 / (v + ridge);
    the highest over the classes counts. O(n m^2) time, O(m^2) memory and a block; more than
    5,000 labels are refused. One item at a time in the paper: a batch is the n best. Best
    for: two classes, small tables. Fails when: batches are large (near copies come together)
    or classes many: outliers win (balanced accuracy 0.54, random 0.64, on long-tailed digits).

    Parameters
    ----------
    ridge : float
        The paper's lambda.
    gamma : float, optional
        The kernel is exp(-gamma distance^2); 1 / (d x variance) by default.

    References
    ----------
    Huang, Jin and Zhou (2010), Active learning by querying informative and representative
    examples, NIPS.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[-1.0], [1.0]]), np.array([0, 1]))
    >>> signals = Signals(vectors=np.array([[-0.9], [0.0], [0.9]]), labelled=known)
    >>> QUIRE().select(signals, 1, rng=0)
    array([1])
    """

    needs = frozenset({"vectors", "labelled"})
    cost_class = "2 n m^2"
    of_classes = True
    cold_start = KMeansSampling()

    def __init__(self, ridge: float = 1.0, gamma: float | None = None) -> None:
        check_positive(ridge=ridge)
        check_positive(or_none=True, gamma=gamma)
        self.ridge, self.gamma = ridge, gamma

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        if known_vectors(signals) is None:
            return KMeansSampling().pick(signals, n, rng)
        return super()._pick(signals, n, rng)

    def score(self, signals: Signals) -> Floats:
        """Minus the loss, (n,); 0 while nothing is labelled."""
        assert signals.vectors is not None
        known, out = known_vectors(signals), np.zeros(len(signals))
        if known is None or signals.labelled is None:
            return out
        if len(known) > MOST:
            said = f"QUIRE takes at most {MOST} labelled items, but there are {len(known)}"
            raise BadInput(f"{said}; its time grows with their square: use another strategy")
        targets = class_targets(self.name, signals.labelled)
        classes = max(len(signals.labelled.classes), int(targets.max()) + 1)
        truth = np.where(targets[:, None] == np.arange(classes), 1.0, -1.0)
        cloud = Cloud(signals.vectors)
        centre = cloud.moved(mean_of(signals.vectors)[None])[0]
        variance = float(cloud.norms.mean() - centre @ centre)  # of a row, over all d columns
        gamma = self.gamma or 1.0 / (variance if variance > 1e-12 * cloud.scale else 1.0)
        points = cloud.moved(known)
        around = _kernel(points, points, gamma)
        root = cholesky(around + self.ridge * np.eye(len(points)), lower=True)
        white = solve_triangular(root, truth, lower=True)
        fixed = np.einsum("mk,mk->k", white, white)
        for part, block in cloud.blocks():
            near = solve_triangular(root, _kernel(points, block, gamma), lower=True)
            left = 1.0 + self.ridge - np.einsum("mn,mn->n", near, near)
            losses = fixed + (1.0 - near.T @ white) ** 2 / left[:, None]
            out[part] = -losses.max(axis=1)
        # rounded, so that copies score the same wherever they stand in a block
        return np.round(out, 9)


def _kernel(points: Doubles, others: Doubles, gamma: float) -> Doubles:
    squares = np.einsum("ij,ij->i", points, points)[:, None] - 2.0 * (points @ others.T)
    squares += np.einsum("ij,ij->i", others, others)
    return np.asarray(np.exp(-gamma * np.maximum(squares, 0.0)))
