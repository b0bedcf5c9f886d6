"""The benchmark of the strategies: every one is measured, and the page says what was found."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from querist.strategies import BUILTINS

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = json.loads((BENCHMARKS / "results" / "strategies.json").read_text(encoding="utf-8"))


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.delitem(sys.modules, "strategies", raising=False)
    return importlib.import_module


def test_the_page_is_what_the_results_give(bench):
    speed = bench("speed_page")
    said = speed.PAGE.read_text(encoding="utf-8")
    assert said == speed.page(RESULTS), "run: python benchmarks/strategies.py --table"


def test_every_strategy_has_results():
    measured = {case.split("@")[0] for case in RESULTS["cases"] if case.endswith(("@20k", "@100k"))}
    missing = set(BUILTINS) - measured
    assert not missing, f"run: python benchmarks/strategies.py {' '.join(sorted(missing))}"


def test_every_strategy_has_a_limit(bench):
    general = bench("cases_general")
    assert not {name for name in BUILTINS if general.by_size(name, 1000) is None}


def test_results_are_of_cases_there_are(bench):
    gone = set(RESULTS["cases"]) - set(bench("strategies").known())
    assert not gone, f"strike from the results: {sorted(gone)}"


def test_a_bar_missed_is_said_so(bench):
    told = RESULTS | {
        "cases": {
            "slow": {
                "size": "9 rows",
                "cpu_s": 2.0,
                "rss_mb": 1.0,
                "limit_cpu_s": 1.0,
                "times_limit": 0.5,
                "bars": {"limit": {"wanted": 0.8, "holds": False}},
            }
        }
    }
    text = bench("speed_page").page(told)
    assert "| `slow` | 9 rows | limit | 0.8 | 0.5 | **does not hold** |" in text


def test_best_peer_decides_the_bar(bench):
    found = {"wanted": {"peer": 5}, "times_peer": 9.0, "others": {"modAL": {"times": 4.0}}}
    assert bench("strategies").with_bars(found)["bars"] == {"peer": {"wanted": 5, "holds": False}}


@pytest.mark.parametrize(
    ("value", "said"),
    [(123456.0, "120,000"), (0.0005, "0.0005"), (9.96, "10"), (0.0, "0"), (None, "–")],
)
def test_figures_are_plain(bench, value, said):
    assert bench("speed_page").figure(value) == said


def test_limits_are_findings_and_faults_are_not(bench):
    runner, allowed = bench("strategies"), {"allowed_s": 60}
    spent = SimpleNamespace(returncode=-signal.SIGXCPU, stderr="")
    assert runner.reason(spent, allowed) == "more than 60 CPU s"
    hungry = SimpleNamespace(returncode=1, stderr="MemoryError: Unable to allocate 80 GiB")
    assert runner.reason(hungry, allowed) == "asked for more than 12 GB"
    with pytest.raises(runner.Broken, match="KeyError"):
        runner.reason(SimpleNamespace(returncode=1, stderr="KeyError: 'x'"), allowed)


def test_a_definition_is_no_library(bench):
    case = {"size": "9 rows", "cpu_s": 2.0, "rss_mb": 1.0, "peer_cpu_s": 6.0, "times_peer": 3.0}
    speed = bench("speed_page")
    assert speed.times_faster("slow", {"slow": case | {"peer": "scikit-activeml"}}) == 3.0
    assert speed.times_faster("slow", {"slow": case | {"peer": "the definition"}}) is None


def test_a_peer_that_was_stopped_is_said_so(bench):
    case = {"size": "9 rows", "cpu_s": 2.0, "rss_mb": 1.0, "peer_stopped": "more than 300 CPU s"}
    text = bench("speed_page").page(RESULTS | {"cases": {"slow": case}})
    assert "| `slow` | 9 rows | 2 | 1 | scikit-activeml | more than 300 CPU s | – | – |" in text


def test_a_case_runs_in_a_process_of_its_own():
    command = [sys.executable, str(BENCHMARKS / "strategies.py"), "--here", "margin@20k"]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        found |= json.loads(line)
    assert found["size"] == "20,000 x 10"
    assert 0 < found["cpu_s"] < 60
    assert found["times_limit"] > 0
