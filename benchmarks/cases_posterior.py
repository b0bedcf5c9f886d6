"""Strategies that ask what a label tells: of the model, of the pool, of the error to come."""

from __future__ import annotations

import numpy as np

import querist as q
from measuring import Case, normal, unlabelled
from querist import strategies as s


def posterior(n, draws, k, seed=0):
    """Probabilities (n, draws, k) of models that share most of what they think of an item."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.normal(size=(n, 1, k)) + rng.normal(size=(n, draws, k))
    raised = np.exp(logits)
    return raised / raised.sum(axis=2, keepdims=True)


def batch_bald_of(draws, peer=None, **more):
    signals = q.Signals(draws=draws)
    return Case(
        f"{len(draws):,} x {draws.shape[1]} draws x {draws.shape[2]} classes, 10,000 outcomes",
        lambda: s.BatchBALD().select(signals, 10, 0),
        peer=peer,
        batch=10,
        **more,
    )


def batch_bald():
    draws = posterior(2000, 10, 10)

    from skactiveml.pool import batch_bald as peers

    turned = np.ascontiguousarray(draws.transpose(1, 0, 2))

    def peer(batch):
        peers(turned, batch, n_MC_samples=4000, random_state=0)

    return batch_bald_of(
        draws,
        peer,
        floor=lambda: 3.2,
        bars=(("limit", 1.0),),
        note="limit: 3.2 CPU s, a lazy greedy over as many outcomes; the peer draws 4,000",
    )


def batch_bald_many_draws():
    return batch_bald_of(posterior(2000, 100, 10))


def density():
    X, proba = normal(100_000, 64), np.random.default_rng(1).dirichlet(np.ones(10), size=100_000)
    signals = q.Signals(vectors=X, proba=proba)
    return Case("100,000 x 64", lambda: s.InformationDensity().select(signals, 100, 0))


def expected_error_reduction():
    X = normal(500, 20)
    truth = (X[:, 0] > 0).astype(float)
    known = q.Labelled(X[:20], truth[:20].astype(int), ("a", "b"))
    signals = q.Signals(vectors=X[20:], labelled=known)

    from skactiveml.classifier import ParzenWindowClassifier
    from skactiveml.pool import MonteCarloEER

    def peer(batch):
        y = unlabelled(500)
        y[:20] = truth[:20]
        model = ParzenWindowClassifier(classes=[0, 1], random_state=0)
        MonteCarloEER(method="log_loss", random_state=0).query(X, y, model, batch_size=batch)

    return Case(
        "500 x 20, 20 labelled, 2 classes",
        lambda: s.ExpectedErrorReduction().select(signals, 1, 0),
        peer=peer,
        batch=1,
        bars=(("peer", 100),),
    )


def cases():
    return {
        "batch_bald": batch_bald,
        "batch_bald@100draws": batch_bald_many_draws,
        "density": density,
        "expected_error_reduction": expected_error_reduction,
    }
