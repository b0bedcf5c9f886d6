"""Items whose label flips when a little of a labelled class is mixed in."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Ints, Picks, Signals
from querist.selection.cloud import Doubles
from querist.selection.kmeans import representatives
from querist.selection.scores import by_blocks
from querist.selection.softmax_head import softmax, softmax_head
from querist.selection.topk import top_k
from querist.strategies.base import Rng, Strategy
from querist.strategies.kmeans import KMeansSampling
from querist.strategies.known import class_targets, known_vectors
from querist.strategies.ties import tie_keys_of


class ALFAMix(Strategy):
    """Ask one item of each cluster of those whose label a small mix of features flips.

    Mixes vector h (n, d) with each class's mean z by alpha = e ||z - h|| g / ||g|| / (z - h),
    elementwise, g the gradient of the loss at the predicted label. The division cancels in
    h + alpha (z - h), so the logits move along one line per item, and the least e that
    flips it has a closed form (own form, exact; where z and h agree in a feature the limit
    is taken). e grows in steps until n items flip; what is short is drawn. The paper mixes
    a network's hidden layer: here a linear head is fitted on the labelled vectors. O(n d k)
    time, O(n) memory. Best for: few labels, good embeddings. Fails when: the head is poor.

    Parameters
    ----------
    step : float
        Width of the steps of e, which ends at 1.

    References
    ----------
    Parvaneh et al. (2022), Active learning by feature mixing, CVPR.

    Examples
    --------
    >>> from querist.core.types import Labelled
    >>> known = Labelled(np.array([[-5.0], [5.0]]), np.array([0, 1]))
    >>> signals = Signals(vectors=np.array([[-5.0], [0.2], [5.0]]), labelled=known)
    >>> ALFAMix().select(signals, 1, rng=0)
    array([1])
    """

    needs = frozenset({"vectors", "labelled"})
    cost_class = "50 n k (d + 20)"
    of_classes = True
    cold_start = KMeansSampling()

    def __init__(self, step: float = 1 / 32) -> None:
        if not 0 < step <= 1:
            raise BadInput(f"step must be above 0 and at most 1, but it is {step!r}")
        self.step = step

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        known, vectors = known_vectors(signals), signals.vectors
        assert vectors is not None and signals.labelled is not None
        if known is None:
            return KMeansSampling().pick(signals, n, rng)
        keys = tie_keys_of(signals, rng)
        least = flips_at(vectors, known, class_targets(self.name, signals.labelled))
        steps = np.ceil(np.maximum(least, self.step) / self.step * (1 - 1e-12))
        within = steps * self.step <= 1 + 1e-12
        enough = np.sort(steps[within])[n - 1 : n]
        if not len(enough):  # what does not flip ties, and so goes by key
            chosen = top_k(np.where(within, -steps, -np.inf), n, keys)
        else:
            rows = np.flatnonzero(steps <= enough[0])
            chosen = rows[representatives(vectors[rows], n, lambda at: keys(rows[at]), rng)]
        return self.picks(chosen, -np.minimum(least[chosen], 1.0))


def flips_at(vectors: Floats, known: Floats, targets: Ints) -> Doubles:
    """Least e at which some class's mean flips each row's label, (n,); inf when none does."""
    slopes, offsets = softmax_head(known, targets)
    means = np.stack([known[targets == c].mean(axis=0, dtype=float) for c in np.unique(targets)])
    between, around = slopes.T @ slopes, means - (middle := means.mean(axis=0))
    spread = np.einsum("kd,kd->k", around, around)

    def least(block: Doubles) -> Doubles:
        logits = block @ slopes + offsets
        rows, label = np.arange(len(block)), logits.argmax(axis=1)
        miss = softmax(logits)
        miss[rows, label] -= 1.0
        push = miss @ between  # the logits' move along the gradient g = slopes @ miss
        length = np.sqrt(np.maximum(np.einsum("nk,nk->n", push, miss), 0.0))
        moved = block - middle
        square = (spread - 2.0 * moved @ around.T).max(axis=1)
        far = np.sqrt(np.maximum(square + np.einsum("nd,nd->n", moved, moved), 0.0))
        gain = push - push[rows, label][:, None]
        lag = logits[rows, label][:, None] - logits
        with np.errstate(divide="ignore", invalid="ignore"):
            need = np.where(gain > 0, lag / gain, np.inf).min(axis=1) * length / far
        return np.where(np.isfinite(need), need, np.inf)

    return by_blocks(least, vectors)
