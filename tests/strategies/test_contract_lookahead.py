"""Strategies of samples, costs and looking ahead keep the contract, in all their settings."""

from __future__ import annotations

import pytest

from querist.strategies import (
    BALD,
    Certainty,
    ClassBalanced,
    CostSensitive,
    Entropy,
    ExpectedErrorReduction,
    ExpectedModelChange,
    PowerBALD,
    PowerSampling,
    ValueOfInformation,
)
from querist.testing.strategies import StrategyContract

COSTS = [[0, 1, 4], [2, 0, 3], [5, 1, 0]]
CASES = [
    PowerSampling(),
    PowerSampling(Entropy(), beta=3.0, form="softmax"),
    PowerSampling(form="softrank"),
    PowerSampling(beta=0.0),
    BALD(),
    PowerBALD(),
    Certainty(),
    Certainty(0),
    ClassBalanced(),
    ClassBalanced(Entropy()),
    CostSensitive(COSTS),
    CostSensitive(COSTS, "margin"),
    CostSensitive(COSTS, "expected"),
    ExpectedModelChange(),
    ExpectedErrorReduction(),
    ExpectedErrorReduction("zero_one"),
    ExpectedErrorReduction(candidates=20, points=15),
    ValueOfInformation(),
    ValueOfInformation(COSTS, points=15),
]


@pytest.fixture(params=CASES, ids=repr, autouse=True)
def each(request):
    request.cls.strategy = request.param


class TestLookahead(StrategyContract):
    pass
