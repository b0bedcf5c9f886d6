"""What GALAXY and DIRECT share: a line of items for each class, rarest class first."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from querist.core.types import Floats, Ints, Picks, Signals
from querist.selection.cloud import Doubles
from querist.selection.line import lead
from querist.selection.topk import Keys
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_known_proba
from querist.strategies.known import class_targets
from querist.strategies.random import Random
from querist.strategies.ties import tie_keys_of


@dataclass(frozen=True)
class Lines:
    """The pool and the labelled items on a line for each class, by how far it is ahead.

    `proba` (n, k) are the candidates', `said` (m, k) the labelled items' probabilities,
    `targets` (m,) their classes, and `rarest` (k,) the classes by number of labels.
    """

    proba: Floats
    said: Floats
    targets: Ints
    rarest: Ints
    keys: Keys

    def places(self, label: int) -> tuple[Doubles, Doubles]:
        """Where the candidates (n,) and the labelled items (m,) stand on the line of a class."""
        return lead(self.proba, label), lead(self.said, label)


class ByClassLines(Strategy):
    """A strategy over `Lines`; draws at random while nothing is labelled."""

    needs = frozenset({"proba", "labelled"})
    wants = frozenset({"labelled_proba"})
    cold_start = Random()

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        labelled, proba = signals.labelled, signals.proba
        assert labelled is not None and proba is not None
        if not len(labelled):
            return Random().pick(signals, n, rng)
        said = check_known_proba(self.name, signals)
        targets = class_targets(self.name, labelled)
        counts = np.bincount(targets, minlength=proba.shape[1])[: proba.shape[1]]
        rarest = np.argsort(counts, kind="stable")
        lines = Lines(proba, said, targets, rarest, tie_keys_of(signals, rng))
        return self.picks(np.array(self._along(lines, n), dtype=np.int64))

    @abstractmethod
    def _along(self, lines: Lines, n: int) -> list[int]:
        """Exactly `n` of the candidates."""
