"""Draws by score, samples, costs and expected errors, each by its definition in plain loops."""

from __future__ import annotations

import tracemalloc
from collections import Counter

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.remarks import remarks
from querist.core.types import Labelled, Signals
from querist.strategies import (
    BALD,
    Certainty,
    ClassBalanced,
    CostSensitive,
    ExpectedErrorReduction,
    ExpectedModelChange,
    LeastConfidence,
    Margin,
    PowerSampling,
    Score,
    ValueOfInformation,
)

RNG = np.random.default_rng(4)
PROBA = RNG.dirichlet(np.ones(3), size=12)
COSTS = np.array([[0.0, 1.0, 4.0], [2.0, 0.0, 3.0], [5.0, 1.0, 0.0]])
POOL, KNOWN, TARGETS = RNG.normal(size=(9, 2)), RNG.normal(size=(4, 2)), np.array([0, 1, 2, 0])
SIGNALS = Signals(vectors=POOL, labelled=Labelled(KNOWN, TARGETS, classes=("a", "b", "c")))


class Given(Score):
    needs = frozenset({"cost"})

    def score(self, signals):
        return np.log(signals.cost)


@pytest.mark.parametrize("form", ["power", "softmax", "softrank"])
def test_draws_follow_the_law_of_the_form(form):
    worth = np.array([1.5, 2.0, 4.0, 8.0])
    scores = np.log(worth)
    weights = {
        "power": scores**2.0,
        "softmax": np.exp(2.0 * scores),
        "softrank": np.array([4.0, 3.0, 2.0, 1.0]) ** -2.0,
    }[form]
    p = weights / weights.sum()
    strategy, signals = PowerSampling(Given(), beta=2.0, form=form), Signals(cost=worth)
    drawn = Counter(tuple(strategy.select(signals, 2, seed).tolist()) for seed in range(4000))
    for (i, j), times in drawn.items():
        law = p[i] * p[j] / (1 - p[i])
        assert abs(times / 4000 - law) < 4.5 * np.sqrt(law * (1 - law) / 4000) + 1e-3


def test_a_power_of_a_negative_score_is_refused():
    with pytest.raises(BadInput, match="softmax"):
        PowerSampling(Given()).select(Signals(cost=np.array([0.5, 2.0])), 1, 0)


def test_bald_is_the_information_in_plain_loops():
    draws = RNG.dirichlet(np.ones(3), size=(5, 4))
    for found, rows in zip(BALD().score(Signals(draws=draws)), draws, strict=True):
        mean = rows.mean(axis=0)
        plain = sum(p[c] * np.log(p[c] / mean[c]) for p in rows for c in range(3)) / 4
        assert found == pytest.approx(plain, abs=1e-12)


def test_model_change_is_the_mean_length_of_the_gradients():
    vectors = RNG.normal(size=(12, 4))
    found = ExpectedModelChange().score(Signals(proba=PROBA, vectors=vectors))
    for score, p, h in zip(found, PROBA, vectors, strict=True):
        lengths = [np.linalg.norm(np.outer(p - np.eye(3)[c], np.append(h, 1.0))) for c in range(3)]
        assert score == pytest.approx(p @ lengths)


def test_costs_by_definition():
    signals = Signals(proba=PROBA)
    by_decision = np.array([[p @ COSTS[:, d] for d in range(3)] for p in PROBA])
    cheapest = np.sort(by_decision, axis=1)
    forms = {
        "minimal": cheapest[:, 0],
        "margin": 5.0 - (cheapest[:, 1] - cheapest[:, 0]),
        "expected": (PROBA * by_decision).sum(axis=1),
    }
    for form, expected in forms.items():
        np.testing.assert_allclose(CostSensitive(COSTS, form).score(signals), expected, atol=1e-10)
    for plain, form in ((LeastConfidence(), "minimal"), (Margin(), "margin")):
        np.testing.assert_allclose(CostSensitive(None, form).score(signals), plain.score(signals))


@pytest.mark.parametrize("matrix", [[[0, 1]], [[0, -1], [1, 0]], [[0, np.nan], [1, 0]]])
def test_bad_costs(matrix):
    with pytest.raises(BadInput, match="cost matrix"):
        CostSensitive(matrix)
    with pytest.raises(BadInput, match="2 classes"):
        CostSensitive([[0, 1], [1, 0]]).score(Signals(proba=PROBA))


def test_certainty_by_name_and_by_position():
    signals = Signals(proba=PROBA, labelled=SIGNALS.labelled)
    np.testing.assert_array_equal(Certainty("b").score(signals), PROBA[:, 1])
    np.testing.assert_array_equal(Certainty().score(signals), PROBA[:, 2])
    for wrong in ("z", 3):
        with pytest.raises(BadInput, match="relevant"):
            Certainty(wrong).score(signals)


def test_rare_classes_weigh_more():
    signals = Signals(proba=PROBA, labelled=SIGNALS.labelled)
    expected = Margin().score(signals) * (PROBA @ [2 / 3, 1.0, 1.0])
    np.testing.assert_allclose(ClassBalanced().score(signals), expected)


def fitted(known, targets, x):
    found = np.full(3, 0.1)
    for other, y in zip(known, targets, strict=True):
        found[y] += np.exp(-0.5 * ((x - other) ** 2).sum())
    return found / found.sum()


@pytest.mark.parametrize("loss", ["log", "zero_one"])
def test_error_reduction_is_that_of_refits(loss):
    error = {"log": lambda p: -p @ np.log(p), "zero_one": lambda p: 1 - p.max()}[loss]
    found = ExpectedErrorReduction(loss, gamma=0.5).score(SIGNALS)
    for score, x in zip(found, POOL, strict=True):
        after = [
            np.mean([error(fitted([*KNOWN, x], [*TARGETS, y], z)) for z in POOL]) for y in range(3)
        ]
        assert score == pytest.approx(-fitted(KNOWN, TARGETS, x) @ after, abs=1e-9)


def test_only_the_sampled_candidates_are_scored():
    few = ExpectedErrorReduction(candidates=4, points=5)
    with remarks() as said:
        assert np.isfinite(few.score(SIGNALS)).sum() == 4
    assert said[1].startswith("ExpectedErrorReduction scores 4 of ")


def risk(known, targets, pool):
    seen = sum(COSTS[y] @ fitted(known, targets, x) for x, y in zip(known, targets, strict=True))
    return seen + sum(fitted(known, targets, x) @ COSTS @ fitted(known, targets, x) for x in pool)


def test_value_of_information_is_that_of_refits():
    price = RNG.uniform(1, 2, size=9)
    signals = Signals(vectors=POOL, labelled=SIGNALS.labelled, cost=price)
    found = ValueOfInformation(COSTS, price=0.3, gamma=0.5).score(signals)
    for row, x in enumerate(POOL):
        left = np.delete(POOL, row, axis=0)
        after = [risk([*KNOWN, x], [*TARGETS, y], left) for y in range(3)]
        plain = risk(KNOWN, TARGETS, POOL) - fitted(KNOWN, TARGETS, x) @ after - 0.3 * price[row]
        assert found[row] == pytest.approx(plain, abs=1e-8)


def test_error_reduction_holds_blocks_and_not_a_table_of_candidates_and_points():
    rng = np.random.default_rng(0)
    known = Labelled(rng.normal(size=(20, 4)), np.arange(20) % 2, ("a", "b"))
    signals = Signals(vectors=rng.normal(size=(10_000, 4)), labelled=known)
    tracemalloc.start()
    ExpectedErrorReduction().select(signals, 1, 0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 60e6  # one number for each candidate and point is 80 MB, each pair 800 MB
