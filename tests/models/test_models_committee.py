"""Committees: shapes, votes, bootstraps that lose no class, real disagreement."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from querist.core.errors import BadInput
from querist.core.questions import Choice, Number
from querist.core.types import Signals
from querist.models.committee import bootstrap, committee_draws
from querist.models.sklearn import wrap

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2))
Y = (X[:, 0] > 0).astype(np.int64)
QUESTION = Choice(["no", "yes", "never"])


def test_bootstraps_disagree_where_the_labels_do_not_decide() -> None:
    model = wrap(LogisticRegression(C=100), QUESTION)
    far, near = np.array([[4.0, 0.0]]), np.array([[0.0, 4.0]])
    draws = committee_draws(20, model, X, Y, np.r_[far, near], seed=1)
    assert draws.shape == (2, 20, 3)
    assert draws.dtype == np.float32
    Signals(draws=draws)
    assert (draws[:, :, 2] == 0).all()
    spread = draws[:, :, 1].std(axis=1)
    assert spread[1] > 5 * spread[0]
    np.testing.assert_array_equal(draws, committee_draws(20, model, X, Y, np.r_[far, near], seed=1))


def test_named_members_train_on_all_labels_and_vote() -> None:
    members = [GaussianNB(), SVC()]
    model = wrap(LogisticRegression(), QUESTION, classes=[5, 3, 9])
    draws = committee_draws(members, model, X, Y, X, question=QUESTION, seed=0)
    np.testing.assert_allclose(draws[:, 0, :2], GaussianNB().fit(X, Y).predict_proba(X), atol=1e-6)
    np.testing.assert_array_equal(draws[:, 1].argmax(axis=1), SVC().fit(X, Y).predict(X))
    assert set(np.unique(draws[:, 1])) == {0.0, 1.0}


def test_warm_models_do_not_make_members_alike() -> None:
    warm = wrap(LogisticRegression(C=100, max_iter=500), QUESTION, warm=True).fit(X, Y)
    cold = wrap(LogisticRegression(C=100, max_iter=500), QUESTION)
    args = (X, Y, X[:5])
    np.testing.assert_array_equal(
        committee_draws(3, warm, *args, seed=4), committee_draws(3, cold, *args, seed=4)
    )


def test_weights_travel_with_their_rows() -> None:
    model = wrap(GaussianNB(), QUESTION)
    heavy = np.where(Y == 1, 1.0, 1e-9)
    draws = committee_draws(5, model, X, Y, X, seed=0, weights=heavy)
    assert draws[:, :, 1].mean() > 0.95


@pytest.mark.parametrize("seed", range(20))
def test_bootstrap_keeps_every_class(seed: int) -> None:
    y = np.array([0] * 97 + [1, 2, 4])
    rows = bootstrap(y, np.random.default_rng(seed))
    assert len(rows) == 100
    assert set(y[rows]) == {0, 1, 2, 4}
    assert 50 < len(set(rows.tolist())) < 80  # about 63 % distinct


def test_errors_say_what_to_do() -> None:
    model = wrap(GaussianNB(), QUESTION)
    with pytest.raises(BadInput, match="at least two members"):
        committee_draws(1, model, X, Y, X, seed=0)
    with pytest.raises(BadInput, match="vote on a Choice"):
        committee_draws(3, model, X, Y, X, question=Number(), seed=0)
