"""Networks: hidden layers and dropout by definition, against scikit-learn's own forward pass."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from querist.core.questions import Choice
from querist.models import wrap
from querist.models.networks import dropout_proba, hidden

pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations:Warning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5))
Y = {2: (X[:, 0] > 0).astype(int), 3: np.digitize(X[:, 0], [-0.5, 0.5])}


def network(k=3, activation="relu", layers=(8, 6)):
    made = MLPClassifier(layers, activation=activation, max_iter=30, random_state=0)
    return made.fit(X, Y[k])


@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("k", [2, 3])
def test_the_last_hidden_layer_gives_the_networks_own_answer(activation, k):
    made = network(k, activation)
    logits = hidden(made, X) @ made.coefs_[-1] + made.intercepts_[-1]
    if k == 2:
        own = 1 / (1 + np.exp(-logits[:, 0]))
    else:
        own = np.exp(logits - logits.max(1, keepdims=True))
        own = (own / own.sum(1, keepdims=True))[:, 1]
    np.testing.assert_allclose(own, made.predict_proba(X)[:, 1], atol=1e-5)
    np.testing.assert_allclose(hidden(made, sparse.csr_matrix(X)), hidden(made, X), atol=1e-5)


@pytest.mark.parametrize("k", [2, 3])
def test_hardly_any_dropout_is_the_network_itself(k):
    made = network(k)
    said = dropout_proba(made, X, 3, 1e-12, seed=0)
    assert said.shape == (120, 3, k)
    for s in range(3):
        np.testing.assert_allclose(said[:, s], made.predict_proba(X), atol=1e-5)


def test_the_mean_over_many_passes_of_a_linear_layer_is_the_layer():
    made = network(3, "identity", (6,))
    first = X @ made.coefs_[0] + made.intercepts_[0]
    rng = np.random.default_rng(5)
    kept = (rng.random(6) >= 0.5) / 0.5
    logits = (first * kept) @ made.coefs_[1] + made.intercepts_[1]
    wanted = np.exp(logits - logits.max(1, keepdims=True))
    wanted /= wanted.sum(1, keepdims=True)
    np.testing.assert_allclose(dropout_proba(made, X, 2, 0.5, seed=5)[:, 0], wanted, atol=1e-5)


def test_a_pass_is_one_network_whatever_the_order_and_company():
    made = network()
    every = dropout_proba(made, X, 4, 0.5, seed=1)
    some = dropout_proba(made, X[[7, 3]], 4, 0.5, seed=1)
    np.testing.assert_allclose(some, every[[7, 3]], atol=1e-6)
    assert np.ptp(every, axis=1).max() > 0.05


def test_the_model_gives_its_vectors():
    model = wrap(make_pipeline(StandardScaler(), network()), Choice(["a", "b", "c"]))
    assert {"proba", "vectors"} <= model.gives
    fitted = model.fit(X, Y[3])
    said = fitted.predict(X, frozenset({"vectors", "proba"}))
    assert said.vectors.shape == (120, 6) and said.proba.shape == (120, 3)
    alone = model.fit(X[:3], np.zeros(3, dtype=int))
    assert "vectors" not in alone.gives  # nothing was trained: all labels are equal
