"""Pages of evidence hold the tables that their results give."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_the_page_of_screening_is_what_the_results_give(bench, shared_data):
    screening = bench("screening")
    told = json.loads(screening.RESULTS.read_text(encoding="utf-8"))
    assert screening.summary(told["runs"]) == told["found"]
    page = screening.PAGE.read_text(encoding="utf-8")
    assert all(table in page for table in screening.tables(told["found"]).values())


def test_the_page_of_lu_2023_is_what_the_results_give(bench, shared_data):
    lu = bench("lu2023")
    told = json.loads(lu.RESULTS.read_text(encoding="utf-8"))
    runs = [
        {"set": cell.split("|")[0], "method": cell.split("|")[1], "seed": int(seed), "area": area}
        for cell, areas in told["runs"].items()
        for seed, area in areas.items()
    ]
    assert lu.summary(runs) == told["found"] and lu.gaps(runs) == told["gaps"]
    page = lu.PAGE.read_text(encoding="utf-8")
    assert all(table in page for table in lu.tables(told["found"], told["gaps"], runs).values())


def test_the_large_pool_keeps_its_bars(bench):
    told = json.loads(bench("large_pool").RESULTS.read_text(encoding="utf-8"))
    later = [r.get("total", r["select"]) for rounds in told["found"].values() for r in rounds[1:]]
    assert told["holds"] and max(later) < 10
    assert max(r["peak_mb"] for rounds in told["found"].values() for r in rounds) < 2000


@pytest.mark.parametrize("quick", [True, False])
def test_the_whole_evidence_is_made_of_commands_there_are(bench, quick):
    for script, command in bench("evidence").commands(quick=quick, jobs=2).items():
        known = Path(command[0]).read_text(encoding="utf-8")
        known += (BENCHMARKS / "running.py").read_text(encoding="utf-8")
        options = [one.lstrip("-") for one in command if one.startswith("--")]
        assert all(f'"--{one}"' in known or f"{one}=" in known for one in options), script


def test_resampling_draws_as_many_rows_and_each_class_evenly(bench):
    models = bench("screening_models")
    relevant = np.repeat([True, False], [5, 95])
    a, alpha, b = balance = (2.155, 0.94, 0.789)
    heavy = a * (5 / 95) ** -alpha * 5
    light = (1 - (1 - b) / (1 + np.log(100))) * 95
    wanted = 100 * heavy / (heavy + light)
    drawn = []
    for seed in range(50):
        times = models.Rebalanced(None, balance, seed)._times(relevant)
        assert times.sum() == 100
        assert all(np.ptp(times[part]) <= 1 for part in (relevant, ~relevant))
        drawn.append(times[relevant].sum())
    assert set(drawn) <= {np.floor(wanted), np.ceil(wanted)}
    assert abs(np.mean(drawn) - wanted) < 0.3


def test_the_page_of_auto_is_what_the_results_give(bench):
    findings = bench("auto_findings")
    told = json.loads((BENCHMARKS / "results" / "auto_evidence.json").read_text(encoding="utf-8"))
    assert findings.bars(told) == told["bars"]
    page = BENCHMARKS.parent / "docs" / "evidence" / "auto.md"
    assert findings.page(told) == page.read_text(encoding="utf-8")
