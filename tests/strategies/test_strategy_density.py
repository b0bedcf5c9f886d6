import tracemalloc

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.core.types import Signals
from querist.strategies import Density, Entropy, InformationDensity, Margin


def plain(vectors, pool):
    a = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    b = pool / np.linalg.norm(pool, axis=1, keepdims=True)
    return (a @ b.T).mean(axis=1)


def test_density_is_the_mean_cosine_to_the_pool():
    rng = np.random.default_rng(0)
    vectors, reference = rng.normal(size=(3000, 7)), rng.normal(size=(50, 7))
    np.testing.assert_allclose(
        Density().score(Signals(vectors=vectors)), plain(vectors, vectors), atol=1e-12
    )
    np.testing.assert_allclose(
        Density().score(Signals(vectors=vectors, reference=reference)),
        plain(vectors, reference),
        atol=1e-12,
    )


def test_an_all_zero_vector_is_like_nothing():
    vectors = np.array([[0.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(Density().score(Signals(vectors=vectors)), [0, 0.5])


@pytest.mark.parametrize(
    "strategy",
    [
        InformationDensity(),
        InformationDensity(Entropy(), beta=3),
        Entropy() * Density(),
        0.5 * Margin() + 0.5 * Density(),
    ],
)
def test_an_uncertain_outlier_ranks_below_an_equally_uncertain_typical_item(strategy):
    rng = np.random.default_rng(1)
    vectors = np.concatenate([[[0.0, 1.0]], [1.0, 0.0] + 0.05 * rng.normal(size=(40, 2))])
    proba = np.full((41, 2), 0.5)
    proba[2:] = [0.95, 0.05]
    order = strategy.select(Signals(proba=proba, vectors=vectors), 41, 0).tolist()
    assert order[0] == 1  # uncertain and typical
    assert order.index(0) > order.index(1)


def test_beta_0_leaves_the_base_alone():
    rng = np.random.default_rng(2)
    signals = Signals(proba=rng.dirichlet(np.ones(3), 50), vectors=rng.normal(size=(50, 3)))
    score = InformationDensity(beta=0).score(signals)
    np.testing.assert_allclose(score, Margin().score(signals))


@pytest.mark.parametrize("beta", [-1, np.nan, np.inf])
def test_a_bad_beta_is_refused(beta):
    with pytest.raises(BadInput, match="beta"):
        InformationDensity(beta=beta)


def test_density_weighting_holds_blocks_and_not_a_table_of_pairs():
    rng = np.random.default_rng(0)
    signals = Signals(
        vectors=rng.normal(size=(20_000, 64)), proba=rng.dirichlet(np.ones(5), size=20_000)
    )
    tracemalloc.start()
    InformationDensity().select(signals, 50, 0)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 10e6  # the vectors themselves are 10 MB, a table of pairs 3.2 GB
