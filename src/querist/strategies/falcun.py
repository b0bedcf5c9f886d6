"""Uncertain and different, in the space of probabilities."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Positions, Signals
from querist.selection.scores import Doubles, top_two_gap
from querist.strategies.base import Rng, Strategy
from querist.strategies.ties import tie_keys_of


class Falcun(Strategy):
    """Draw items that are uncertain and predicted unlike those already in the batch.

    Each draw has probability (u_i + d_i)^gamma up to scale: u is 1 - margin, d begins as u,
    falls to the L1 distance of the probabilities (n, k) to those of each pick, and is
    stretched to [0, 1] after every pick. Looks at no vectors. O(n k) time per pick, O(n k)
    memory. Best for: large batches, many features. Fails when: classes are two, so that
    probabilities lie on a line and differ in nothing but certainty.

    Parameters
    ----------
    gamma : float
        How strictly the highest are preferred: 0 draws uniformly.

    References
    ----------
    Gilhuber, Beer, Ma and Seidl (2024), FALCUN: a simple and efficient deep active learning
    strategy, ECML PKDD, equations 1 (uncertainty), 3 (distance), 5 and 6 (the draw).

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    >>> sorted(Falcun(gamma=50).select(Signals(proba=proba), 2, rng=0).tolist())
    [0, 1]
    """

    needs = frozenset({"proba"})
    cost_class = "40 n k b"

    def __init__(self, gamma: float = 10.0) -> None:
        if not (np.isfinite(gamma) and gamma >= 0):
            raise BadInput(f"gamma must be a finite number of at least 0, but it is {gamma!r}")
        self.gamma = gamma

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.proba is not None
        # worked on in the order of the keys, so that a draw falls on the item and not its row
        order = np.argsort(tie_keys_of(signals, rng)(np.arange(len(signals))), kind="stable")
        columns = np.ascontiguousarray(signals.proba[order].T, dtype=np.float64)
        unsure = np.maximum(1.0 - top_two_gap(signals.proba), 0.0)[order]
        apart = unsure.copy()
        distance, room = np.empty((2, len(order)))  # taken once: their pages are costly
        left = np.ones(len(order), dtype=bool)
        picked: list[int] = []
        wanted: list[float] = []
        while len(picked) < n:
            at, worth = _drawn(unsure + apart, left, self.gamma, rng)
            picked.append(at)
            wanted.append(worth)
            left[at] = False
            distance[:] = 0.0
            for column in columns:
                np.subtract(column, column[at], out=room)
                np.add(distance, np.abs(room, out=room), out=distance)
            np.minimum(apart, distance, out=apart)
            apart -= apart.min()
            apart /= apart.max() or 1.0
        positions: Positions = order[picked]
        return self.picks(positions, np.array(wanted))


def _drawn(relevance: Doubles, left: np.ndarray, gamma: float, rng: Rng) -> tuple[int, float]:
    """A row drawn by relevance^gamma among those left, uniformly when all of it is 0."""
    top = relevance[left].max()
    # relative to the highest: a power of small numbers would vanish
    mass = (relevance / top) ** gamma * left if top > 0 else left.astype(np.float64)
    total = np.cumsum(mass)
    at = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    at = min(at, int(np.searchsorted(total, total[-1])))
    return at, float(relevance[at])
