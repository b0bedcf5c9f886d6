"""Strategies for several labels an item keep the contract."""

from __future__ import annotations

import pytest

from querist.strategies import (
    LCI,
    MMC,
    AvgConfidence,
    AvgScore,
    BinaryMinimum,
    MaxConfidence,
    MaxLoss,
    MaxScore,
    MeanMaxLoss,
)
from querist.testing.strategies import StrategyContract

EACH = [
    BinaryMinimum(),
    MaxLoss(),
    MeanMaxLoss(),
    MMC(),
    LCI(),
    AvgScore(),
    MaxScore(),
    AvgConfidence(),
    MaxConfidence(),
    LCI() * BinaryMinimum(),
]


@pytest.fixture(params=EACH, ids=repr, autouse=True)
def each(request):
    request.cls.strategy = request.param


class TestMultilabel(StrategyContract):
    pass
