"""Looking ahead with a Parzen window classifier: scores and picks of scikit-activeml."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.types import Labelled, Signals
from querist.strategies import ExpectedErrorReduction, ValueOfInformation

pool = pytest.importorskip("skactiveml.pool")

GAMMA, PRIOR, M, N = 0.5, 0.1, 6, 16
RNG = np.random.default_rng(8)
ROWS = RNG.normal(size=(M + N, 2))
TOLD = np.array([0, 1, 2, 0, 1, 0])
Y = np.append(TOLD.astype(float), np.full(N, np.nan))
COSTS = np.array([[0.0, 1.0, 4.0], [2.0, 0.0, 3.0], [5.0, 1.0, 0.0]])
SIGNALS = Signals(vectors=ROWS[M:], labelled=Labelled(ROWS[:M], TOLD, ("a", "b", "c")))


def parzen():
    from skactiveml.classifier import ParzenWindowClassifier

    return ParzenWindowClassifier(
        classes=[0, 1, 2],
        class_prior=PRIOR,
        metric="rbf",
        metric_dict={"gamma": GAMMA},
        random_state=0,
    )


@pytest.mark.parametrize(
    ("method", "loss"), [("log_loss", "log"), ("misclassification_loss", "zero_one")]
)
def test_expected_error_is_the_peers(method, loss):
    query = pool.MonteCarloEER(method=method, random_state=0)
    _, scores = query.query(ROWS, Y, parzen(), X_eval=ROWS[M:], return_utilities=True)
    ours = ExpectedErrorReduction(loss, GAMMA, PRIOR).score(SIGNALS)
    np.testing.assert_allclose(ours, scores[0, M:] / N, atol=1e-9)  # a mean here, a sum there
    assert np.argmax(ours) == np.nanargmax(scores[0]) - M


@pytest.mark.parametrize("costs", [None, COSTS], ids=["plain", "unequal"])
def test_value_of_information_is_the_peers(costs):
    query = pool.ValueOfInformationEER(cost_matrix=costs, subtract_current=True, random_state=0)
    picks, scores = query.query(ROWS, Y, parzen(), batch_size=5, return_utilities=True)
    ours = ValueOfInformation(costs, gamma=GAMMA, prior=PRIOR)
    np.testing.assert_allclose(ours.score(SIGNALS), scores[0, M:], atol=1e-9)
    assert (ours.select(SIGNALS, 5, 0) + M).tolist() == picks.tolist()
