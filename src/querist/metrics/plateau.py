"""Where a learning curve stops paying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from querist.core.measures import gains_of


@dataclass(frozen=True)
class Diminishing:
    """The point of diminishing returns: labels at it, and labels bought after it."""

    at: int
    after: int


def diminishing_point(
    labels: Sequence[int],
    scores: Sequence[float],
    points: float = 0.5,
    *,
    cycles: int = 3,
    metric: str = "accuracy",
) -> Diminishing | None:
    """Find where the gains of the curve begin to stay below `points` until its end.

    Parameters
    ----------
    labels : sequence of int, length r
        Labels bought at each point of the curve.
    scores : sequence of float, length r
        The score there.
    points : float
        Smallest gain of a step over the best score before it that counts: percentage points
        for scores in [0, 1], percent of the score for others.
    cycles : int
        Steps below `points` the curve must end with; fewer may be luck.
    metric : str
        Name of the score; it says which way is better.

    Returns
    -------
    Diminishing or None
        None while the curve still rises.

    Examples
    --------
    >>> diminishing_point([50, 100, 150, 200, 250], [0.7, 0.8, 0.802, 0.803, 0.804])
    Diminishing(at=100, after=150)
    >>> diminishing_point([50, 100, 150], [0.7, 0.8, 0.9]) is None
    True
    """
    gains = gains_of(scores, metric)
    small = 0
    while small < len(gains) and gains[-1 - small] < points:
        small += 1
    if small < cycles:
        return None
    at = int(labels[len(labels) - 1 - small])
    return Diminishing(at, int(labels[-1]) - at)
