"""Herding among some of the candidates, for pools of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from querist.core.remarks import remark
from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud
from querist.selection.coverage import Radii, herd
from querist.selection.hubs import hubness, local_scales
from querist.selection.neighbours import squared_spacing
from querist.selection.topk import Keys, top_k

CERTAIN, UNIFORM, REFERENCE = 800, 200, 3000  # candidates of both kinds; points to be covered
SAMPLE = UNIFORM + REFERENCE
AROUND = 1000  # items that tell whether hubs rule, and the scale of distances
HUBS = 2.0  # hubness from which on distances are scaled; most real sets are at 1.7 or less


def best_left(scores: Floats, left: Ints, n: int, keys: Keys) -> Ints:
    """Positions of the `n` highest scores among `left`."""
    return left[top_k(scores[left], n, lambda at: keys(left[at]))] if n else left[:0]


@dataclass(frozen=True)
class Reach:
    """How far an item speaks for others.

    Attributes
    ----------
    squared : float
        The squared radius; in units of `local_scales` where there are items `around`.
    around : array (m, d) or None
        A sample of the pool, where hubs rule it.
    """

    squared: float
    around: Floats | None = None


def reach_of(vectors: Floats, known: Floats, quantile: float, keys: Keys) -> Reach:
    """As far as this quantile of the distances between `known` items, and told by `remark`."""
    drawn = vectors[best_left(np.zeros(len(vectors)), np.arange(len(vectors)), AROUND, keys)]
    if hubness(drawn) <= HUBS:
        squared = squared_spacing(known, quantile)
        remark(f"Auto covers what is uncertain within {squared**0.5:.3g} of an item")
        return Reach(squared)
    squared = squared_spacing(known, quantile, local_scales(known, drawn))
    remark(
        f"Auto covers what is uncertain within {squared**0.5:.3g} times the distance to an item's "
        "tenth neighbour: in this pool some items are near to all others"
    )
    return Reach(squared, drawn)


def herd_some(
    vectors: Floats, worth: Floats, left: Ints, known: Floats, reach: Reach, n: int, keys: Keys
) -> tuple[Ints, Floats]:
    """`n` of `left` that cover most worth beyond `known`, and what each one adds.

    Offered are those worth most and some drawn by item; the items to be covered are those, and
    a sample that stands for the rest. A reach of 0 takes the median distance to `known`; among
    hubs, one local scale.
    """
    if not n:
        return left[:0], np.empty(0)
    by_key = best_left(np.zeros(len(worth)), left, SAMPLE, keys)
    certain = best_left(worth, left, CERTAIN, keys)
    offered = np.union1d(certain, by_key[:UNIFORM])
    sampled = by_key[~np.isin(by_key, offered)]
    points = np.concatenate([offered, sampled])
    stands_for = np.ones(len(points))
    stands_for[len(offered) :] = (len(left) - len(offered)) / max(1, len(sampled))
    radius: float | Radii
    if reach.around is None:
        cloud = Cloud(vectors[points])
        squared = reach.squared or float(np.median(cloud.lowest(cloud.moved(known)))) or 1.0
        radius = squared**0.5
    else:
        unit = (reach.squared or 1.0) ** 0.5
        own, theirs = (unit * local_scales(p, reach.around) for p in (vectors[points], known))
        radius = Radii(own[: len(offered)], own, theirs)
    heavy, key = worth[points] * stands_for, lambda at: keys(offered[at])
    found = herd(
        vectors[offered], n, key, radius, points=vectors[points], weights=heavy, known=known
    )
    return offered[found.positions], found.gains
