"""Strategies for numbers against their papers, written as plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Labelled, Signals
from querist.strategies import (
    LCMD,
    CommitteeVariance,
    ExpectedModelChangeMaximization,
    GSx,
    GSy,
    PredictiveVariance,
    iGS,
)


def make(seed, n=60, d=3, m=4, shift=0.0):
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(n, d)) + shift,
        rng.normal(size=n),
        rng.normal(size=(m, d)) + shift,
        rng.normal(size=m),
    )


def signals_of(x, f, known_x, known_y):
    return Signals(vectors=x, predicted=f[:, None], labelled=Labelled(known_x, known_y))


def greedy(distance, x, f, known_x, known_y, n):
    """Algorithms 1 to 3 of Wu, Lin and Huang; a pick goes on with its own prediction."""
    places, numbers, picks = list(known_x), list(known_y), []
    if not len(places):
        first = int(np.argmin(np.linalg.norm(x - x.mean(axis=0), axis=1)))
        picks.append(first)
        places.append(x[first])
        numbers.append(f[first])
    while len(picks) < n:
        wide = [
            -1.0
            if i in picks
            else min(
                distance(np.linalg.norm(x[i] - place), abs(f[i] - number))
                for place, number in zip(places, numbers, strict=True)
            )
            for i in range(len(x))
        ]
        best = int(np.argmax(wide))
        picks.append(best)
        places.append(x[best])
        numbers.append(f[best])
    return picks


RULES = [
    (GSx(), lambda near, apart: near),
    (GSy(), lambda near, apart: apart),
    (iGS(), lambda near, apart: near * apart),
]


@pytest.mark.parametrize(("strategy", "distance"), RULES)
@pytest.mark.parametrize("seed", range(4))
def test_greedy_sampling_is_the_papers(strategy, distance, seed):
    parts = make(seed, shift=50.0 * seed)
    expected = greedy(distance, *parts, n=20)
    assert strategy.select(signals_of(*parts), 20, 0).tolist() == expected


@pytest.mark.parametrize(("strategy", "distance"), [RULES[0], RULES[2]])
def test_the_first_is_nearest_to_the_centroid(strategy, distance):
    x, f, _, _ = make(3)
    expected = greedy(distance, x, f, [], [], n=12)
    empty = signals_of(x, f, np.empty((0, 3)), np.empty(0))
    assert strategy.select(empty, 12, 0).tolist() == expected


def test_large_pools_take_the_same_picks_as_small_steps():
    x, f, known_x, known_y = make(7, n=3000, m=40)
    near = np.linalg.norm(x[:, None] - known_x, axis=2) * abs(f[:, None] - known_y)
    left, expected = near.min(axis=1), []
    for _ in range(50):
        expected.append(int(np.argmax(left)))
        fresh = np.linalg.norm(x - x[expected[-1]], axis=1) * abs(f - f[expected[-1]])
        left = np.minimum(left, fresh)
    assert iGS().select(signals_of(x, f, known_x, known_y), 50, 0).tolist() == expected


def lcmd_loop(x, centres, n):
    centres, picks = list(centres), []
    while len(picks) < n:
        table = ((x[:, None] - np.array(centres)) ** 2).sum(axis=2)
        owner, far = table.argmin(axis=1), table.min(axis=1)
        sizes = np.bincount(owner, weights=far, minlength=len(centres))
        best = int(np.argmax(np.where(owner == sizes.argmax(), far, -1.0)))
        picks.append(best)
        centres.append(x[best])
    return picks


@pytest.mark.parametrize("seed", range(4))
def test_lcmd_is_the_papers(seed):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(size=(40, 3)), rng.normal(size=(900, 3)) * 0.3 + 9.0 * seed])
    known = rng.normal(size=(5, 3))
    signals = Signals(vectors=x, labelled=Labelled(known, np.zeros(5)))
    assert LCMD().select(signals, 40, 0).tolist() == lcmd_loop(x, known, 40)


def test_lcmd_prefers_the_crowd_to_a_lone_outlier():
    rng = np.random.default_rng(0)
    crowd = rng.normal(size=(500, 2))
    signals = Signals(
        vectors=np.concatenate([crowd, [[0.0, 14.0]]]),
        labelled=Labelled(np.array([[0.0, 0.0], [0.0, 9.0]]), np.zeros(2)),
    )
    assert LCMD().select(signals, 1, 0)[0] != 500
    assert GSx().select(signals, 1, 0)[0] == 500


def test_committee_variance_by_hand():
    predicted = np.array([[1.0, 1.0, 1.0], [0.0, 3.0, 6.0], [2.0, 2.0, 5.0]])
    np.testing.assert_allclose(CommitteeVariance().score(Signals(predicted=predicted)), [0, 6, 2])


def test_expected_model_change_by_hand():
    x, _, _, _ = make(0)
    said = np.random.default_rng(1).normal(size=(60, 4))
    expected = [
        np.mean([np.linalg.norm((row[0] - member) * point) for member in row[1:]])
        for row, point in zip(said, x, strict=True)
    ]
    found = ExpectedModelChangeMaximization().score(Signals(predicted=said, vectors=x))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("strategy", [CommitteeVariance(), ExpectedModelChangeMaximization()])
def test_one_regressor_is_no_committee(strategy):
    with pytest.raises(BadInput, match="at least 2 regressors"):
        strategy.select(Signals(predicted=np.ones((3, 1)), vectors=np.ones((3, 1))), 1, 0)
    with pytest.raises(BadInput, match="at least 2 members"):
        type(strategy)(1)


@pytest.mark.parametrize("n", [30, 2500])
def test_predictive_variance_is_that_of_refitting(n):
    x, _, known, _ = make(5, n=n)
    rows, picks = [np.append(1.0, point) for point in known], []
    wide = np.column_stack([np.ones(n), x])
    for _ in range(12):
        inverse = np.linalg.inv(0.5 * np.eye(4) + np.array(rows).T @ np.array(rows))
        spread = np.einsum("ij,jk,ik->i", wide, inverse, wide)
        spread[picks] = -1.0
        picks.append(int(np.argmax(spread)))
        rows.append(wide[picks[-1]])
    signals = Signals(vectors=x, labelled=Labelled(known, np.zeros(4)))
    assert PredictiveVariance(0.5).select(signals, 12, 0).tolist() == picks


@pytest.mark.parametrize("noise", [0.0, -1.0, np.nan])
def test_noise_is_positive(noise):
    with pytest.raises(BadInput, match="positive"):
        PredictiveVariance(noise)


@pytest.mark.parametrize(("method", "strategy"), [("GSy", GSy()), ("GSi", iGS())])
def test_greedy_sampling_agrees_with_scikit_activeml(method, strategy):
    pool = pytest.importorskip("skactiveml.pool")
    regressor = pytest.importorskip("skactiveml.regressor")
    from sklearn.linear_model import Ridge

    x, _, known_x, known_y = make(11)
    model = regressor.SklearnRegressor(Ridge()).fit(known_x, known_y)
    everything = np.concatenate([known_x, x])
    numbers = np.append(known_y, np.full(len(x), np.nan))
    theirs = pool.GreedySamplingTarget(method=method, random_state=0).query(
        everything, numbers, model, fit_reg=False, batch_size=10
    )
    ours = strategy.select(signals_of(x, model.predict(x), known_x, known_y), 10, 0)
    assert ours.tolist() == (theirs - len(known_x)).tolist()


def test_sampling_of_inputs_agrees_with_scikit_activeml():
    pool = pytest.importorskip("skactiveml.pool")
    x, f, known_x, known_y = make(12)
    everything = np.concatenate([known_x, x])
    numbers = np.append(known_y, np.full(len(x), np.nan))
    theirs = pool.GreedySamplingX(random_state=0).query(everything, numbers, batch_size=10)
    ours = GSx().select(signals_of(x, f, known_x, known_y), 10, 0)
    assert ours.tolist() == (theirs - len(known_x)).tolist()
