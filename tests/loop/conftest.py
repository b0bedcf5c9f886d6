"""A small real problem: two of scikit-learn's digits, told apart by a linear model."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q


@pytest.fixture(scope="session")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16.0, y[:600]


@pytest.fixture
def make(digits, tmp_path):
    """Open a campaign on the digits; further calls with the same log resume it."""
    X, _ = digits

    def open_campaign(**settings):
        options = {
            "model": LogisticRegression(max_iter=500),
            "strategy": "margin",
            "batch": 20,
            "log": f"sqlite:///{tmp_path / 'log.db'}",
        }
        return q.campaign(X, q.Choice(range(10)), **(options | settings))

    return open_campaign


@pytest.fixture
def oracle(digits):
    """True labels by item id; ids are the content's, so they are looked up in a pool."""
    X, y = digits
    pool = q.open_pool(X)
    truth = dict(zip(pool.ids(np.arange(len(X))), (str(v) for v in y), strict=True))
    return lambda task: truth[task.item_id]


POINTS = np.random.default_rng(0).normal(size=(120, 4))
POINT_IDS = [f"i{k}" for k in range(120)]


@pytest.fixture
def points():
    """Open a campaign on 120 points of two classes; a log makes two campaigns share one record."""

    def open_campaign(log=None, more=0, **settings):
        fresh = np.random.default_rng(1).normal(size=(more, 4))
        options = {
            "model": LogisticRegression(),
            "strategy": "margin",
            "batch": 10,
            "id": POINT_IDS + [f"n{k}" for k in range(more)],
        }
        data = np.vstack([POINTS, fresh])
        return q.campaign(data, q.Choice(["a", "b"]), log=log, **(options | settings))

    return open_campaign


@pytest.fixture
def side():
    """The true class of a point, by its id."""
    return lambda item_id: "a" if POINTS[int(item_id[1:]), 0] > 0 else "b"
