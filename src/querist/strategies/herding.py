"""Herding among some of the candidates, for pools of any size."""

from __future__ import annotations

import numpy as np

from querist.core.types import Floats, Ints
from querist.selection.cloud import Cloud
from querist.selection.coverage import herd
from querist.selection.topk import Keys, top_k

CERTAIN, UNIFORM, REFERENCE = 800, 200, 3000  # candidates of both kinds; points to be covered


def best_left(scores: Floats, left: Ints, n: int, keys: Keys) -> Ints:
    """Positions of the `n` highest scores among `left`."""
    return left[top_k(scores[left], n, lambda at: keys(left[at]))] if n else left[:0]


def herd_some(
    vectors: Floats, worth: Floats, left: Ints, known: Floats, radius: float, n: int, keys: Keys
) -> tuple[Ints, Floats]:
    """`n` of `left` that cover most worth beyond `known`, and what each one adds.

    Offered are those worth most and some drawn by item; the items to be covered are those, and
    a sample that stands for the rest. `radius` is squared; 0 takes the median distance to `known`.
    """
    if not n:
        return left[:0], np.empty(0)
    by_key = best_left(np.zeros(len(worth)), left, UNIFORM + REFERENCE, keys)
    certain = best_left(worth, left, CERTAIN, keys)
    offered = np.union1d(certain, by_key[:UNIFORM])
    sampled = by_key[~np.isin(by_key, offered)]
    points = np.concatenate([offered, sampled])
    stands_for = np.ones(len(points))
    stands_for[len(offered) :] = (len(left) - len(offered)) / max(1, len(sampled))
    cloud = Cloud(vectors[points])
    radius = radius or float(np.median(cloud.lowest(cloud.moved(known)))) or 1.0
    heavy, key = worth[points] * stands_for, lambda at: keys(offered[at])
    found = herd(
        vectors[offered], n, key, radius**0.5, points=vectors[points], weights=heavy, known=known
    )
    return offered[found.positions], found.gains
