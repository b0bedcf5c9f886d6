"""Findings of made-up runs: every number against its definition."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from scipy import stats

from querist.metrics import paired
from querist.simulation.estimators import Part
from querist.simulation.findings import Findings
from querist.simulation.plan import Plan, Setting, Source
from querist.simulation.study_page import failures, page_of

LABELS = [10, 20, 30, 40]
SEEDS = 8
BIAS = {"good": 0.05, "level": 0.0, "bad": -0.05}  # against random, at every point
SOFTWARE = {"querist": "0.1.0", "numpy": "2.0"}


def setting(data, target=None):
    return Setting(
        data,
        "default",
        "linear",
        Source(data, data, ()),
        Part("default"),
        Part("linear"),
        (),
        target,
    )


def made(data, cell):
    """A run of a cell: luck of its own on a slope, and the bias of its strategy."""
    name = cell.strategy
    salt = [sum(map(ord, name)), cell.seed, cell.draw, len(data), 7]
    luck = np.random.default_rng(salt).normal(scale=0.01, size=4)
    scores = np.array([0.5, 0.6, 0.7, 0.75]) + BIAS.get(name, 0.0) + luck
    return {
        "labels": LABELS,
        "scores": {
            "accuracy": scores.tolist(),
            "accuracy[easy]": (scores + 0.1).tolist(),
            "accuracy[hard]": (scores - 0.1 + BIAS.get(name, 0.0)).tolist(),
        },
        "seconds": {"fit": [0.5] * 4, "score": [0.25] * 4},
        "picked": list(range(40)),
        "tested_on": 25,
        "ended": "",
        "memory": 100.0 + cell.seed,
        "warnings": ["UserWarning: hm"] if name == "level" else [],
        "software": SOFTWARE,
    }


@pytest.fixture
def plan():
    return Plan(
        "Made up",
        (setting("a", target=0.7), setting("bb")),
        {name: name for name in BIAS},
        tuple(range(SEEDS)),
        2,
        True,
    )


@pytest.fixture
def runs(plan):
    return {cell.key: made(cell.setting.data, cell) for cell in plan.cells()}


@pytest.fixture
def found(plan, runs):
    return Findings.of(plan, runs)


def scores_of(found, data, name):
    return found.comparison(data).matrix(name)[1]


def test_the_table_by_its_definitions(found):
    rows = {(r["data"], r["strategy"]): r for r in found.table()}
    assert len(rows) == 2 * 5
    raw = {}
    for name in BIAS:
        row = rows["a", name]
        area = paired.aubc(LABELS, scores_of(found, "a", name))
        base = paired.aubc(LABELS, scores_of(found, "a", "random"))
        assert row["gain"] == pytest.approx((area - base).mean())
        assert row["gain_low"] < row["gain"] < row["gain_high"]
        raw[name] = stats.wilcoxon(area, base, method="exact").pvalue
        assert row["p"] == pytest.approx(raw[name])
        assert row["seconds"] == pytest.approx(3.0) and row["memory"] == 107.0
        assert row["hard"] - row["easy"] == pytest.approx(BIAS[name])
    order = sorted(raw, key=raw.get)
    running = 0.0
    for place, name in enumerate(order):
        running = max(running, (3 - place) * raw[name])
        assert rows["a", name]["p_holm"] == pytest.approx(min(1, running))
    outcomes = [rows["a", name]["outcome"] for name in (*BIAS, "random")]
    assert outcomes == ["win", "tie", "loss", None]
    assert rows["a", "good"]["labels_to_target"] < rows["a", "random"]["labels_to_target"]
    assert rows["a", "good"]["reached"] == SEEDS and "reached" not in rows["bb", "good"]


def test_losses_are_paired_t_tests_adjusted_within_a_strategy(found):
    losses = found.losses()
    assert [row["p"] for row in losses] == sorted(row["p"] for row in losses)
    p = []
    for data in ("a", "bb"):
        gaps = scores_of(found, data, "bad") - scores_of(found, data, "random")
        p += stats.ttest_1samp(gaps, 0, alternative="less").pvalue.tolist()
    bad = {(r["data"], r["labels"]): r for r in losses if r["strategy"] == "bad"}
    assert len(bad) == sum(value < 0.05 for value in p) >= 7
    bh, holm = paired.adjust(p, "bh"), paired.adjust(p, "holm")
    for k, (data, labels) in enumerate((d, x) for d in ("a", "bb") for x in LABELS):
        if (data, labels) in bad:
            row = bad[data, labels]
            told = (row["p"], row["p_bh"], row["p_holm"])
            assert told == pytest.approx((p[k], bh[k], holm[k]))
            assert row["difference"] < 0


def test_the_ranking_counts_over_settings(found):
    rows = found.ranking()
    assert rows[0]["strategy"] == "good" and rows[-1]["strategy"] == "random again"
    told = {r["strategy"]: r for r in rows}
    assert (told["good"]["rank"], told["bad"]["rank"]) == (1.0, 4.0)
    assert told["level"]["rank"] + told["random"]["rank"] == 5.0
    assert told["random again"]["rank"] is None
    assert [told["good"][k] for k in ("wins", "ties", "losses")] == [2, 0, 0]
    assert [told["bad"][k] for k in ("wins", "ties", "losses")] == [0, 0, 2]
    table = [r for r in found.table() if r["strategy"] == "bad"]
    assert told["bad"]["below"] == sum(r["below"] for r in table) / 8
    assert told["bad"]["below_bh"] == sum(r["below_bh"] for r in table) / 8 > 0.8
    assert told["bad"]["areas_below"] == 2 and told["good"]["areas_below"] == 0
    assert told["bad"]["worst"] == min(r["gain"] for r in table)
    assert told["good"]["p"] is None  # two settings are too few for a test over settings
    assert told["random"]["wins"] is None


def test_over_six_settings_there_is_a_test(plan):
    many = Plan(
        "six",
        tuple(setting(x * k) for k, x in enumerate("abcdef", 1)),
        plan.strategies,
        plan.seeds,
        2,
        True,
    )
    found = Findings.of(many, {c.key: made(c.setting.data, c) for c in many.cells()})
    told = {r["strategy"]: r for r in found.ranking()}
    assert told["good"]["p"] == 2 / 64 == told["bad"]["p"]
    assert told["good"]["p_holm"] == pytest.approx(3 * 2 / 64)
    assert told["random again"]["p"] is not None and told["random again"]["p_holm"] is None


def test_only_whole_seeds_count_and_what_lacks_is_told(plan, runs):
    cells = list(plan.cells())
    gone = [c for c in cells if c.seed == 3 and c.strategy == "good" and c.setting.data == "a"]
    failed = next(c for c in cells if c.strategy == "level" and c.setting.data == "bb")
    left = {key: run for key, run in runs.items() if key != gone[0].key}
    left[failed.key] = {
        "error": "BadInput: no",
        "memory": 1.0,
        "warnings": [],
        "software": SOFTWARE,
    }
    found = Findings.of(plan, left)
    assert found.missing == 1 and [f["error"] for f in found.failed] == ["BadInput: no"]
    assert found.comparison("a").seeds == (0, 1, 2, 4, 5, 6, 7)
    assert "level" not in found.comparison("bb").curves
    assert found.comparison("bb").seeds == plan.seeds
    page = page_of(found)
    assert "Runs that failed" in page and "BadInput: no" in page


def test_one_seed_shows_nothing(plan, runs):
    one = Plan("one", plan.settings, plan.strategies, (0,), 2, True)
    found = Findings.of(one, runs)
    assert found.losses() == [] and {r["outcome"] for r in found.table()} == {None}
    assert found.verdict()[0].endswith("one seed shows nothing; run ten.")
    page = page_of(found)
    assert "so few seeds (1) can show no win or loss; with 3 strategies it takes 7" in page
    assert "Untested: no setting has two whole seeds yet." in page and "None." not in page


def test_nothing_is_called_where_nothing_could_be(plan, runs):
    few = Findings.of(Plan("few", plan.settings, plan.strategies, tuple(range(6)), 2, True), runs)
    row = {row["strategy"]: row for row in few.ranking()}["bad"]
    assert row["wins"] is row["losses"] is None and row["below"] == 1.0
    assert "bad: 6 seeds are too few for a win or a loss" in "\n".join(few.verdict())
    enough = Plan("seven", plan.settings, plan.strategies, tuple(range(7)), 2, True)
    row = {row["strategy"]: row for row in Findings.of(enough, runs).ranking()}["bad"]
    assert row["losses"] == 2 and row["ties"] == 0


def test_failures_of_one_kind_are_one_row(plan, runs):
    gone = {"error": "ValueError: odd", "memory": 1.0, "warnings": [], "software": SOFTWARE}
    broken = {c.key: gone for c in plan.cells() if c.setting.data == "bb" and c.seed in (2, 5)}
    found = Findings.of(plan, runs | broken)
    assert len(found.failed) == 12
    (row,) = failures(found)
    assert row["strategies"] == "random, random again, good, level, bad"
    assert (row["data"], row["seeds"], row["error"]) == ("bb", "2, 5", "ValueError: odd")


def test_nothing_done_yet(plan):
    found = Findings.of(plan, {})
    assert found.table() == [] and found.ranking() == [] and found.losses() == []
    assert "No seed is whole yet" in page_of(found)


def test_the_page_and_the_json_tell_all(found):
    form = json.loads(found.to_json())
    assert set(form) >= {"ranking", "table", "losses", "curves", "software", "failed", "missing"}
    assert len(form["curves"][0]["strategies"]["good"]) == SEEDS
    page = page_of(found)
    for title in (
        "In words",
        "Ranking",
        "Losses",
        "Every setting",
        "Easy and hard items",
        "Labels to the target",
        "Labels saved, time and memory",
    ):
        assert re.search(rf"<h2>{title}", page), title
    assert page.count("<h2>Learning curves") == 2
    drawn = [
        {line.name: line.line.color for line in place.plot().data if line.mode == "lines+markers"}
        for place in found.places
    ]
    assert drawn[0] == drawn[1] and len(set(drawn[0].values())) == 4  # one colour, everywhere
    assert "different versions" not in page
    assert found.warnings == {"UserWarning: hm": 2 * SEEDS} and "UserWarning: hm" in page


def test_runs_of_other_versions_are_told(plan, runs):
    key = next(iter(runs))
    mixed = runs | {key: runs[key] | {"software": SOFTWARE | {"numpy": "1.26"}}}
    assert "made by different versions" in page_of(Findings.of(plan, mixed))
