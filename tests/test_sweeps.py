"""The sweeps of the evidence: the page is what the results give, and its helpers are right."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = json.loads((BENCHMARKS / "results" / "auto_sweeps.json").read_text(encoding="utf-8"))


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_the_page_is_what_the_results_give(bench, tmp_path):
    sweeps = bench("auto_sweeps")
    written = sweeps.PAGE.read_text(encoding="utf-8")
    page = tmp_path / "sweeps.md"
    page.write_text(written, encoding="utf-8")
    sweeps.put_tables(page, sweeps.tables(RESULTS))
    assert page.read_text(encoding="utf-8") == written, "run: benchmarks/auto_sweeps.py --report"


def test_every_claim_has_its_place_on_the_page(bench):
    sweeps = bench("auto_sweeps")
    text = sweeps.PAGE.read_text(encoding="utf-8")
    assert not [name for name in sweeps.CLAIMS if f"<!-- table {name} -->" not in text]
    assert set(RESULTS["claims"]) <= set(sweeps.CLAIMS)


def test_random_is_the_mean_of_three_and_shares_are_points(bench):
    arm = {"accuracy": 0.5, "models": 3.0}
    run = {f"random{i}": {"accuracy": 0.1 * i} for i in range(3)} | {"null": arm}
    found = bench("auto_sweeps_tables").by_arm([run, run])
    assert found["random"]["accuracy"].round(9).tolist() == [10.0, 10.0]
    assert found["null"]["accuracy"].tolist() == [50.0, 50.0]
    assert found["null"]["models"].tolist() == [3.0, 3.0]


def test_where_the_rule_ends_a_curve(bench):
    stopped = bench("auto_sweeps_loop").stopped
    scores = np.array([0.5, 0.7, 0.701, 0.702, 0.703, 0.9])
    found = stopped({"measured": scores, "true": scores}, [100, 200, 300, 400, 500, 600], 3)
    assert (found["cycles"], found["labels"]) == (5, 500)
    assert found["score_left"] == pytest.approx(0.197)
    assert found["labels_in_vain"] == 300  # from 200 on within half a point of 0.703
    assert found["never_stopped"] == 0


def test_a_near_copy_leaves_constant_columns_alone(bench):
    pools = bench("auto_sweeps_pools")
    items = np.column_stack([np.zeros(50), np.arange(50.0)])
    found = pools.copied(items, np.full(9, 7), seed=0)
    assert (found[:, 0] == 0).all()
    assert 0 < np.abs(found[:, 1] - 7).max() < 2
    texts = pools.copied(np.array(["one two three"], dtype=object), np.zeros(9, dtype=int), 0)
    assert {len(text.split()) for text in texts} == {2}


def test_blends_lie_between_two_classes(bench):
    items, y = np.array([[0.0], [0.0], [8.0]]), np.array([0, 0, 1])
    assert bench("auto_sweeps_pools").blends(items, y, 5, seed=0).tolist() == [[4.0]] * 5


def test_noise_at_the_boundary_has_the_mean_asked_for(bench):
    rates = bench("auto_sweeps_pools").spread_over(np.array([0.1, 0.1, 0.2, 1.0, 1.0]), 0.4)
    assert rates.mean() == pytest.approx(0.4)
    assert rates.max() <= 0.9
    assert rates[2] == pytest.approx(2 * rates[0])
