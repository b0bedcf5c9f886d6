"""Screening: the likeliest first, and a share by chance that holds over batches."""

from __future__ import annotations

import numpy as np
import pytest

import querist as q
from querist.errors import BadInput
from querist.strategies import Certainty, Screening
from querist.testing.strategies import StrategyContract

PROBA = np.random.default_rng(0).dirichlet(np.ones(2), size=200)


class TestScreening(StrategyContract):
    strategy = Screening()


class TestScreeningByChance(StrategyContract):
    strategy = Screening(0, chance=0.4)


def known(m):
    return q.Labelled(np.zeros((m, 2)), np.arange(m) % 2, classes=("no", "yes"))


def test_without_chance_it_is_certainty():
    signals = q.Signals(proba=PROBA, labelled=known(7))
    for relevant in ("no", "yes", 0):
        picks = Screening(relevant).pick(signals, 20, 3)
        wanted = Certainty(relevant).pick(signals, 20, 3)
        assert picks.positions.tolist() == wanted.positions.tolist()
        assert picks.scores.tolist() == wanted.scores.tolist()
        assert set(picks.names) == {"Screening: likely"}


@pytest.mark.parametrize("batch", [1, 3, 10, 37])
def test_the_share_holds_over_batches_of_any_size(batch):
    asked, labels = 0, 2
    while labels < 400:
        picks = Screening(chance=0.1).pick(q.Signals(proba=PROBA, labelled=known(labels)), batch, 1)
        asked += sum(name == "Screening: by chance" for name in picks.names)
        labels += batch
        assert abs(asked - 0.1 * (labels - 2)) <= 1


def test_what_is_drawn_is_drawn_from_all_that_is_left():
    signals = q.Signals(proba=PROBA)
    top = Certainty().select(signals, 100, 0).tolist()
    counts = np.zeros(200)
    for seed in range(400):
        picks = Screening(chance=0.5).pick(signals, 100, seed)
        assert picks.positions[:50].tolist() == top[:50]
        assert picks.probability[50:].tolist() == [50 / 150] * 50
        counts[picks.positions[50:]] += 1
    assert (counts[top[:50]] == 0).all()
    rest = np.delete(counts, top[:50]) / 400
    assert abs(rest.mean() - 1 / 3) < 1e-9 and rest.std() < 0.04  # 0.024 by the binomial


@pytest.mark.parametrize("chance", [-0.1, 1, 1.5, float("nan")])
def test_chance_is_a_share(chance):
    with pytest.raises(BadInput, match="share"):
        Screening(chance=chance)


def test_a_campaign_finds_the_rare_class_and_says_who_asked():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(600, 5))
    y = (X[:, 0] + X[:, 1] > 2.6).astype(int)
    assert 10 < y.sum() < 40
    from sklearn.linear_model import LogisticRegression

    def found(strategy):
        curve = q.simulate(
            X, y, model=LogisticRegression(), strategy=strategy, start=20, batch=5, budget=150
        )
        return y[curve.picked].sum(), curve

    mine, curve = found(Screening("1", chance=0.1))
    assert mine > 2 * found("random")[0]
    assert curve.strategy == "Screening(relevant='1', chance=0.1)"
