"""The public names exist, are light to import, and are what the design page writes."""

import inspect
import subprocess
import sys

import pytest

import querist as q
from querist import strategies

HEAVY = ("scipy", "sklearn", "pandas", "pyarrow", "plotly", "skops", "typer", "rich", "torch")


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_import_loads_numpy_and_nothing_heavier():
    loaded = run_python(
        "import querist, sys; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    ).split()
    assert not set(HEAVY) & set(loaded)


def test_importing_strategies_alone_needs_no_scikit_learn():
    loaded = run_python(
        "import sys; from querist.strategies import Margin, Entropy, Random;"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    ).split()
    assert "sklearn" not in loaded


@pytest.mark.parametrize(
    "name",
    [
        "campaign",
        "simulate",
        "compare",
        "Choice",
        "Choices",
        "Number",
        "Pairwise",
        "Spans",
        "Signals",
        "Labelled",
        "Curve",
        "Comparison",
        "Verdict",
        "__version__",
    ],
)
def test_top_level_names(name):
    assert hasattr(q, name)
    assert name in dir(q)


def test_campaign_takes_the_documented_arguments_with_their_defaults():
    found = inspect.signature(q.campaign).parameters
    for name, default in {
        "model": None,
        "strategy": "auto",
        "batch": None,
        "budget": None,
        "price": None,
        "control": 0.10,
        "holdout": 0,
        "seed": 0,
    }.items():
        assert found[name].default == default
        assert found[name].kind is inspect.Parameter.KEYWORD_ONLY
    assert "log" in found


def test_simulate_takes_the_documented_arguments_with_their_defaults():
    found = inspect.signature(q.simulate).parameters
    for name, default in {
        "start": 20,
        "batch": 1,
        "budget": None,
        "X_test": None,
        "y_test": None,
        "scoring": "accuracy",
        "control": 0.0,
        "oracle": None,
        "seed": 0,
    }.items():
        assert found[name].default == default


def test_compare_takes_the_documented_arguments_with_their_defaults():
    found = inspect.signature(q.compare).parameters
    assert (found["seeds"].default, found["n_jobs"].default) == (10, 1)
    assert found["progress"].default is True


@pytest.mark.parametrize(
    ("method", "expected"),
    {
        "ask": {"n": 1, "by": "me", "lease": 600},
        "tell": {"by": "me", "seconds": None},
        "skip": {"reason": "", "by": "me"},
        "retract": {"by": "me"},
        "run": {"until": None},
    }.items(),
)
def test_campaign_methods_have_the_documented_defaults(method, expected):
    found = inspect.signature(getattr(q.Campaign, method)).parameters
    assert {name: found[name].default for name in expected} == expected


@pytest.mark.parametrize("name", ["tell_many", "step", "predict", "labels", "status"])
def test_campaign_has_method(name):
    assert callable(getattr(q.Campaign, name))


@pytest.mark.parametrize(
    "name",
    [
        "Random",
        "LeastConfidence",
        "Margin",
        "Entropy",
        "DistanceToBoundary",
        "KCenter",
        "KMeansSampling",
        "Density",
        "QueryByCommittee",
        "Mix",
        "Top",
    ],
)
def test_strategies_live_under_their_names(name):
    assert inspect.isclass(getattr(strategies, name))


@pytest.mark.parametrize(
    "text",
    [
        "margin",
        "Margin",
        "least_confidence",
        "LeastConfidence",
        "least-confidence",
        "k_center",
        "KCenter",
        "kcenter",
        "kmeans",
        "KMeansSampling",
        "query_by_committee",
        "auto",
        "random",
    ],
)
def test_a_strategy_may_be_named_in_any_usual_spelling(text):
    assert isinstance(strategies.as_strategy(text), strategies.Strategy)


def test_all_strategies_are_listed_by_one_call():
    assert {"random", "margin", "entropy", "least_confidence", "auto"} <= set(strategies.names())


def test_public_objects_carry_docstrings():
    for name in ("campaign", "simulate", "compare", "Choice", "Signals", "Campaign"):
        assert inspect.getdoc(getattr(q, name))


@pytest.mark.parametrize("room", ["strategies", "logs", "pools", "stopping"])
def test_contract_suites_are_public(room):
    module = __import__(f"querist.testing.{room}", fromlist=["x"])
    assert any(name.endswith("Contract") for name in dir(module))
