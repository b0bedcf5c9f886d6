"""Cases of BAIT and Cluster-Margin."""

from __future__ import annotations

import numpy as np

import querist as q
from measuring import Case, normal
from querist import strategies as s


def said(X, k):
    """What a linear softmax model says."""
    logits = 0.3 * X @ np.random.default_rng(1).normal(size=(X.shape[1], k))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def fisher(n, k, batch, size):
    X = normal(n, 128)
    signals = q.Signals(vectors=X, proba=said(X, k))
    wide = np.column_stack([X, np.ones(n)])

    def products():
        """The matrix products of 2 x batch updates alone: each row by two tables a class pair."""
        directions = normal(129, 2 * (k - 1) ** 2, 2)
        for _ in range(2 * batch):
            for start in range(0, n, 1024):
                wide[start : start + 1024] @ directions

    def definition(picks):
        """One greedy step in as many as asked, (k d)^2 matrices and all, for 200 rows of it."""
        few = 200
        order = k * 129
        inverse, whole = np.eye(order), normal(order, order, 3)
        rows = [
            np.sqrt(p)[:, None] * np.kron(np.eye(k) - p, h)
            for p, h in zip(signals.proba[:few], wide[:few], strict=True)
        ]
        for _ in range(picks):
            for x in rows:
                along = x @ inverse
                np.trace(np.linalg.solve(np.eye(k) + along @ x.T, along @ whole @ along.T))

    return Case(
        size,
        lambda: s.BAIT(ridge=1.0).select(signals, batch, 0),
        products,
        definition,
        batch=batch,
        portion=(1, 2),
        peer_name="the definition",
        note=(
            "ridge 1, as vectors have squared length 128; "
            "limit: the matrix products of the 2 x batch updates alone; "
            f"peer: the definition, each pick over 200 rows only, {n // 200} times fewer, "
            "and one way, without the way back"
        ),
    )


def bait():
    return fisher(20_000, 10, 100, "20,000 x 128, 10 classes")


def bait_binary():
    return fisher(100_000, 2, 100, "100,000 x 128, 2 classes, 20,000 candidates")


def cluster_margin():
    X = normal(100_000, 128)
    signals = q.Signals(vectors=X, proba=said(X, 10))

    def parts():
        """Linking 2,000 rows, and 10,000 x 2,000 distances."""
        from scipy.cluster.hierarchy import linkage

        linkage(X[:2000], method="average")
        X[:10_000] @ X[:2000].T

    return Case(
        "100,000 x 128, 10 classes, batch 1,000",
        lambda: s.ClusterMargin().select(signals, 1000, 0),
        parts,
        batch=1000,
        note="limit: the linkage and one table of distances",
    )


def cases():
    return {case.__name__: case for case in (bait, bait_binary, cluster_margin)}
