"""Diversity: BADGE, k-center, typical rows, herding of what is uncertain."""

from __future__ import annotations

import numpy as np

import querist as q
from measuring import Case, Fixed, clusters, normal, unlabelled
from querist import strategies as s


def badge():
    X, proba = normal(20_000, 128), np.random.default_rng(1).dirichlet(np.ones(10), size=20_000)
    signals = q.Signals(vectors=X, proba=proba)

    def fold():
        """100 centres folded into the distances, 32 at a time: the arithmetic alone."""
        a = proba.copy()
        a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
        norms = (a**2).sum(axis=1) * (X**2).sum(axis=1)
        left = np.full(len(X), np.inf)
        for start in range(0, 100, 32):
            centres = slice(start, min(100, start + 32))
            for at in range(0, len(X), 2048):
                part = slice(at, at + 2048)
                table = X[centres] @ X[part].T
                table *= a[centres] @ a[part].T
                table *= -2.0
                table += norms[part]
                table += norms[centres][:, None]
                np.minimum(left[part], table.min(axis=0), out=left[part])

    from skactiveml.pool import Badge

    def peer(batch):
        strategy = Badge(random_state=0)
        strategy.query(X, unlabelled(len(X)), Fixed(proba), fit_clf=False, batch_size=batch)

    return Case(
        "20,000 x 128, 10 classes",
        lambda: s.BADGE().select(signals, 100, 0),
        fold,
        peer,
        bars=(("limit", 1 / 1.5), ("peer", 100)),
        note="limit: folding 100 centres, factored and blocked, without any drawing",
    )


def typi_clust():
    X = normal(10_000, 64)
    signals = q.Signals(vectors=X)

    from skactiveml.pool import TypiClust

    def peer(batch):
        TypiClust(random_state=0).query(X, unlabelled(len(X)), batch_size=batch)

    return Case("10,000 x 64", lambda: s.TypiClust().select(signals, 100, 0), peer=peer)


def uncertainty_herding():
    X, proba = normal(10_000, 64), np.random.default_rng(1).dirichlet(np.ones(10), size=10_000)
    known = q.Labelled(normal(200, 64, 2), np.arange(200) % 10, tuple("abcdefghij"))
    signals = q.Signals(vectors=X, proba=proba, labelled=known)
    run = s.UncertaintyHerding()
    return Case("10,000 x 64, 200 labelled", lambda: run.select(signals, 100, 0))


def farthest(X, size):
    signals = q.Signals(vectors=X)

    def incremental():
        """Farthest-first with one matrix-vector product per pick."""
        norms = np.einsum("ij,ij->i", X, X)
        mean = X.mean(axis=0)
        picked = [int(np.argmin(norms - 2 * (X @ mean)))]
        left = np.full(len(X), np.inf)
        while len(picked) < 100:
            last = picked[-1]
            np.minimum(left, norms + norms[last] - 2 * (X @ X[last]), out=left)
            left[last] = -1.0
            picked.append(int(np.argmax(left)))
        return np.array(picked)

    return Case(
        size,
        lambda: s.KCenter().select(signals, 100, 0),
        incremental,
        same=incremental,
        bars=(("limit", 3),),
        note="limit: incremental, one matrix-vector product per pick",
    )


def kcenter():
    return farthest(normal(100_000, 128), "100,000 x 128, normal")


def kcenter_clustered():
    return farthest(clusters(100_000, 128, 200), "100,000 x 128, 200 clusters")


def cases():
    return {
        case.__name__: case
        for case in (
            badge,
            kcenter,
            kcenter_clustered,
            typi_clust,
            uncertainty_herding,
        )
    }
