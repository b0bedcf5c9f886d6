"""Batches drawn by score instead of cut off at the top."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Picks, Signals
from querist.selection.gumbel import gumbel
from querist.selection.scores import Doubles
from querist.selection.topk import Keys, stream_top_k
from querist.strategies.base import Rng, Score, Strategy
from querist.strategies.margin import Margin
from querist.strategies.parts import declare
from querist.strategies.stream import scores_of
from querist.strategies.ties import tie_keys_of

Form = Literal["power", "softmax", "softrank"]


class PowerSampling(Strategy):
    """Draw the batch without replacement, in proportion to the score to the power beta.

    The n largest of perturbed scores (n_candidates,): log s + g / beta, with g Gumbel noise
    of each item. Each next pick has probability s^beta / sum of s^beta of what is left.
    Costs O(n) time beyond the base and O(batch) memory, O(n) for "softrank" or a base that is
    not `row_by_row`. Best for: large batches, where the n best resemble each other. Fails
    when: most of a large pool is certain but not at zero; it dilutes the batch.

    Parameters
    ----------
    base : Score
        What is worth asking, not negative for the form "power"; `Margin()` by default.
    beta : float
        How strictly the score is followed: 0 and above; at 0 all are alike.
    form : {"power", "softmax", "softrank"}
        Draw by s^beta, by exp(beta s), or by rank^-beta, rank 1 being the best.

    References
    ----------
    Kirsch, Farquhar, Atighehchian, Jesson, Branchaud-Charron and Gal (2023), Stochastic
    batch acquisition: a simple baseline for deep active learning, TMLR, proposition 3.1.

    Examples
    --------
    >>> signals = Signals(proba=np.array([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]]))
    >>> sorted(PowerSampling().select(signals, 2, rng=0).tolist())
    [0, 2]
    """

    cost_class = "500 n"

    def __init__(self, base: Score | None = None, beta: float = 1.0, form: Form = "power") -> None:
        if not (np.isfinite(beta) and beta >= 0):
            raise BadInput(f"beta must be a finite number of at least 0, but it is {beta!r}")
        if form not in get_args(Form):
            raise BadInput(f"form must be one of {', '.join(get_args(Form))}, but it is {form!r}")
        self.base = Margin() if base is None else base
        self.beta = beta
        self.form = form
        declare(self, [self.base])

    def _pick(self, signals: Signals, n: int, rng: Rng) -> Picks:
        keys, in_rank, drawn = (tie_keys_of(signals, rng) for _ in range(3))
        scores = scores_of(self.base, signals)
        whole = None
        if self.form == "softrank":
            whole = _log_ranks(scores(np.s_[:], -np.inf), in_rank)

        def perturbed(rows: slice, _: float) -> Doubles:
            logits = self._logits(scores(rows, -np.inf)) if whole is None else whole[rows]
            noise = gumbel(drawn(np.arange(rows.start, rows.stop)))
            return noise + self.beta * logits if self.beta else noise  # 0 x -inf is no number

        positions, _ = stream_top_k(perturbed, len(signals), n, keys)
        return self.picks(positions, scores(positions, -np.inf))

    def _logits(self, scores: Floats) -> Floats:
        if self.form == "softmax":
            return scores
        if scores.min() < 0:
            raise BadInput(
                f"PowerSampling takes powers of scores, but {self.base.name} gave "
                f"{scores.min():.4g}; use form='softmax' or 'softrank'"
            )
        with np.errstate(divide="ignore"):  # a score of 0 is drawn only when nothing else is left
            return np.asarray(np.log(scores.astype(np.float64)))


def _log_ranks(scores: Floats, keys: Keys) -> Doubles:
    ranks = np.empty(len(scores))
    order = np.lexsort((keys(np.arange(len(scores))), -scores.astype(np.float64)))
    ranks[order] = np.arange(1, len(scores) + 1)
    return np.asarray(-np.log(ranks))
