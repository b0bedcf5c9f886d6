"""Screening: read what is most likely relevant, and a share by chance."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Picks, Signals
from querist.strategies.base import Rng, Strategy
from querist.strategies.certainty import Certainty
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.parts import declare, join, narrow
from querist.strategies.random import Random

LIKELY, CHANCE = "Screening: likely", "Screening: by chance"  # which of the two asked, for the log


class Screening(Strategy):
    """Find nearly all items of one class: ask the likeliest, and a share drawn from all the rest.

    Reads proba (n, k); O(n). Unlike a campaign's control slice, which is set apart and whose
    relevant items nobody looks for, the share by chance (names say "by chance", with its
    probability) is drawn from all that is left: it says how much that is, and costs what it
    reads. Set the campaign's `control=0` beside it. With nothing labelled: `KMeansSampling`.
    Best for: reviews, rare classes, where every relevant item counts. Fails when: the model
    should become accurate: use `Auto`.

    Parameters
    ----------
    relevant : str or int
        The class by name, or by its position among the k; -1, the last, by default.
    chance : float
        Share of the labels drawn at random, at least 0 and below 1; kept over rounds, so that
        batches of one have their share too.

    References
    ----------
    Cormack and Grossman (2014), Evaluation of machine-learning protocols for technology-assisted
    review in electronic discovery, SIGIR (continuous active learning; the share is querist's).

    Examples
    --------
    >>> proba = np.array([[0.5, 0.5], [0.1, 0.9], [0.9, 0.1], [0.7, 0.3]])
    >>> Screening().select(Signals(proba=proba), 2, rng=0)
    array([1, 0])
    >>> Screening(chance=0.5).pick(Signals(proba=proba), 2, rng=0).names
    ('Screening: likely', 'Screening: by chance')
    """

    def __init__(self, relevant: str | int = -1, chance: float = 0.0) -> None:
        if not 0 <= chance < 1:
            raise BadInput(f"chance is a share, at least 0 and below 1, but it is {chance!r}")
        self.likeliest, self.relevant, self.chance = Certainty(relevant), relevant, chance
        declare(self, (self.likeliest, Random()))
        self.cold_start = KMeansSampling()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known = 0 if signals.labelled is None else len(signals.labelled)
        # by the number of labels, so that the share holds over batches of any size
        due = np.floor(self.chance * np.array([known, known + n]) + 1e-9).astype(int)
        drawn, done, left = int(due[1] - due[0]), [], np.arange(len(signals))
        for part, name, count in (
            (self.likeliest, LIKELY, n - drawn),
            (Random(), CHANCE, drawn),
        ):
            if count:
                picks = part.pick(narrow(signals, left, part), count, rng)
                named = Picks(picks.positions, picks.scores, (name,) * count, picks.probability)
                done.append((left[picks.positions], named))
                left = np.delete(left, picks.positions)
        return join(done)
