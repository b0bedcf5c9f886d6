"""Coverage: herding over a whole pool, and balls of one radius, against plain greedy peers."""

from __future__ import annotations

import warnings

import numpy as np

import querist as q
from measuring import Case, clusters, normal, unlabelled
from querist import strategies as s

SIDE = 512


def half(X, scale, each):
    """The work nobody can leave out, 512 x 512 at a time: half of the table of all pairs."""
    rows, room = X.astype(np.float32) * np.float32(scale), np.empty(SIDE * SIDE, dtype=np.float32)

    def run():
        for start in range(0, len(rows), SIDE):
            left = rows[start : start + SIDE]
            for other in range(start, len(rows), SIDE):
                right = rows[other : other + SIDE]
                table = room[: len(left) * len(right)].reshape(len(left), len(right))
                each(np.matmul(left, right.T, out=table))

    return run


def herding(X, radius, size, note=""):
    signals = q.Signals(vectors=X)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)

    from skactiveml.pool import MaxHerding

    def peer(batch):
        options = {"metric": "rbf", "metric_dict": {"gamma": radius**-2}, "random_state": 0}
        MaxHerding(**options).query(X, unlabelled(len(X)), batch_size=batch)

    return Case(
        size,
        lambda: s.MaxHerding(radius).select(signals, 100, 0),
        half(unit, 2**0.5 / radius, lambda table: np.exp(table, out=table)),
        peer,
        portion=(2, 12),
        bars=(("peer", 60),),
        note=f"limit: products and exponentials of half of all pairs, once, no picking{note}",
    )


def max_herding():
    return herding(normal(10_000, 64), 1.0, "10,000 x 64, normal, radius 1")


def max_herding_clustered():
    return herding(clusters(10_000, 64, 50), 1.0, "10,000 x 64, 50 clusters, radius 1")


def max_herding_default():
    return herding(
        normal(10_000, 64),
        8.0,
        "10,000 x 64, normal, the peer's own radius",
        "; radius 8 is the peer's default, gamma = 1 / 64 features",
    )


def prob_cover():
    X, radius = normal(10_000, 64), 9.0
    signals = q.Signals(vectors=X)

    from skactiveml.pool import ProbCover

    def peer(batch):
        strategy = ProbCover(n_classes=10, deltas=[radius], random_state=0)
        with warnings.catch_warnings():  # it says that a single radius has no purity
            warnings.simplefilter("ignore", UserWarning)
            strategy.query(X, unlabelled(len(X)), batch_size=batch)

    return Case(
        "10,000 x 64, radius given",
        lambda: s.ProbCover(radius, unit=False).select(signals, 100, 0),
        half(X, 1.0, lambda table: np.count_nonzero(table <= radius**2)),
        peer,
        bars=(("peer", 20),),
        note="limit: products and comparisons of half of all pairs, once, no picking",
    )


def cases():
    return {
        case.__name__: case
        for case in (max_herding, max_herding_clustered, max_herding_default, prob_cover)
    }
