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
