"""Batches whose labels together tell most about a model's parameters (BatchBALD's greedy)."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Positions
from querist.selection.cloud import first_of_best
from querist.selection.information import mean_entropy
from querist.selection.scores import Doubles, entropy_of
from querist.selection.topk import Keys

_NUMBERS = 1 << 18  # of a block: 2 MiB of doubles


def jointly_informative(
    draws: Floats, n: int, keys: Keys, rng: np.random.Generator, configurations: int
) -> tuple[Positions, Doubles]:
    """Greedily take `n` rows of `draws` (n, s, k) that raise I(y_1..y_n; w) most; and by how much.

    The gain of row i is the mean over configurations y of the picked labels of
    H(y_i | y), less the mean entropy of row i. All configurations are counted while there
    are at most `configurations`; then as many are drawn. Equal gains go by lowest key.

    Examples
    --------
    >>> half = [[1.0, 0.0], [0.0, 1.0]]
    >>> other = [[0.9, 0.1], [0.1, 0.9]]
    >>> jointly_informative(
    ...     np.array([other, half]), 1, np.negative, np.random.default_rng(0), 100)[0]
    array([1])
    """
    samples = draws.shape[1]
    alone = mean_entropy(draws)
    posterior, weights = np.full((1, samples), 1.0 / samples), np.ones(1)
    taken = np.zeros(len(draws), dtype=bool)
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        gains = _conditional(draws, posterior, weights) - alone
        gains[taken] = -np.inf
        best = first_of_best(gains, keys, 1e-9)
        picked.append(best)
        won.append(max(0.0, float(gains[best])))
        taken[best] = True
        posterior, weights = _extend(posterior, weights, draws[best], rng, configurations)
    return np.array(picked, dtype=np.int64), np.array(won)


def _conditional(draws: Floats, posterior: Doubles, weights: Doubles) -> Doubles:
    count, s, k = draws.shape
    chunk = max(1, _NUMBERS // (k * min(len(posterior), 256)))
    found = np.zeros(count)
    for start in range(0, count, chunk):
        part = np.asarray(draws[start : start + chunk], dtype=np.float64)
        right = np.ascontiguousarray(part.transpose(1, 0, 2)).reshape(s, len(part) * k)
        for low in range(0, len(posterior), 256):
            table = (posterior[low : low + 256] @ right).reshape(-1, len(part), k)
            found[start : start + chunk] += weights[low : low + 256] @ entropy_of(table)
    return found


def _extend(
    posterior: Doubles, weights: Doubles, row: Floats, rng: np.random.Generator, most: int
) -> tuple[Doubles, Doubles]:
    joint = posterior[:, None, :] * np.asarray(row, dtype=np.float64).T * weights[:, None, None]
    joint = joint.reshape(-1, posterior.shape[1])
    mass = joint.sum(axis=1)
    joint, mass = joint[mass > 0], mass[mass > 0]
    mass_sum = float(mass.sum())
    if len(joint) > most:  # evenly spaced draws, each in proportion to its probability
        at = np.searchsorted(np.cumsum(mass), (np.arange(most) + rng.random()) / most * mass_sum)
        at = np.minimum(at, len(mass) - 1)
        return joint[at] / mass[at][:, None], np.full(most, 1.0 / most)
    return joint / mass[:, None], mass / mass_sum
