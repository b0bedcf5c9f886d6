"""Query by committee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.selection.information import information_of
from querist.selection.scores import Doubles, by_blocks, entropy_of
from querist.strategies.base import Score
from querist.strategies.draw_sources import checked_committee

Measure = Literal["vote_entropy", "consensus_entropy", "kl", "variation_ratio"]


class QueryByCommittee(Score):
    """Ask where the members of a committee disagree most; full agreement ranks last.

    The draws of the signals, (n, s, k), are the class probabilities of the s members. O(n s k)
    time beside their training. Best for: models that train fast, or tell labels only. Fails
    when: the members make the same mistake: nobody disagrees then.

    Parameters
    ----------
    committee : int or sequence of estimators
        Who is fitted for the draws: so many copies of the campaign's model, each on its own
        bootstrap sample, or these estimators. Plain data; the loop fits them. It pays where
        models are cheap to train: every round trains them all.
    measure : {"vote_entropy", "consensus_entropy", "kl", "variation_ratio"}
        Entropy of the members' votes; entropy of their mean probabilities (which also asks
        what all find uncertain); mean divergence of a member from that mean; share of the
        members outvoted, in [0, 1], of which s members know few, so that ties are many.

    References
    ----------
    Dagan and Engelson (1995), Committee-based sampling for training probabilistic
    classifiers, ICML (vote entropy); McCallum and Nigam (1998), Employing EM and pool-based
    active learning for text classification, ICML (divergence); Beluch et al. (2018), The
    power of ensembles for active learning in image classification, CVPR, equation 4
    (variation ratio).

    Examples
    --------
    >>> draws = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.1], [0.8, 0.2]]])
    >>> QueryByCommittee().score(Signals(draws=draws)).round(3)
    array([0.693, 0.   ])
    """

    needs = frozenset({"draws"})
    cost_class = "100 n s k"
    row_by_row = True

    def __init__(
        self, committee: int | Sequence[Any] = 5, measure: Measure = "vote_entropy"
    ) -> None:
        if measure not in get_args(Measure):
            known = ", ".join(get_args(Measure))
            raise BadInput(f"measure must be one of {known}, but it is {measure!r}")
        self.committee = checked_committee(committee)
        self.measure = measure

    def score(self, signals: Signals) -> Floats:
        """Disagreement, (n,), not negative; in nats unless it is the variation ratio."""
        assert signals.draws is not None
        return by_blocks(_MEASURES[self.measure], signals.draws)


def _vote_entropy(draws: Doubles) -> Doubles:
    return entropy_of(_vote_shares(draws))


def _variation_ratio(draws: Doubles) -> Doubles:
    return np.asarray(1.0 - _vote_shares(draws).max(axis=1))


def _vote_shares(draws: Doubles) -> Doubles:
    votes = draws.argmax(axis=2)
    return np.stack([(votes == c).mean(axis=1) for c in range(draws.shape[2])], axis=1)


def _consensus_entropy(draws: Doubles) -> Doubles:
    return entropy_of(draws.mean(axis=1))


_MEASURES = {
    "vote_entropy": _vote_entropy,
    "consensus_entropy": _consensus_entropy,
    "kl": information_of,
    "variation_ratio": _variation_ratio,
}
