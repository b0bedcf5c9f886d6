"""Margin, least confidence, entropy, distance to the boundary: against hand-made tables."""

import numpy as np
import pytest

from querist.core.types import Signals
from querist.strategies import DistanceToBoundary, Entropy, LeastConfidence, Margin

THREE = np.array(
    [
        [0.50, 0.49, 0.01],  # smallest margin
        [0.40, 0.30, 0.30],  # least confident and highest entropy
        [0.90, 0.05, 0.05],
        [0.60, 0.40, 0.00],
    ]
)


def ranking(strategy, **signals):
    table = next(iter(signals.values()))
    return strategy.select(Signals(**signals), len(table), 0).tolist()


def test_each_ranks_by_its_own_formula():
    assert ranking(LeastConfidence(), proba=THREE) == [1, 0, 3, 2]
    assert ranking(Margin(), proba=THREE) == [0, 1, 3, 2]
    entropy = -(THREE * np.log(np.where(THREE > 0, THREE, 1))).sum(axis=1)
    assert ranking(Entropy(), proba=THREE) == np.argsort(-entropy).tolist()
    assert ranking(Entropy(), proba=THREE)[0] == 1


@pytest.mark.parametrize("strategy", [LeastConfidence(), Margin(), Entropy()])
def test_52_percent_sure_is_asked_before_98_percent_sure(strategy):
    proba = np.array([[0.98, 0.02], [0.52, 0.48]])
    assert strategy.select(Signals(proba=proba), 1, 0).tolist() == [1]


def test_all_agree_for_two_classes():
    sure = np.random.default_rng(0).uniform(size=200)
    proba = np.stack([sure, 1 - sure], axis=1)
    orders = [ranking(s, proba=proba) for s in (LeastConfidence(), Margin(), Entropy())]
    assert orders[0] == orders[1] == orders[2]


def test_certain_items_rank_last_and_score_no_nan():
    proba = np.array([[1.0, 0.0, 0.0], [0.4, 0.3, 0.3], [0.0, 1.0, 0.0]])
    picks = Entropy().pick(Signals(proba=proba), 3, 0)
    assert picks.positions[0] == 1
    assert picks.scores[1:].tolist() == [0, 0]
    assert picks.probability.tolist() == [1, 1, 1]


def test_margin_of_decision_values():
    two = np.array([-2.0, 0.1, -0.05, 3.0])
    assert ranking(Margin(), decision=two) == [2, 1, 0, 3]
    assert ranking(Margin(), decision=two[:, None]) == [2, 1, 0, 3]
    many = np.array([[3.0, -1.0, 2.9], [0.5, -2.0, -0.5], [-1.0, -1.4, -4.0]])
    assert ranking(Margin(), decision=many) == [0, 2, 1]


def test_margin_prefers_probabilities_to_decision_values():
    proba, decision = np.array([[0.9, 0.1], [0.5, 0.5]]), np.array([0.0, 5.0])
    assert Margin().select(Signals(proba=proba, decision=decision), 1, 0).tolist() == [1]


def test_distance_to_the_nearest_boundary():
    assert ranking(DistanceToBoundary(), decision=np.array([-2.0, 0.1, -0.05, 3.0])) == [2, 1, 0, 3]
    many = np.array([[3.0, -1.0, 2.9], [0.5, -2.0, -0.6], [-1.0, -1.4, -0.1]])
    assert ranking(DistanceToBoundary(), decision=many) == [2, 1, 0]


def test_svm_decision_values_sharpen_the_boundary():
    svm = pytest.importorskip("sklearn.svm")
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 2))
    model = svm.SVC(kernel="linear").fit(points[:40], points[:40, 0] > 0)
    decision = model.decision_function(points)
    picks = DistanceToBoundary().select(Signals(decision=decision), 20, 0)
    assert sorted(picks.tolist()) == sorted(np.argsort(np.abs(decision))[:20].tolist())
