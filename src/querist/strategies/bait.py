"""BAIT: the batch after which a softmax layer is known best where the pool needs it."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Picks, Signals
from querist.selection.design import CANDIDATES, lowest_trace
from querist.selection.fisher import ORDER, Frame, frame_of
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count, check_known_proba, check_positive
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of


class BAIT(Strategy):
    """Ask the batch that most lowers tr(M^-1 F), the error a softmax layer is expected to make.

    F is the Fisher information of the last layer, the mean of (diag p - p p') (x) h h' over
    pool and labelled items, of proba (n, k) and vectors (n, d) with a 1 behind them; M adds
    up the batch's and the labelled ones' (`labelled.proba`, which a campaign gives). 2 n
    items are added greedily, then n are taken away again. Score: what an item took off.

    Own form, exact: tables of k - 1 by k - 1 an item, O(n k^2 (d + k)) time a pick, memory
    O(n (d + k^2)) and (k d)^2. Reduced beyond these, which `kept` tells: where
    (k - 1)(d + 1) > `order`, or with 22 classes or more, F is cut to its heaviest directions;
    of more than `candidates` items those of largest first gain are compared, F is of all (of
    a fifth: a trace 3 to 6 % higher on digits, where one drawn at random is 1.8 times it).
    Best for: batches, a linear model on good embeddings. Fails when: probabilities are far
    off, or `ridge` is large beside squared vector lengths: picks then ignore each other.

    Parameters
    ----------
    ridge : float
        What M begins with (lambda; the authors take 1 or 0.01, by data set), in units of
        squared vector length. With a campaign's vectors, of length about 1, 0.01 did best.
    order : int
        Largest order of the matrices held; 2048 is 34 MB each.
    candidates : int
        How many items the greedy compares, or 2 n where that is more.

    References
    ----------
    Ash, Goel, Krishnamurthy and Kakade (2021), Gone fishing: neural active learning with
    Fisher embeddings, NeurIPS.

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])
    >>> vectors = np.array([[1.0], [3.0], [9.0]])
    >>> BAIT().select(Signals(proba=proba, vectors=vectors), 1, rng=0)
    array([1])
    """

    needs = frozenset({"proba", "vectors"})
    wants = frozenset({"labelled", "labelled_proba"})
    cold_start = KMeansSampling()

    def __init__(
        self, ridge: float = 0.01, order: int = ORDER, candidates: int = CANDIDATES
    ) -> None:
        check_positive(ridge=ridge)
        self.ridge, self.order = ridge, check_count(order, "order")
        self.candidates = check_count(candidates, "candidates")
        whole, some = f"n min(k d, {order:_})^2", f"min(n, {candidates:_})"
        self.cost_class = f"{whole} + 20 {some} k^2 (d + k) b"

    def kept(self, signals: Signals) -> float:
        """Share of tr F that is left after the cut to `order`; 1 where nothing is cut."""
        return self._frame(signals).kept

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        assert signals.proba is not None and signals.vectors is not None
        keys, known = tie_keys_of(signals, rng), known_vectors(signals)
        frame, given = self._frame(signals), (signals.proba, signals.vectors)
        told = None if known is None else (check_known_proba(self.name, signals), known)
        try:
            found = lowest_trace(
                *given, n, keys, frame, told, ridge=self.ridge, candidates=self.candidates
            )
        except np.linalg.LinAlgError as error:
            raise BadInput(
                "BAIT cannot invert the information of these vectors: they lie so far from zero "
                "that rounding hides the ridge; centre and scale them, or raise ridge"
            ) from error
        return self.picks(*found, 1.0)

    def _frame(self, signals: Signals) -> Frame:
        proba: Floats | None = signals.proba
        assert proba is not None and signals.vectors is not None
        return frame_of(proba, signals.vectors, self.order)
