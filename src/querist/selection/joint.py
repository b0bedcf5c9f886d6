"""Batches whose labels together tell most about a model's parameters (BatchBALD's greedy)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.progress import tick
from querist.core.types import Floats, Ints, Positions
from querist.selection.cloud import first_of_best
from querist.selection.scores import Doubles, entropy_of
from querist.selection.topk import Keys

FEW = 64  # stale rows looked at again at a time
_OUTCOMES = 128  # of a block
_NUMBERS = 1 << 17  # of a block: 512 KiB in single precision
_LEAST = 1e-30  # of a probability
_ROUNDING = 1e-5  # of a gain in single precision, and to spare
_MANY = 256  # drawn outcomes from which their variance says how far they may be off
_SURE = 5.0  # standard errors a gain over freshly drawn outcomes may rise: 3 in 10 million do


class _Outcomes:
    """Outcomes of the labels picked so far: the parameters' posterior given each, and its weight.

    All are counted while there are at most `most`; beyond, as many are drawn.
    """

    def __init__(self, samples: int, most: int, rng: np.random.Generator) -> None:
        self.most, self.rng = most, rng
        self.posterior = np.full((1, samples), 1.0 / samples)
        self.weights = np.ones(1)
        self.drawn = 0  # how often
        self.single = self.posterior.astype(np.float32)

    def extend(self, row: Floats) -> None:
        """Split every outcome by the label of one more row, of probabilities (s, k)."""
        wide = np.asarray(row, dtype=np.float64)
        mass = (self.weights[:, None] * (self.posterior @ wide)).ravel()
        at = np.flatnonzero(mass > 0)
        if len(at) > self.most:
            # each within a stratum of its own, so that of equally likely outcomes none is lost
            places = (np.arange(self.most) + self.rng.random(self.most)) / self.most
            total = np.cumsum(mass[at])
            found = np.searchsorted(total, places * total[-1], side="right")
            at = at[np.minimum(found, len(at) - 1)]
            self.weights = np.full(self.most, 1.0 / self.most)
            self.drawn += 1
        else:
            self.weights = mass[at] / mass[at].sum()
        before, label = np.divmod(at, wide.shape[1])
        joint = self.posterior[before]
        joint *= wide.T[label]
        self.posterior = joint / joint.sum(axis=1, keepdims=True)
        self.single = self.posterior.astype(np.float32)

    def gains(self, draws: Floats, rows: Ints, posterior: Floats) -> tuple[Doubles, Doubles]:
        """Information between the label of each of the `rows` and w given the outcomes, (m,).

        In the precision of the `posterior` (one of the two kept here); and its variance
        among the outcomes, (m,).
        """
        s, k = draws.shape[1:]
        height = min(len(posterior), _OUTCOMES)
        width = max(1, _NUMBERS // max((k + 1) * height, s * k))
        mean, square = np.zeros(len(rows)), np.zeros(len(rows))
        for start in range(0, len(rows), width):
            some = slice(start, start + width)
            right = _probabilities_and_entropies(draws[rows[some]], posterior.dtype)
            for low in range(0, len(posterior), height):
                part = slice(low, low + height)
                table = (posterior[part] @ right).reshape(-1, k + 1, right.shape[1] // (k + 1))
                proba = table[:, :k]
                told = -np.einsum("ikm,ikm->im", proba, np.log(proba)) - table[:, k]
                weights = self.weights[part].astype(posterior.dtype)
                mean[some] += weights @ told
                square[some] += weights @ (told * told)
        return mean, np.maximum(square - mean**2, 0.0)


def _probabilities_and_entropies(draws: Floats, dtype: np.dtype[Any]) -> Floats:
    """Of some rows (m, s, k), class by class and then the entropies, (s, (k + 1) m)."""
    m, s, k = draws.shape
    part = np.asarray(draws, dtype=np.float64)
    out = np.empty((s, k + 1, m), dtype=dtype)
    # a floor, not a zero: logarithms stay finite, and it counts for nothing
    out[:, :k] = np.maximum(part.transpose(1, 2, 0), _LEAST)
    out[:, k] = entropy_of(part).T
    return out.reshape(s, (k + 1) * m)


def jointly_informative(
    draws: Floats,
    n: int,
    keys: Keys,
    rng: np.random.Generator,
    configurations: int,
    *,
    few: int = FEW,
) -> tuple[Positions, Doubles]:
    """Greedily take `n` rows of `draws` (n, s, k) that raise I(y_1..y_n; w) most; and by how much.

    The gain of row i is I(y_i; w | y_1..y_t), the mean over outcomes y of the picked labels.
    All outcomes are counted while there are at most `configurations`; then as many are
    drawn, each from one counted or drawn before it. Equal gains go by lowest key.

    Gains only shrink, as labels are independent given w, so a stale one bounds the true one
    from above and few are computed again (Minoux's lazy greedy). Freshly drawn outcomes may
    raise an estimate by its sampling error: a stale gain bounds it with `_SURE` standard
    errors added; where outcomes are too few to tell, all gains are computed. That is done in
    single precision; rows within its rounding of the best are compared in double precision.

    Parameters
    ----------
    few : int
        How many of the highest stale gains are computed at a time; all rows: plain greedy.

    References
    ----------
    Minoux (1978), Accelerated greedy algorithms for maximizing submodular set functions.

    Examples
    --------
    >>> half = [[1.0, 0.0], [0.0, 1.0]]
    >>> other = [[0.9, 0.1], [0.1, 0.9]]
    >>> jointly_informative(
    ...     np.array([other, half]), 1, np.negative, np.random.default_rng(0), 100)[0]
    array([1])
    """
    outcomes = _Outcomes(draws.shape[1], configurations, rng)
    gains, spread = np.full(len(draws), np.inf), np.zeros(len(draws))
    since = np.zeros(len(draws), dtype=np.int64)  # redrawings its gain has seen
    picked: list[int] = []
    won: list[float] = []
    while len(picked) < n:
        error = spread * (outcomes.drawn - since) / configurations
        upper = gains + _SURE * np.sqrt(error)
        if configurations < _MANY:
            upper[since < outcomes.drawn] = np.inf
        upper[picked] = -np.inf
        fresh = _leaders(outcomes, draws, upper, gains, spread, few)
        since[fresh] = outcomes.drawn
        left = fresh[gains[fresh] >= gains[fresh].max() - 2 * _ROUNDING]
        exact, _ = outcomes.gains(draws, left, outcomes.posterior)
        best = first_of_best(exact, lambda at, left=left: keys(left[at]), 1e-9)  # type: ignore[misc]
        picked.append(int(left[best]))
        won.append(max(0.0, float(exact[best])))
        if len(picked) < n:
            outcomes.extend(draws[picked[-1]])
        tick("BatchBALD", len(picked), n)
    return np.array(picked, dtype=np.int64), np.array(won)


def _leaders(
    outcomes: _Outcomes, draws: Floats, upper: Doubles, gains: Doubles, spread: Doubles, few: int
) -> Ints:
    """Rows whose gains are brought up to date, among them all that may be the best."""
    order = np.argsort(-upper, kind="stable")
    order = order[upper[order] > -np.inf]
    floor, done = -np.inf, 0
    fresh: list[NDArray[np.int64]] = []
    while done < len(order) and upper[order[done]] >= floor - 4 * _ROUNDING:
        rows = order[done : done + few]
        gains[rows], spread[rows] = outcomes.gains(draws, rows, outcomes.single)
        floor = max(floor, float(gains[rows].max()))
        fresh.append(rows)
        done += len(rows)
    return np.concatenate(fresh)
