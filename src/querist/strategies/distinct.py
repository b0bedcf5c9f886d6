"""Batches without near-duplicates."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Positions, Signals
from querist.selection.distinct import TOLERANCE, copy_radius, near, repeats
from querist.strategies.base import Rng, Strategy
from querist.strategies.parts import declare, join, narrow
from querist.strategies.ties import tie_keys_of


class Distinct(Strategy):
    """Wrap a strategy so that a batch never holds an item and its near-copies.

    Picks too near an earlier pick are dropped, all candidates around that earlier pick are
    set aside, and the base is asked again for what is missing. Once nothing else is left,
    copies fill the batch, last. A batch of one, or without copies, is the base's own.

    Parameters
    ----------
    base : Strategy
    tolerance : float
        Items nearer than this share of the mean distance between two candidates are copies
        of each other; with 0 only exact copies are.
    radius : float, optional
        That distance itself, where it is known already.

    Examples
    --------
    >>> from querist.strategies import Margin
    >>> signals = Signals(
    ...     proba=np.array([[0.5, 0.5], [0.5, 0.5], [0.6, 0.4], [0.9, 0.1]]),
    ...     vectors=np.array([[1.0], [1.0], [2.0], [7.0]]),
    ... )
    >>> signals.vectors[Distinct(Margin()).select(signals, 3, rng=0)].ravel()
    array([1., 2., 7.])
    """

    def __init__(
        self, base: Strategy, tolerance: float = TOLERANCE, radius: float | None = None
    ) -> None:
        if not (np.isfinite(tolerance) and tolerance >= 0):
            raise BadInput(f"tolerance must be a number of at least 0, but it is {tolerance!r}")
        apart = getattr(base, "apart", None)
        self.base: Strategy = base if apart is None else apart(tolerance, radius)
        self.tolerance = tolerance
        self.radius = radius
        declare(self, [base])
        self.needs = base.needs | {"vectors"}

    @property
    def name(self) -> str:
        """The base's name: what it picks is the base's choice."""
        return self.base.name

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        vectors = signals.vectors
        assert vectors is not None
        picks = self.base.pick(signals, n, rng)
        if n == 1:
            return picks
        radius = self.radius
        if radius is None:
            radius = copy_radius(vectors, tie_keys_of(signals, rng), self.tolerance)
        left = np.arange(len(signals))
        batch: list[tuple[Positions, Picks]] = []
        kept = np.empty(0, dtype=np.int64)
        while True:
            tried = np.concatenate([kept, left[picks.positions]])
            of = repeats(vectors[tried], radius)
            new = of[len(kept) :] < 0
            batch.append((tried[len(kept) :][new], _some(picks, new, exact=not batch)))
            crowded = tried[np.unique(of[of >= 0])]
            kept = tried[of < 0]
            if len(kept) == n or self.may_fall_short:  # a refill would pass its limit
                return join(batch)
            left = np.delete(left, picks.positions)
            left = left[~near(vectors[left], vectors[crowded], radius)]
            if not len(left):
                break
            picks = self.base.pick(narrow(signals, left, self), n - len(kept), rng)
        copies = np.setdiff1d(np.arange(len(signals)), kept)
        picks = self.base.pick(narrow(signals, copies, self), n - len(kept), rng)
        rest = np.ones(len(picks.positions), dtype=bool)
        return join([*batch, (copies[picks.positions], _some(picks, rest, exact=False))])


def _some(picks: Picks, keep: np.ndarray[tuple[int], np.dtype[np.bool_]], exact: bool) -> Picks:
    # once copies were dropped the chance of a drawn pick is no longer what the base said
    told = picks.probability[keep]
    return Picks(
        picks.positions[keep],
        None if picks.scores is None else picks.scores[keep],
        tuple(name for name, kept in zip(picks.names, keep, strict=True) if kept),
        told if exact and keep.all() else np.where(told == 1, told, np.nan),
    )
