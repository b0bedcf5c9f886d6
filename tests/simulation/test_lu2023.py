"""Margin sampling, number for number as published: Lu et al. 2023 (arXiv:2306.08954), per seed."""

from __future__ import annotations

import csv

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import querist as q

SEEDS = {"heart": 10, "sonar": 10, "ionosphere": 10, "wdbc": 10, "australian": 10, "ex8a": 2}


def split(X, y, seed):
    """The published protocol: scaled train rows in their order, and the test rows."""
    index = np.arange(len(X))
    np.random.default_rng(seed).shuffle(index)
    train, test = np.split(index, [int(len(X) * (1 - 0.4))])
    np.random.default_rng(seed).shuffle(train)
    scaler = StandardScaler().fit(X[train])
    return scaler.transform(X[train]), y[train], scaler.transform(X[test]), y[test]


def replay(X, y, seed):
    train, labels, X_test, y_test = split(X, y, seed)
    return q.simulate(
        train,
        labels,
        model=SVC(gamma="auto"),
        strategy=q.strategies.Margin(),
        start=range(20),
        batch=1,
        X_test=X_test,
        y_test=y_test,
    )


def published_aubc(curve):
    """Trapezoids after the first query, divided by the number of queries as the authors do."""
    after = curve.scores["accuracy"][1:]
    return ((after[1:] + after[:-1]) / 2).sum() / len(after)


@pytest.fixture(scope="module")
def table(shared_data):
    with (shared_data / "tables" / "lu2023_margin_perseed.csv").open() as lines:
        return {
            (row["dataset"], int(row["seed"])): float(row["aubc"])
            for row in csv.DictReader(lines)
            if row["query_model"] == row["task_model"] == "RBFSVM"
        }


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_every_seed_has_the_published_area(name, table, load_set):
    data = load_set(f"zhan_{name}")
    seeds = [
        seed
        for seed in range(150)
        if (name, seed) in table and len(np.unique(split(data["X"], data["y"], seed)[1][:20])) == 2
    ][: SEEDS[name]]
    assert len(seeds) == SEEDS[name]
    runs = joblib.Parallel(n_jobs=2)(
        joblib.delayed(replay)(data["X"], data["y"], seed) for seed in seeds
    )
    found = {seed: published_aubc(curve) for seed, curve in zip(seeds, runs, strict=True)}
    assert found == {seed: pytest.approx(table[name, seed], abs=1e-5) for seed in seeds}


@pytest.mark.parametrize(("name", "seed"), [("sonar", 0), ("heart", 3)])
def test_picks_are_those_of_a_loop_written_out(name, seed, load_set):
    data = load_set(f"zhan_{name}")
    X, y, _, _ = split(data["X"], data["y"], seed)
    labelled, asked = list(range(20)), list(range(20))
    while len(labelled) < len(X):
        svc = SVC(gamma="auto").fit(X[sorted(labelled)], y[sorted(labelled)])
        rest = np.setdiff1d(np.arange(len(X)), labelled)
        asked.append(int(rest[np.abs(svc.decision_function(X[rest])).argmin()]))
        labelled.append(asked[-1])
    assert replay(data["X"], data["y"], seed).picked.tolist() == asked
