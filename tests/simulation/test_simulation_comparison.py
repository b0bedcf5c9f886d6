from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.metrics import paired
from querist.strategies import GroupQuota

LABELS = np.arange(10, 110, 10)


def curve(scores, labels=LABELS):
    return q.Curve(
        labels, {"accuracy": np.asarray(scores)}, np.arange(labels[-1]), {}, tested_on=50
    )


def rising(half, wobble, seeds=8):
    """Curves that reach 0.9 more or less slowly, with luck that differs by seed."""
    rng = np.random.default_rng(3)
    luck = rng.normal(scale=wobble, size=(seeds, len(LABELS)))
    return tuple(curve(0.9 - 0.4 * np.exp(-LABELS / half) + row) for row in luck)


@pytest.fixture
def made():
    curves = {
        "good": rising(15, 0.002),
        "same": rising(40, 0.02)[::-1],
        "bad": rising(80, 0.002),
        "random": rising(40, 0.02),
    }
    return q.Comparison(curves, tuple(range(8)))


def test_the_table_ranks_and_counts(made):
    rows = made.table()
    assert rows[0]["strategy"] == "good" and rows[-1]["strategy"] == "bad"
    table = {row["strategy"]: row for row in rows}
    heights = [paired.aubc(LABELS, c.scores["accuracy"]) for c in made.curves["good"]]
    assert table["good"]["aubc"] == pytest.approx(np.mean(heights))
    assert table["good"]["aubc_low"] < table["good"]["aubc"] < table["good"]["aubc_high"]
    assert table["good"]["saved_low"] > 0.2 and table["good"]["losses"] == 0
    assert table["bad"]["saved_high"] < 0 and table["bad"]["losses_holm"] >= 5
    assert table["random"]["saved"] is None
    assert 30 < table["good"]["labels"] < 60 and table["bad"]["labels"] is None


def test_a_saving_is_claimed_only_where_the_interval_excludes_zero(made):
    verdict = made.verdict()
    assert set(verdict) == {"good", "same", "bad"}
    assert verdict["good"].startswith("Saves ") and "Nowhere significantly" in verdict["good"]
    assert verdict["same"].startswith("No saving is shown") and "includes 0" in verdict["same"]
    assert verdict["bad"].startswith("Needs more labels than random")
    assert "after Holm's correction" in verdict["bad"]
    assert {name: saving.proven for name, saving in made.saved().items()} == {
        "good": True,
        "same": False,
        "bad": False,
    }


def test_savings_against_another_strategy(made):
    against = made.saved(against="good")
    assert set(against) == {"same", "bad", "random"} and against["random"].share.high < 0
    with pytest.raises(BadInput, match="there are: good, same, bad, random"):
        made.saved(against="margin")


def test_losses_are_the_points_significantly_below_random(made):
    losses = made.losses()
    p = {
        name: paired.t_below(made.matrix(name)[1], made.matrix("random")[1])
        for name in ("good", "same", "bad")
    }
    expected = {
        (name, int(LABELS[k])) for name, row in p.items() for k in np.flatnonzero(row < 0.05)
    }
    assert {(loss["strategy"], loss["labels"]) for loss in losses} == expected
    assert all(loss["p"] <= loss["p_bh"] <= loss["p_holm"] for loss in losses)
    assert losses[0]["difference"] < 0 and [x["p"] for x in losses] == sorted(
        x["p"] for x in losses
    )


def test_labels_to_a_target_with_seeds_that_never_get_there():
    fast, slow = curve(np.linspace(0.5, 0.95, 10)), curve(np.full(10, 0.5))
    found = q.Comparison({"random": (fast, fast, slow), "x": (slow, slow, fast)}, (0, 1, 2))
    reach = found.labels_to(0.75)
    assert reach["random"].labels.value == pytest.approx(60) and reach["random"].reached == 2
    assert reach["x"].labels.value == np.inf and reach["x"].reached == 1
    assert reach["random"].labels.high == np.inf and "2 of 3 seeds" in str(reach["random"])


def test_runs_of_different_lengths_are_read_where_all_have_labels():
    short = curve([0.5, 0.7], np.array([10, 40]))
    grid, scores = q.Comparison(
        {"random": (short, curve(np.linspace(0.5, 0.95, 10)))}, (0, 1)
    ).matrix("random")
    assert grid.tolist() == [10, 20, 30, 40]
    assert scores[0].round(3).tolist() == [0.5, 0.567, 0.633, 0.7]


def test_one_seed_claims_nothing(made):
    single = q.Comparison({name: found[:1] for name, found in made.curves.items()}, (0,))
    assert single.table()[0]["saved"] is None and single.table()[0]["aubc_low"] is None
    assert all("one seed shows nothing" in said for said in single.verdict().values())
    assert json.loads(single.to_json())["saved"] == {}


def test_json_and_plot_of_a_real_comparison():
    X, y = load_breast_cancer(return_X_y=True)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    found = q.compare(
        X,
        y,
        model=model,
        strategies=["margin"],
        seeds=3,
        start=10,
        batch=10,
        budget=100,
        scoring=["accuracy", "roc_auc"],
        progress=False,
    )
    form = json.loads(found.to_json())
    assert form["scores"] == ["accuracy", "roc_auc"] and len(form["curves"]["margin"]) == 3
    assert form["tested_on"] == round(0.25 * len(X))
    assert form["table"][0].keys() == found.table()[0].keys()
    assert "NaN" not in found.to_json() and "Infinity" not in found.to_json()
    for score in (None, "roc_auc"):
        figure = found.plot(score)
        names = {trace.name for trace in figure.data if trace.name}
        assert {"margin", "random"} <= names
        assert figure.layout.yaxis.title.text == (score or "accuracy")
    with pytest.raises(BadInput, match="no score is called 'f1'"):
        found.table("f1")


class TestAsked:
    groups = np.array(["hard"] * 30 + ["easy"] * 70)

    @pytest.fixture
    def found(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(100, 2))
        y = rng.permutation(np.arange(100) % 2)
        return q.compare(
            X,
            y,
            model=LogisticRegression(),
            strategies={"quota": GroupQuota("random", {"hard": 0.75})},
            groups=self.groups,
            start=10,
            batch=4,
            budget=30,
            seeds=4,
            progress=False,
        )

    def test_shares_are_counted_over_the_queries_after_the_start(self, found):
        rows = {(r["strategy"], r["group"]): r for r in found.asked(self.groups)}
        for name, curves in found.curves.items():
            asked = [self.groups[c.picked[c.labels[0] :]] == "hard" for c in curves]
            every = [np.sum(self.groups[c.picked] == "hard") for c in curves]
            row = rows[name, "hard"]
            assert row["share"] == pytest.approx(np.mean([part.mean() for part in asked]))
            assert row["found"] == pytest.approx(np.mean(every))
            assert row["share_low"] <= row["share"] <= row["share_high"]
            pool = [np.setdiff1d(np.arange(100), c.test_rows) for c in curves]
            assert row["pool"] == pytest.approx(np.mean([np.mean(p < 30) for p in pool]))
        assert rows["quota", "hard"]["share"] == pytest.approx(0.75, abs=0.05)
        more = rows["quota", "hard"]
        gap = more["found"] - rows["random", "hard"]["found"]
        assert more["more"] == pytest.approx(gap) and more["more_low"] <= gap <= more["more_high"]
        assert "more" not in rows["random", "hard"]

    def test_any_grouping_will_do_afterwards(self, found):
        assert {row["group"] for row in found.asked(self.groups == "hard")} == {"True", "False"}

    @pytest.mark.parametrize("of", ["hard", [1, 2, 3], None], ids=["text", "short", "none"])
    def test_what_is_no_grouping_is_refused(self, found, of):
        with pytest.raises(BadInput, match="one group for each row"):
            found.asked(of)

    def test_a_strategy_with_quotas_needs_the_groups(self):
        with pytest.raises(MissingNeed, match="groups="):
            q.simulate(
                np.eye(30), np.arange(30) % 2, model=LogisticRegression(), strategy="group_quota"
            )
