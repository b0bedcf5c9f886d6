"""Items a classifier can tell from the labelled ones."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Picks, Positions, Signals
from querist.selection.cloud import Doubles
from querist.selection.scores import by_blocks
from querist.selection.softmax_head import softmax_head
from querist.selection.topk import drawn, top_k
from querist.strategies.base import Rng, Strategy
from querist.strategies.checks import check_count
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import known_vectors
from querist.strategies.ties import tie_keys_of

SAMPLE = 10_000  # candidates the classifier is trained on: of lowest key, where there are more


class DiscriminativeAL(Strategy):
    """Ask what a classifier, trained to tell unlabelled from labelled, finds most unlabelled.

    A logistic regression on vectors (n, d), in the paper a network on its own features; both
    sides weigh the same. The batch comes in steps, each counting the picks before it as
    labelled. Trained on at most 10,000 candidates drawn by key; all are scored. O(n d) per
    step and per step of the fit, memory O(n). Best for: making the labelled set look like
    the pool, without a model. Fails when: labels already look like the pool, or what is
    missing lies inside the labelled cloud, where no hyperplane divides.

    Parameters
    ----------
    steps : int
        Mini-batches a batch is split into (the paper uses 10 to 20).

    References
    ----------
    Gissin and Shalev-Shwartz (2019), Discriminative active learning, arXiv 1907.06347.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[0.0], [1.0]]), np.array([0, 1]))
    >>> signals = Signals(vectors=np.array([[0.5], [7.0], [3.0]]), labelled=known)
    >>> DiscriminativeAL().select(signals, 1, rng=0)
    array([1])
    """

    needs = frozenset({"vectors", "labelled"})
    cold_start = KMeansSampling()

    def __init__(self, steps: int = 10) -> None:
        self.steps = check_count(steps, "steps")
        self.cost_class = f"{3 * steps} n d (d + 150)"

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, vectors = known_vectors(signals), signals.vectors
        assert vectors is not None
        if known is None:
            return KMeansSampling().pick(signals, n, rng)
        keys = tie_keys_of(signals, rng)
        sample = drawn(len(vectors), SAMPLE, keys)
        taken: Positions = np.empty(0, dtype=np.int64)
        scores: Doubles = np.empty(0)
        while len(taken) < n:
            rest = sample[~np.isin(sample, taken)]
            if not len(rest):  # the whole sample is picked: nothing is left to tell apart
                rest = sample
            apart = _unlabelled(vectors, np.concatenate([known, vectors[taken]]), vectors[rest])
            apart[taken] = -np.inf
            fresh = top_k(apart, min(-(-n // self.steps), n - len(taken)), keys)
            scores = np.append(scores, apart[fresh])
            taken = np.append(taken, fresh)
        return self.picks(taken, scores)


def _unlabelled(vectors: Floats, known: Floats, others: Floats) -> Doubles:
    side = np.repeat([0, 1], [len(known), len(others)])
    weights = 0.5 * len(side) / np.where(side == 0, len(known), len(others))
    slopes, offsets = softmax_head(np.concatenate([known, others]), side, weights)
    slope, offset = slopes[:, 1] - slopes[:, 0], offsets[1] - offsets[0]
    # rounded, so that copies score the same wherever they stand in a block
    return np.round(by_blocks(lambda block: block @ slope + offset, vectors), 9)
