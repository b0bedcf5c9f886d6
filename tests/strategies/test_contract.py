"""Every strategy of the package, and of this file, keeps the contract."""

from __future__ import annotations

import numpy as np
import pytest

from querist.strategies import (
    BUILTINS,
    Density,
    Distinct,
    Entropy,
    InformationDensity,
    KCenter,
    KMeansSampling,
    Margin,
    Mix,
    QueryByCommittee,
    Random,
    Top,
    as_strategy,
    get,
)
from querist.testing.strategies import StrategyContract


def most_expensive(signals, n, rng):
    keys = np.argsort(signals.ids if signals.ids is not None else rng.random(len(signals)))
    drawn = rng.permutation(len(signals))
    order = np.empty(len(signals), dtype=np.int64)
    order[keys] = drawn
    return np.lexsort((order, -np.asarray(signals.cost, dtype=np.float64)))[:n]


COMBINED = {
    "sum": 0.7 * Entropy() + 0.3 * Density(),
    "product": Entropy() * Density(),
    "chain": Entropy() >> Top(20) >> KCenter(),
    "chain ends in Top": Margin() >> Top(20),
    "weighted": Margin() >> KMeansSampling(),
    "mix": Mix({Margin(): 0.7, Random(): 0.3}),
    "distinct margin": Distinct(Margin()),
    "distinct mix": Distinct(Mix([(KCenter(), 1), (Random(), 1)])),
    "information density": InformationDensity(Entropy(), beta=2),
    "consensus": QueryByCommittee(3, measure="consensus_entropy"),
    "divergence": QueryByCommittee(3, measure="kl"),
    "variation": QueryByCommittee(3, measure="variation_ratio"),
    "function": as_strategy(most_expensive),
}


@pytest.fixture(params=[*BUILTINS, *COMBINED], autouse=True)
def each(request):
    request.cls.strategy = COMBINED.get(request.param) or get(request.param)


class TestEveryStrategy(StrategyContract):
    pass
