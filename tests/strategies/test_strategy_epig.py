"""EPIG by its definition in plain loops, and the contract."""

from __future__ import annotations

import numpy as np
import pytest

from querist.core.types import Signals
from querist.strategies import EPIG
from querist.testing.strategies import StrategyContract


def test_information_about_targets_in_plain_loops():
    draws = np.random.default_rng(2).dirichlet(np.ones(3), size=(6, 4))
    found = EPIG().score(Signals(draws=draws))
    for score, p in zip(found, draws, strict=True):
        total = 0.0
        for q in draws:
            joint = sum(np.outer(a, b) for a, b in zip(p, q, strict=True)) / 4
            apart = np.outer(p.mean(axis=0), q.mean(axis=0))
            total += (joint * np.log(joint / apart)).sum()
        assert score == pytest.approx(total / 6, abs=1e-9)


@pytest.fixture(params=[EPIG(), EPIG(targets=9)], ids=repr)
def each(request):
    request.cls.strategy = request.param


@pytest.mark.usefixtures("each")
class TestEPIG(StrategyContract):
    pass
