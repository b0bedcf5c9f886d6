"""Strategies for numbers keep the contract."""

from __future__ import annotations

import pytest

from querist.strategies import (
    LCMD,
    CommitteeVariance,
    ExpectedModelChangeMaximization,
    GSx,
    GSy,
    PredictiveVariance,
    iGS,
)
from querist.testing.strategies import StrategyContract

EACH = [
    GSx(),
    GSy(),
    iGS(),
    LCMD(),
    CommitteeVariance(3),
    ExpectedModelChangeMaximization(3),
    PredictiveVariance(0.1),
]


@pytest.fixture(params=EACH, ids=repr, autouse=True)
def each(request):
    request.cls.strategy = request.param


class TestRegression(StrategyContract):
    pass
