"""Committee variance for regression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.selection.scores import by_blocks
from querist.strategies.base import Score
from querist.strategies.gsx import GSx


class CommitteeVariance(Score):
    """Ask where several regressors disagree most: the variance of their predictions.

    The predictions of the signals, (n, s), are those of the s members.

    Parameters
    ----------
    committee : int or sequence of estimators
        So many copies of the campaign's model, each on its own bootstrap sample, or these
        estimators. Plain data; the loop fits them.

    Best for: any regressor that trains fast. Fails when: the noise differs over the space
    (members disagree where it is loud), and in large batches (neighbours disagree alike).
    Cost: O(n s) time beside s trainings, O(n) memory.

    References
    ----------
    RayChaudhuri and Hamey (1995), Minimisation of data collection by active learning, ICNN;
    Burbidge, Rowland and King (2007), Active learning for regression based on query by
    committee, IDEAL.

    Examples
    --------
    >>> CommitteeVariance().score(Signals(predicted=np.array([[1.0, 1.0], [1.0, 3.0]])))
    array([0., 1.])
    """

    needs = frozenset({"predicted"})
    cold_start = GSx()
    cost_class = "100 n s"
    row_by_row = True

    def __init__(self, committee: int | Sequence[Any] = 5) -> None:
        self.committee = checked_committee(committee)

    def score(self, signals: Signals) -> Floats:
        """Variance of the members' predictions, (n,)."""
        assert signals.predicted is not None
        check_members(self.name, signals.predicted, 2)
        return by_blocks(lambda block: np.asarray(block.var(axis=1)), signals.predicted)


def checked_committee(committee: int | Sequence[Any]) -> int | Sequence[Any]:
    """The committee, or BadInput when it has fewer than two members."""
    size = committee if isinstance(committee, int) else len(committee)
    if size < 2 or isinstance(committee, bool):
        raise BadInput(f"a committee has at least 2 members, but got {committee!r}")
    return committee


def check_members(name: str, predicted: Floats, least: int) -> None:
    """Raise BadInput unless there are predictions of at least so many regressors."""
    if predicted.shape[1] < least:
        raise BadInput(
            f"{name} compares the predictions of at least {least} regressors, but predicted has "
            f"shape {predicted.shape}; give one column a regressor"
        )
