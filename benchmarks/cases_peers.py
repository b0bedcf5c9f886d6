"""Strategies beside the same ones of other libraries, on the same data, the query alone.

scikit-activeml runs in this very process, modAL and ALiPy in the environment that
`--peer-python` names (see peer_queries.py). Classifiers say what they were given, so no fitting
is timed, except where refitting is the query.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import querist as q
from measuring import Case, Fixed, normal, unlabelled
from querist import strategies as s

HERE = Path(__file__).parent
PEER_PYTHON = "QUERIST_PEER_PYTHON"  # set by the runner's --peer-python
MODULES = {"modAL": "modAL", "ALiPy": "alipy"}


def apart(query, batch, **arrays):
    """The peers of other environments, each to be run on the arrays given."""
    return {name: partial(_apart, name, query, batch, arrays) for name in MODULES}


def _apart(name, query, batch, arrays):
    python = os.environ.get(PEER_PYTHON)
    if not python:
        return {"skipped": "no --peer-python given; peer_queries.py says how to make one"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arrays.npz"
        np.savez(path, **arrays)
        command = [python, str(HERE / "peer_queries.py"), name.lower(), query, str(batch), path]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def only(names, peers):
    return {name: peers[name] for name in names}


def dirichlet(n, k, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=n)


def uncertain(strategy, method, query, measure):
    proba = dirichlet(1_000_000, 10)
    signals = q.Signals(proba=proba)

    def peer(batch):
        from skactiveml.pool import UncertaintySampling

        strange = UncertaintySampling(method=method, random_state=0)
        strange.query(proba, unlabelled(len(proba)), Fixed(proba), fit_clf=False, batch_size=batch)

    return Case(
        "1,000,000 x 10",
        lambda: strategy.select(signals, 100, 0),
        peer=peer,
        others=apart(query, 100, proba=proba),
        bars=measure,
    )


def entropy():
    return uncertain(s.Entropy(), "entropy", "entropy", (("peer", 5),))


def margin():
    return uncertain(s.Margin(), "margin_sampling", "margin", ())


def part_labelled(n, d, m, k=2):
    """Rows of which the first m are labelled: all vectors, all classes, and our signals."""
    X = normal(n, d)
    y = (X @ normal(d, k, 5)).argmax(axis=1)
    known = q.Labelled(X[:m], y[:m], tuple("abcdefghij"[:k]))
    told = np.where(np.arange(n) < m, y, np.nan)
    return X, y, told, known


def kcenter():
    X, _, told, known = part_labelled(20_000, 128, 500)
    signals = q.Signals(vectors=X[500:], labelled=known)

    def peer(batch):
        from skactiveml.pool import CoreSet

        CoreSet(random_state=0).query(X, told, batch_size=batch)

    return Case(
        "20,000 x 128, 500 labelled",
        lambda: s.KCenter().select(signals, 100, 0),
        peer=peer,
        others=only(["ALiPy"], apart("kcenter", 100, X=X, m=500)),
    )


def query_by_committee():
    draws = np.stack([dirichlet(100_000, 10, seed) for seed in range(5)], axis=1)
    signals = q.Signals(draws=draws)

    def peer(batch):
        from skactiveml.pool import QueryByCommittee

        members, X = [Fixed(draws[:, i]) for i in range(5)], draws[:, 0]
        for member in members:
            member.classes_ = np.arange(10)  # what a fitted one has
        QueryByCommittee(method="KL_divergence", random_state=0).query(
            X, unlabelled(len(X)), members, fit_ensemble=False, batch_size=batch
        )

    return Case(
        "100,000 rows, 5 members, 10 classes, KL",
        lambda: s.QueryByCommittee(measure="kl").select(signals, 100, 0),
        peer=peer,
        others=apart("query_by_committee", 100, draws=draws),
    )


def information_density():
    X, proba = normal(10_000, 64), dirichlet(10_000, 10)
    signals = q.Signals(vectors=X, proba=proba)
    return Case(
        "10,000 x 64, density x entropy",
        lambda: s.InformationDensity(s.Entropy()).select(signals, 100, 0),
        others=apart("information_density", 100, X=X, proba=proba),
        note="the peers hold all n x n distances; ALiPy multiplies by distance, not similarity",
    )


def expected_error_reduction():
    X, y, _, known = part_labelled(500, 20, 20)
    signals = q.Signals(vectors=X[20:], labelled=known)
    return Case(
        "500 x 20, 2 classes",
        lambda: s.ExpectedErrorReduction().select(signals, 1, 0),
        others=apart("expected_error_reduction", 1, X=X, y=y, m=20),
        batch=1,
        note="the peers refit a logistic regression for each outcome, ours a kernel classifier",
    )


def quire():
    X, y, told, known = part_labelled(500, 20, 20)
    signals = q.Signals(vectors=X[20:], labelled=known)

    def peer(batch):
        from skactiveml.pool import Quire

        Quire(classes=[0, 1], metric_dict={"gamma": 0.05}, random_state=0).query(
            X, told, batch_size=batch
        )

    return Case(
        "500 x 20, 2 classes",
        lambda: s.QUIRE(gamma=0.05).select(signals, 1, 0),
        peer=peer,
        others=only(["ALiPy"], apart("quire", 1, X=X, y=y, m=20)),
        batch=1,
    )


class Linear:
    """A classifier of fixed slopes: dropping features changes what it says."""

    def __new__(cls, slopes):
        from skactiveml.base import SkactivemlClassifier

        class Says(SkactivemlClassifier):
            def fit(self, X, y, sample_weight=None):
                return self

            def predict_proba(self, X):
                odds = np.exp(X @ slopes - (X @ slopes).max(axis=1, keepdims=True))
                return odds / odds.sum(axis=1, keepdims=True)

            def predict(self, X):
                return (X @ slopes).argmax(axis=1)

        return Says(classes=list(range(slopes.shape[1])))


def headed(strategy, build, **options):
    """One that reads features and a classifier, on 10,000 x 64 with 200 labelled."""
    X, _, told, known = part_labelled(10_000, 64, 200, 10)
    slopes = normal(64, 10, 5)
    says = Linear(slopes)
    proba = says.predict_proba(X)
    known = q.Labelled(known.vectors, known.targets, known.classes, proba=proba[:200])
    parts = {"vectors": X[200:], "proba": proba[200:], "labelled": known}
    read = strategy.needs | strategy.wants
    signals = q.Signals(**{name: part for name, part in parts.items() if name in read})

    def peer(batch):
        build().query(X, told, says.fit(X, told), batch_size=batch, **options)

    return Case("10,000 x 64, 200 labelled", lambda: strategy.select(signals, 100, 0), peer=peer)


def clue():
    from skactiveml.pool import Clue

    return headed(s.CLUE(), partial(Clue, random_state=0), fit_estimator=False)


def falcun():
    from skactiveml.pool import Falcun

    return headed(s.Falcun(), partial(Falcun, random_state=0), fit_clf=False)


def drop_query():
    from skactiveml.pool import DropQuery

    peer = partial(DropQuery, n_dropout_samples=3, random_state=0)
    return headed(s.DropQuery(), peer, fit_clf=False)


def contrastive():
    from skactiveml.pool import ContrastiveAL

    return headed(s.ContrastiveAL(), partial(ContrastiveAL, random_state=0), fit_clf=False)


def discriminative():
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import DiscriminativeAL
    from sklearn.linear_model import LogisticRegression

    X, _, told, known = part_labelled(10_000, 64, 200, 10)
    signals = q.Signals(vectors=X[200:], labelled=known)

    def peer(batch):
        judge = SklearnClassifier(LogisticRegression(), classes=[0, 1])
        query = DiscriminativeAL(greedy_selection=True, random_state=0)
        query.query(X, told, judge, batch_size=batch)

    return Case(
        "10,000 x 64, 200 labelled, one step",
        lambda: s.DiscriminativeAL(steps=1).select(signals, 100, 0),
        peer=peer,
    )


def gsx():
    X, _, told, known = part_labelled(2_000, 64, 200)  # the peer takes minutes for 10,000
    signals = q.Signals(vectors=X[200:], labelled=known)

    def peer(batch):
        from skactiveml.pool import GreedySamplingX

        GreedySamplingX(random_state=0).query(X, told, batch_size=batch)

    return Case("2,000 x 64, 200 labelled", lambda: s.GSx().select(signals, 100, 0), peer=peer)


def cases() -> dict[str, Callable[[], Case]]:
    built = (
        clue,
        contrastive,
        discriminative,
        drop_query,
        entropy,
        expected_error_reduction,
        falcun,
        gsx,
        information_density,
        kcenter,
        margin,
        query_by_committee,
        quire,
    )
    return {f"{case.__name__}@peers": case for case in built}
