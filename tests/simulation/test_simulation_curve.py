from __future__ import annotations

import json

import numpy as np
import pytest

import querist as q
from querist.core.errors import BadInput


@pytest.fixture
def curve():
    return q.Curve(
        labels=np.array([10, 15, 30]),
        scores={"accuracy": np.array([0.5, 0.8, 0.9]), "loss": np.array([0.9, np.nan, 0.2])},
        picked=np.arange(30),
        seconds={"fit": np.ones(3)},
        arms=("open",) * 30,
        strategy="Margin()",
    )


def test_the_area_is_over_the_span_of_labels(curve):
    assert curve.aubc("accuracy") == pytest.approx((0.65 * 5 + 0.85 * 15) / 20)
    assert curve.aubc() == curve.aubc("accuracy") and len(curve) == 3
    with pytest.raises(BadInput, match="there are: accuracy, loss"):
        curve.aubc("f1")


def test_json_holds_everything(curve):
    form = json.loads(curve.to_json())
    assert form["labels"] == [10, 15, 30] and form["scores"]["loss"] == [0.9, None, 0.2]
    assert form["picked"] == list(range(30)) and form["strategy"] == "Margin()"
