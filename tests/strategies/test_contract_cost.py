"""Strategies that weigh a label against its price keep the contract."""

from __future__ import annotations

import pytest

from querist.strategies import Entropy, Knapsack, PerCost
from querist.testing.strategies import StrategyContract

EACH = [PerCost(), PerCost(Entropy()), Knapsack(), Knapsack(Entropy(), budget=1e6)]


@pytest.fixture(params=EACH, ids=repr, autouse=True)
def each(request):
    request.cls.strategy = request.param


class TestCost(StrategyContract):
    pass
