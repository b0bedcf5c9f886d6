"""A Parzen window classifier and what one more label would do to its risk, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud
from querist.selection.scores import Doubles

# Summed risk (k, p) of r points when each of p candidates gets each of the k labels, from
# the points' frequencies (r, k) and kernel values to the candidates (r, p).
Risk = Callable[[Doubles, Doubles], Doubles]


@dataclass(frozen=True)
class Parzen:
    """Class frequencies: a prior plus the kernel exp(-gamma |x - x_i|^2) to each labelled x_i.

    Labelling one more item adds one kernel to one class, so no refit is needed: the
    frequencies of every point change by a number that is known.

    Parameters
    ----------
    known : array (m, d)
        Vectors of the labelled items.
    targets : array (m,)
        Their classes, 0..k-1.
    k : int
        How many classes there are.
    gamma : float
        Inverse squared width of the kernel.
    prior : float
        Frequency of every class before any label, positive.

    Examples
    --------
    >>> model = Parzen(np.array([[0.0]]), np.array([1]), 2, gamma=1.0, prior=0.5)
    >>> model.frequencies(np.array([[0.0], [9.0]])).round(3)
    array([[0.5, 1.5],
           [0.5, 0.5]])
    """

    known: Floats
    targets: Ints
    k: int
    gamma: float
    prior: float

    def kernel(self, squares: Doubles) -> Doubles:
        """Kernel values of squared distances."""
        return np.asarray(np.exp(-self.gamma * np.maximum(squares, 0.0)))

    def frequencies(self, points: Floats) -> Doubles:
        """Frequency of each class at each point (r, d); (r, k)."""
        found = np.full((len(points), self.k), self.prior)
        if len(self.known):
            one_hot = np.eye(self.k)[self.targets]
            cloud = Cloud(points)
            for part, start, table in cloud.tables(cloud.moved(self.known)):
                found[part] += self.kernel(table) @ one_hot[start : start + table.shape[1]]
        return found

    def proba(self, points: Floats) -> Doubles:
        """Frequencies scaled to sum to one, (r, k)."""
        found = self.frequencies(points)
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def risks(self, points: Floats, candidates: Floats, risk: Risk) -> Doubles:
        """Summed risk of the points once each candidate (n, d) got each label; (k, n)."""
        frequencies = self.frequencies(points)
        found = np.zeros((self.k, len(candidates)))
        for some, part, kernel in self._kernels(points, candidates):
            found[:, part] += risk(frequencies[some], kernel)
        return found

    def known_costs(self, costs: Doubles, candidates: Floats) -> Doubles:
        """Summed cost of decisions drawn from p at the labelled items, as `risks`; (k, n).

        `costs` (m, k) are those of each decision at each labelled item.
        """
        frequencies = self.frequencies(self.known)
        fixed, totals = np.einsum("ij,ij->i", frequencies, costs), frequencies.sum(axis=1)[:, None]
        found = np.zeros((self.k, len(candidates)))
        for some, part, kernel in self._kernels(self.known, candidates):
            inverse = 1.0 / (totals[some] + kernel)
            found[:, part] += fixed[some] @ inverse + costs[some].T @ (kernel * inverse)
        return found

    def _kernels(
        self, points: Floats, candidates: Floats
    ) -> Iterator[tuple[slice, slice, Doubles]]:
        """Blocks of the kernel of points and candidates: which of each, and values (r, p)."""
        cloud = Cloud(candidates)
        for part, start, table in cloud.tables(cloud.moved(points)):
            yield slice(start, start + table.shape[1]), part, self.kernel(table).T


def log_risk(frequencies: Doubles, kernel: Doubles) -> Doubles:
    """Expected log loss, which is the entropy of the frequencies; a `Risk`."""
    terms = frequencies * np.log(frequencies)
    total = frequencies.sum(axis=1)[:, None] + kernel
    logs, inverse = np.log(total).sum(axis=0), 1.0 / total
    risks = np.empty((frequencies.shape[1], kernel.shape[1]))
    for c in range(len(risks)):
        own = frequencies[:, c, None] + kernel
        own *= np.log(own)
        own += (terms.sum(axis=1) - terms[:, c])[:, None]
        risks[c] = logs - np.einsum("ij,ij->j", own, inverse)
    return risks


def zero_one_risk(frequencies: Doubles, kernel: Doubles) -> Doubles:
    """Expected share of wrong decisions, 1 - max p; a `Risk`."""
    inverse = 1.0 / (frequencies.sum(axis=1)[:, None] + kernel)
    top = frequencies.max(axis=1)[:, None]
    risks = np.empty((frequencies.shape[1], kernel.shape[1]))
    for c in range(len(risks)):
        best = np.maximum(top, frequencies[:, c, None] + kernel)
        risks[c] = len(kernel) - np.einsum("ij,ij->j", best, inverse)
    return risks


def costs_of(frequencies: Doubles, matrix: Doubles) -> Doubles:
    """P' A p for each row p, (n,): what deciding at random by it is expected to cost."""
    return np.asarray(np.einsum("ij,ij->i", frequencies @ matrix, frequencies))


def cost_risk(matrix: Doubles) -> Risk:
    """Expected cost p' A p of decisions drawn from p, A[true, decided]; makes a `Risk`."""

    def risk(frequencies: Doubles, kernel: Doubles) -> Doubles:
        inverse = 1.0 / (frequencies.sum(axis=1)[:, None] + kernel)
        mixed = frequencies @ (matrix + matrix.T)
        fixed = costs_of(frequencies, matrix)
        share = kernel * inverse  # of the new label in all frequencies of a point
        twice = np.einsum("ij,ij->j", share, share)
        share *= inverse
        inverse *= inverse
        return np.asarray(mixed.T @ share + fixed @ inverse + np.diag(matrix)[:, None] * twice)

    return risk


def scale_gamma(vectors: Floats) -> float:
    """One over the total variance of the rows (n, d): for standardised columns 1 / d.

    Examples
    --------
    >>> scale_gamma(np.array([[0.0, 0.0], [2.0, 2.0]]))
    0.5
    """
    spread = float(np.mean(Cloud(vectors, vectors.mean(axis=0, dtype=np.float64)).norms))
    return 1.0 / spread if spread > 0 else 1.0
