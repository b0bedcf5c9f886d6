"""One more label by closed form is one more label by a refit."""

from __future__ import annotations

import numpy as np
import pytest

from querist.selection.parzen import (
    Parzen,
    cost_risk,
    log_risk,
    scale_gamma,
    zero_one_risk,
)

COSTS = np.array([[0.0, 1.0, 4.0], [2.0, 0.5, 3.0], [5.0, 1.0, 0.0]])


def proba_by_loops(known, targets, x, gamma=0.3, prior=0.2, k=3):
    found = np.full(k, prior)
    for other, y in zip(known, targets, strict=True):
        found[y] += np.exp(-gamma * ((x - other) ** 2).sum())
    return found / found.sum()


LOSSES = {
    "log": (log_risk, lambda p: -(p * np.log(p)).sum()),
    "zero_one": (zero_one_risk, lambda p: 1 - p.max()),
    "cost": (cost_risk(COSTS), lambda p: p @ COSTS @ p),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("points", [7, 2100])  # below and above one block of rows
def test_risks_are_those_of_refits(name, points):
    rng = np.random.default_rng(3)
    known, targets = rng.normal(size=(6, 2)), rng.integers(3, size=6)
    pool, candidates = rng.normal(size=(points, 2)), rng.normal(size=(3, 2))
    risk, loss = LOSSES[name]
    found = Parzen(known, targets, 3, 0.3, 0.2).risks(pool, candidates, risk)
    for c in range(3):
        for s, x in enumerate(candidates):
            refit = np.vstack([known, x]), np.append(targets, c)
            total = sum(loss(proba_by_loops(*refit, point)) for point in pool)
            assert found[c, s] == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("labels", [1, 7, 600])  # 600: above one block of points
def test_costs_at_labelled_items_are_those_of_refits(labels):
    rng = np.random.default_rng(4)
    known, targets = rng.normal(size=(labels, 2)), rng.integers(3, size=labels)
    candidates = rng.normal(size=(2, 2))
    found = Parzen(known, targets, 3, 0.3, 0.2).known_costs(COSTS[targets], candidates)
    for c in range(3):
        for s, x in enumerate(candidates):
            refit = np.vstack([known, x]), np.append(targets, c)
            total = sum(
                COSTS[y] @ proba_by_loops(*refit, point)
                for point, y in zip(known, targets, strict=True)
            )
            assert found[c, s] == pytest.approx(total, rel=1e-10)


def test_no_label_gives_the_prior():
    model = Parzen(np.empty((0, 2)), np.empty(0, dtype=np.int64), 4, 1.0, 0.1)
    np.testing.assert_allclose(model.proba(np.ones((3, 2))), 0.25)


def test_gamma_is_one_over_the_number_of_standardised_columns():
    rows = np.random.default_rng(0).normal(3.0, 2.0, size=(500, 5))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    assert scale_gamma(rows) == pytest.approx(0.2)
    assert scale_gamma(np.ones((3, 2))) == 1.0
