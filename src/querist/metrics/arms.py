"""Whether labels that a strategy picked teach less than labels drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from querist.core.errors import BadInput
from querist.core.types import Interval
from querist.metrics.paired import paired_bootstrap

LEVEL = 0.98  # each end is missed by 1 in 100: the check is made again and again
_MOST = 2000  # items the bootstrap resamples


@dataclass(frozen=True)
class Arms:
    """What two models made of the same test items: picked labels against drawn ones.

    Attributes
    ----------
    gap : Interval
        Mean credit of the model taught by picked labels less that of the other.
    items : int
        Test items.
    """

    gap: Interval
    items: int

    @property
    def loses(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.gap.high < 0


# credit (m,) of the picked and of the drawn arm on the same items, and a seed
ArmTest = Callable[[ArrayLike, ArrayLike, int], Arms]


def paired_arms(picked: ArrayLike, drawn: ArrayLike, seed: int = 0) -> Arms:
    """Paired bootstrap over test items of `picked - drawn`, with a 98 % interval.

    It knows the luck of the test items, not that of the labels that were drawn, and makes no
    allowance for being looked at over and over but its wide level: a test to act on with a
    safe step (coverage and random), not to publish.

    Parameters
    ----------
    picked, drawn : array (m,)
        Credit of each item (1 when right, 0 when wrong; or minus its error), same order.

    Raises
    ------
    BadInput
        With fewer than two items, or different numbers of them.

    Examples
    --------
    >>> found = paired_arms([0.0] * 30 + [1.0] * 10, [1.0] * 40)
    >>> found.gap.value, found.loses
    (-0.75, True)
    """
    ours, theirs = np.asarray(picked, dtype=np.float64), np.asarray(drawn, dtype=np.float64)
    if ours.shape != theirs.shape or ours.ndim != 1 or len(ours) < 2:
        raise BadInput(
            "two arms are compared on the same items, two at least, but the credits have the "
            f"shapes {ours.shape} and {theirs.shape}"
        )
    some = np.random.default_rng([seed, 1]).permutation(len(ours))[:_MOST]
    gap = paired_bootstrap(ours[some], theirs[some], seed=seed, level=LEVEL)
    return Arms(gap, len(some))
