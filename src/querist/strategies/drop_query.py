"""Items whose label does not survive dropout."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.keys import keys_of, scramble
from querist.core.types import Floats, Ints, Labelled, Picks, Signals
from querist.selection.kmeans import representatives
from querist.selection.softmax_head import softmax_head
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import class_targets, known_vectors
from querist.strategies.ties import tie_keys_of

PER_PICK = 25  # candidates a pick has to choose from, at least
_ROWS = 2048
_LANE = np.uint64(0xD1B54A32D192ED03)


class DropQuery(Strategy):
    """Ask one item of each cluster of those whose predicted label changes under dropout.

    A linear softmax head fitted on the labelled vectors (m, d) labels each candidate, and
    again `passes` times with its features dropped at random; what changed in more than half
    of the passes is a candidate, and fewer changes will do until there are 25 a pick. The
    paper's setting: frozen embeddings. O(passes n d) time, memory O(n) and a block. Best for:
    embeddings of foundation models. Fails when: few features decide, as in small tables.

    Parameters
    ----------
    passes : int
        Dropout passes.
    rate : float
        Share of the features dropped, between 0 and 1.
    head : bool
        False takes the draws (n, s, k) of a network's own dropout instead of a head.

    References
    ----------
    Gupte et al. (2024), Revisiting active learning in the era of vision foundation models, TMLR.

    Examples
    --------
    >>> known = Labelled(np.array([[-9.0, -9.0], [9.0, 9.0]]), np.array([0, 1]))
    >>> vectors = np.repeat([[9.0, 9.0], [6.0, -5.0]], 25, axis=0)
    >>> int(DropQuery().select(Signals(vectors=vectors, labelled=known), 1, rng=0)[0]) >= 25
    True
    """

    needs = frozenset({"vectors", "labelled"})
    of_classes = True
    cold_start = KMeansSampling()

    def __init__(self, passes: int = 3, rate: float = 0.75, head: bool = True) -> None:
        if not 0 < rate < 1:
            raise BadInput(f"rate must be between 0 and 1, both left out, but it is {rate!r}")
        self.passes, self.rate, self.head = check_count(passes, "passes"), rate, head
        self.cost_class = f"{500 * passes:_} n d + 20 n (d + 20) b"
        self.needs = frozenset({"vectors", "labelled" if head else "draws"})

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, vectors = known_vectors(signals), signals.vectors
        assert vectors is not None
        keys = tie_keys_of(signals, rng)
        if not self.head and signals.draws is not None:
            votes, passes = signals.draws.argmax(axis=2), signals.draws.shape[1]
            usual = signals.draws.mean(axis=1).argmax(axis=1)
            changed = (votes != usual[:, None]).sum(axis=1)
        elif known is None or signals.labelled is None:
            return KMeansSampling().pick(signals, n, rng)
        else:
            passes, salt = self.passes, int(rng.integers(2**63))
            changed = self._changed(signals, known, signals.labelled, salt)
        least = passes // 2 + 1
        while least and np.count_nonzero(changed >= least) < PER_PICK * n:
            least -= 1
        rows = np.flatnonzero(changed >= least)
        chosen = representatives(vectors[rows], n, lambda at: keys(rows[at]), rng)
        return self.picks(rows[chosen], changed[rows[chosen]] / passes)

    def _changed(self, signals: Signals, known: Floats, labelled: Labelled, salt: int) -> Ints:
        assert signals.vectors is not None
        slopes, offsets = softmax_head(known, class_targets(self.name, labelled))
        changed = np.zeros(len(signals), dtype=np.int64)
        lanes = np.arange(-(-slopes.shape[0] // 4), dtype=np.uint64) * _LANE
        for start in range(0, len(changed), _ROWS):
            rows = np.arange(start, min(start + _ROWS, len(changed)))
            block = np.asarray(signals.vectors[rows], dtype=np.float64)
            usual = (block @ slopes + offsets).argmax(axis=1)
            items = keys_of(rows if signals.ids is None else signals.ids[rows])
            for turn in range(self.passes):
                # each 64-bit number decides four features, by item and not by row
                chance = scramble(scramble(items, salt, turn)[:, None] + lanes).view("<u2")
                kept = chance[:, : block.shape[1]] >= round(self.rate * 2**16)
                logits = (block * kept) @ (slopes / (1 - self.rate)) + offsets
                changed[rows] += logits.argmax(axis=1) != usual
        return changed
