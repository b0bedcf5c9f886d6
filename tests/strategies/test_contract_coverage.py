"""Strategies of gradients and coverage keep the contract, in all their settings."""

from __future__ import annotations

import pytest

from querist.strategies import BADGE, MaxHerding, ProbCover, TypiClust, UncertaintyHerding
from querist.testing.strategies import StrategyContract

CASES = {
    "badge": BADGE(),
    "prob cover": ProbCover(),
    "prob cover, raw": ProbCover(1.0, unit=False),
    "uncertainty herding": UncertaintyHerding(),
    "typi clust": TypiClust(),
    "typi clust, few": TypiClust(3, 4, unit=False),
    "max herding": MaxHerding(),
    "max herding, raw": MaxHerding(0.3, unit=False),
}


@pytest.fixture(params=CASES, autouse=True)
def each(request):
    request.cls.strategy = CASES[request.param]


class TestCoverageStrategies(StrategyContract):
    pass
