"""Strategies of gradients and coverage keep the contract, in all their settings."""

from __future__ import annotations

import pytest

from querist.strategies import Badge
from querist.testing.strategies import StrategyContract

CASES = {
    "badge": Badge(),
}


@pytest.fixture(params=CASES, autouse=True)
def each(request):
    request.cls.strategy = CASES[request.param]


class TestCoverageStrategies(StrategyContract):
    pass
