"""Rows of the requirements, each tried as a user would: the row's number is in the name.

Real data and real estimators. Claims that take many seeds are the work of `benchmarks/`; here
stands that the behaviour is there, and that it says what it measured.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer, precision_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

import querist as q
from querist.cli import main
from querist.loop.folder import create_folder, open_desk, open_folder
from querist.loop.report import build_report
from querist.metrics.paired import adjust
from querist.server.handover import Handover
from querist.server.task_rows import open_rows
from querist.simulation import Study
from querist.simulation.plan import AGAIN, BASELINE
from querist.simulation.study_page import page_of

DIGITS = [str(k) for k in range(10)]


@pytest.fixture(scope="module")
def digits(load_set):
    """900 scanned digits: X (900, 64) in [0, 1], their labels as text."""
    found = load_set("uci_optdigits")
    return found["X"][:900] / 16.0, [str(k) for k in found["y"][:900]]


@pytest.fixture(scope="module")
def questions(load_set):
    """600 questions and which of six kinds their answer is."""
    table = load_set("trec6")["data"]
    return table["text"].to_pylist()[:600], table["label"].to_pylist()[:600]


def opened(data, classes, **settings):
    """A campaign over items whose ids are their row numbers."""
    ids = [str(k) for k in range(len(data))]
    settings.setdefault("model", LogisticRegression(max_iter=200))
    return q.campaign(data, q.Choice(classes), id=ids, **settings)


def answered(c, truth, rounds=1):
    """Answer whatever waits, and retrain, several times."""
    for _ in range(rounds):
        tasks = c.ask(1000)
        c.tell_many({"task": task, "value": truth[int(task.item_id)]} for task in tasks)
        c.step()
    return c


def noted(c, text):
    notes = {note: 0 for turn in c.history.rounds for note in turn.notes} | dict.fromkeys(
        c.status()["notes"]
    )
    return [note for note in notes if text in note]


# C: the first labels, batches, cycles


def test_c05_it_begins_with_no_label_and_survives_a_seed_of_one_class(digits):
    X, y = digits
    c = opened(X, DIGITS, batch=20)
    first = c.ask(100)
    assert len({task.item_id for task in first}) == 20  # a seed batch, chosen by itself
    c.tell_many({"task": task, "value": "3"} for task in first)
    c.step()
    assert noted(c, "only one class is labelled so far")
    answered(c, y, rounds=2)
    assert c.predict(X[:5])
    assert len({row["value"] for row in c.labels()}) > 5


def test_c06_the_seed_check_reports_classes_and_regions(digits):
    X, y = digits
    few = [k for k in range(900) if y[k] in "01"][:30]
    c = opened(X, DIGITS, labels={str(k): y[k] for k in few}, batch=20)
    (classes,) = noted(c, "classes; none yet of")
    assert "the seed reaches 2 of 10 classes" in classes
    (regions,) = noted(c, "regions of the pool")
    reached, of = map(int, re.findall(r"reaches (\d+) of (\d+)", regions)[0])
    assert reached < of / 2
    spread = answered(opened(X, DIGITS, batch=60), y)
    assert not noted(spread, "classes; none yet of")


@pytest.mark.parametrize(("start", "size", "warned"), [(0.02, 18, False), (0.5, 450, True)])
def test_c07_the_seed_is_a_count_or_a_share_and_an_odd_one_is_noted(digits, start, size, warned):
    X, _ = digits
    c = opened(X, DIGITS, start=start, batch=20)
    assert len(c.ask(1000)) == size
    assert bool(noted(c, "is usual")) is warned
    assert q.plan(50_000, start=start).seed == start * 50_000


def test_c08_a_biased_seed_misleads_and_what_brings_it_back(digits):
    X, y = digits
    model = LogisticRegression(max_iter=200)
    biased = [k for k in range(900) if y[k] in "01"][:20]
    settings = {"model": model, "batch": 20, "budget": 120}

    def curve(strategy, start):
        runs = (
            q.simulate(X, y, strategy=strategy, start=start, seed=s, **settings) for s in (0, 1)
        )
        return np.mean([run.score() for run in runs], axis=0)

    diverse, misled = curve("margin", 20), curve("margin", biased)
    sliced = curve("Mix({Margin(): .8, Random(): .2})", biased)
    assert misled[0] < diverse[0] - 0.3 and misled[1] < diverse[1] - 0.1
    assert sliced[1:3].mean() > misled[1:3].mean()  # the random slice aids recovery
    assert abs(misled[-1] - diverse[-1]) < 0.05


def test_c09_the_batch_is_in_range_and_scaled_to_the_pool(digits):
    X, _ = digits
    assert [q.plan(n).batch for n in (5_000, 20_000, 40_000, 500_000)] == [200, 400, 800, 1000]
    assert opened(X, DIGITS).parts.recipe.batch == 90
    assert opened(X, DIGITS, batch=7).parts.recipe.batch == 7


def test_c10_a_batch_of_ten_is_warned_of_with_the_seconds_measured(digits):
    X, y = digits
    forest = RandomForestClassifier(1600, random_state=0)  # slow on any machine
    c = answered(opened(X, DIGITS, model=forest, batch=10, start=60), y)
    (note,) = noted(c, "a larger batch wastes less")
    per_label, a_round = map(float, re.findall(r"for ([\d.]+) s per label \(([\d.]+) s", note)[0])
    spent = c.history.rounds[-1].seconds
    assert a_round == pytest.approx(spent["fit"] + spent["measure"], abs=0.06)
    assert per_label == pytest.approx(a_round / 10, rel=0.1, abs=0.01)


def test_c11_the_plan_counts_cycles_and_flags_those_out_of_range():
    inside = q.plan(50_000, budget=5_000)
    assert 5 <= inside.cycles <= 15 and not inside.flags
    assert inside.seed + inside.cycles * inside.batch + inside.holdout >= 5_000
    for batch in (100, 1000):
        found = q.plan(50_000, budget=5_000, batch=batch)
        assert not 5 <= found.cycles <= 15
        assert any("cycles are outside the usual 5 to 15" in flag for flag in found.flags)


# D: evaluation, by one study on three kinds of data, two models and two seeds


@pytest.fixture(scope="module")
def study(tmp_path_factory, shared_data, load_set):
    """A study from one file, half done, then taken up with more seeds."""
    home = tmp_path_factory.mktemp("study")
    images = load_set("mnist10k")
    X = images["X"][:400, ::2, ::2].reshape(400, -1) / 255.0
    np.savez(home / "image.npz", X=X, y=images["y"][:400])
    texts = load_set("trec6")["data"].slice(0, 300)
    rows = zip(texts["text"].to_pylist(), texts["label"].to_pylist(), strict=True)
    with (home / "text.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *rows])
    table = shared_data / "sets" / "zhan_wdbc" / "data.npz"
    path = home / "study.toml"
    form = f"""
        strategies = ["margin", "kcenter"]
        models = ["linear", "sklearn.neighbors:KNeighborsClassifier"]
        seeds = 1
        random_runs = 1
        start = 20
        batch = 20
        budget = 60
        include = ["sets/*.toml"]
        [data.table]
        file = "{table}"
        label = "y"
        target = 0.9
        [data.image]
        file = "image.npz"
        label = "y"
        """
    path.write_text(form)
    (home / "sets").mkdir()
    path.write_text(form.replace('include = ["sets/*.toml"]', ""))
    first = Study(path).run(progress=False)
    assert len(first.places) == 4 and not first.failed
    (home / "sets" / "text.toml").write_text(
        '[data.text]\nfile = "../text.csv"\nlabel = "label"\ntext = "text"\nscoring = "f1_macro"\n'
    )
    path.write_text(form.replace("seeds = 1", "seeds = 2"))
    more = Study(path)
    missing = more.missing()
    return more, missing, more.run(progress=False)


def test_d06_labels_to_target_for_each_strategy_and_random(study):
    found = study[2].comparison("table", model="linear").labels_to(0.9)
    assert set(found) == {"margin", "kcenter", BASELINE, AGAIN}
    for reach in found.values():
        assert reach.seeds == 2 and reach.labels.low <= reach.labels.value <= reach.labels.high
    page = page_of(study[2])
    assert "Labels to the target" in page and "Ranking" in page


def test_d06_the_numbers_are_those_of_scipy(study):
    comparison = study[2].comparison("image", model="linear")
    grid, margin = comparison.matrix("margin")
    base = comparison.matrix(BASELINE)[1]
    heights = [np.trapezoid(s, grid, axis=1) / (grid[-1] - grid[0]) for s in (margin, base)]
    rows = [r for r in study[2].table() if (r["data"], r["model"]) == ("image", "linear")]
    row = next(r for r in rows if r["strategy"] == "margin")
    assert row["aubc"] == pytest.approx(heights[0].mean())
    assert row["gain"] == pytest.approx((heights[0] - heights[1]).mean())
    assert row["gain_low"] <= row["gain"] <= row["gain_high"]
    assert row["p"] == pytest.approx(stats.wilcoxon(*heights, method="exact").pvalue)
    claims = [r for r in rows if r["p"] is not None and r["strategy"] != AGAIN]
    assert [r["p_holm"] for r in claims] == adjust([r["p"] for r in claims], "holm").tolist()
    t = stats.ttest_rel(margin, base, axis=0, alternative="less").pvalue
    assert row["below"] == (t < 0.05).sum()


def test_d07_everything_that_was_labelled_is_in_the_cost(digits):
    X, y = digits
    c = opened(X, DIGITS, batch=40, start=20, holdout=50, control=0.2, price=0.5)
    held = c.ask(1000, job="holdout")
    c.tell_many({"task": task, "value": y[int(task.item_id)]} for task in held)
    again, *rest = c.ask(1000)
    c.tell_many({"task": task, "value": y[int(task.item_id)]} for task in (again, *rest))
    c.step()
    answered(c, y, rounds=2)
    c.tell(again, y[int(again.item_id)], by="second")
    table = next(s.content for s in build_report(c).sections if s.title == "What it cost")
    cost = {name: (labels, money) for name, labels, money, _ in table.rows}
    parts = [name for name in cost if cost[name][0] is not None and name != "total bought"]
    assert {"first batch, before any model", "holdout, for measuring"} <= set(parts)
    assert {"control slice, drawn at random", "second opinions"} <= set(parts)
    assert cost["holdout, for measuring"][0] == 50
    assert sum(cost[name][0] for name in parts) == cost["total bought"][0] == c.status()["bought"]
    assert cost["total bought"][1] == pytest.approx(0.5 * c.status()["bought"])


def test_d07_no_saving_is_claimed_where_intervals_overlap(study):
    comparison = study[2].comparison("table", model="linear")
    savings, said = comparison.saved(), comparison.verdict()
    for name, saving in savings.items():
        assert ("Saves" in said[name]) is (saving.share.low > 0)
        assert (", not proven" in str(saving)) is (saving.share.low <= 0)
    assert not all(saving.proven for saving in savings.values())  # random again among them


def test_d10_d11_gains_on_easy_and_on_hard_items(study):
    rows = [r for r in study[2].table() if r["strategy"] == "margin"]
    for row in rows:
        for half in ("easy", "hard"):
            assert row[f"{half}_low"] <= row[half] <= row[f"{half}_high"]
    linear = study[2].comparison("table", model="linear")
    easy, hard = (linear.matrix("margin", f"accuracy[{half}]")[1] for half in ("easy", "hard"))
    assert easy.mean() > hard.mean()  # the reference model's hard items are hard for others
    assert "Easy and hard items" in page_of(study[2])


def test_d12_one_file_is_a_grid_that_is_taken_up_where_it_was(study):
    done, missing, found = study
    cells = list(done.plan.cells())
    assert len(cells) == 3 * 2 * 2 * (2 + 1 + 1)
    assert len(missing) == len(cells) - 2 * 2 * 4  # what the first start did is not redone
    assert not done.missing() and not found.failed and found.missing == 0


def test_d13_the_ranking_by_type_and_model_with_its_losses(study):
    found = study[2]
    places = {(r["data"], r["model"]): [] for r in found.table()}
    assert len(places) == 6
    for row in found.table():
        places[row["data"], row["model"]].append(row["strategy"])
    orders = {tuple(n for n in names if n != AGAIN) for names in places.values()}
    assert len(orders) > 1  # it does differ by task and model
    below = [r for r in found.losses() if r["strategy"] != AGAIN]
    assert sum(r["below"] or 0 for r in found.table() if r["strategy"] != AGAIN) == len(below)
    assert all(r["p"] < 0.05 and r["difference"] < 0 for r in below)
    form = json.loads(found.to_json())
    assert len(form["losses"]) == len(found.losses()) and len(form["table"]) == len(found.table())


def test_d14_a_set_joins_by_a_small_file(study):
    _, missing, found = study
    assert {c.seed for c in missing if c.setting.data != "text"} == {1}
    assert {c.seed for c in missing if c.setting.data == "text"} == {0, 1}
    assert found.comparison("text", model="linear").scores[0] == "f1_macro"


# H: bias


def corner(signals, n, rng):
    """Whatever lies lowest in one direction: far from how the pool lies."""
    return np.argsort(signals.vectors @ np.linspace(-1, 1, signals.vectors.shape[1]))[:n]


def test_h01_queries_are_held_against_the_pool_and_straying_is_warned_of(digits):
    X, y = digits

    def warned(strategy):
        c = answered(opened(X, DIGITS, strategy=strategy, batch=60), y, rounds=3)
        report = build_report(c)
        section = next(s for s in report.sections if s.title == "Queries against the pool")
        assert sum(row[1] for row in section.content.rows) == pytest.approx(1, abs=0.02)
        return any("queries stray far from the pool" in note for note in report.notes)

    assert warned(corner) and not warned("random")


def test_h02_the_slice_off_and_on_with_calibration(digits):
    X, y = digits
    found = q.compare(
        X,
        y,
        model=GaussianNB(),
        strategies={"off": "entropy", "on": "Mix({Entropy(): .8, Random(): .2})"},
        seeds=2,
        start=40,
        batch=40,
        budget=160,
        scoring=["accuracy", "neg_calibration_error"],
        progress=False,
    )
    heights = {r["strategy"]: r["aubc"] for r in found.table("neg_calibration_error")}
    assert set(heights) == {"off", "on", "random"} and all(-1 < h < 0 for h in heights.values())
    assert set(found.saved(against="off")) == {"on", "random"}


def one_class(signals, n, rng):
    """Whatever the model is surest is its commonest class: teaches next to nothing."""
    common = signals.proba.sum(axis=0).argmax()
    return np.argsort(-signals.proba[:, common])[:n]


def test_h03_a_strategy_that_loses_is_found_out_and_a_way_back_advised(digits):
    X, y = digits
    c = opened(X, DIGITS, strategy=one_class, batch=60, start=20, budget=320, control=0.3)
    c.run(lambda task: y[int(task.item_id)])
    (note,) = [n for n in c.status()["notes"] if "loses to random" in n]
    assert 'strategy="random"' in note
    assert any("loses to random" in n for n in build_report(c).notes)
    assert any("loses to random" in r.text for r in q.assess(c, expert=True).reasons)
    c.change(strategy="random")  # the advice can be taken


# I: is it worth it


def reasons_of(found, text):
    return [reason for reason in found.reasons if text in reason.text]


def test_i01_i02_dear_labels_go_and_cheap_ones_do_not():
    dear = q.assess(200_000, price=3.0, budget=10_000, expert=True)
    cheap = q.assess(200_000, price=0.002)
    assert (dear.verdict, cheap.verdict) == ("go", "don't")
    assert reasons_of(dear, "labels take an expert") and reasons_of(cheap, "labels are cheap")
    assert q.assess(200_000).verdict == "maybe"  # no price, no verdict on money


def test_i03_a_small_pool_is_labelled_whole_and_nothing_is_blocked():
    found = q.assess(3_000, price=0.5)
    assert found.verdict == "don't" and "label it all for 1,500.00" in found.reasons[0].text
    c = q.campaign(np.random.default_rng(0).normal(size=(300, 2)), q.Choice(["a", "b"]))
    assert q.assess(c).verdict == "don't" and c.ask(1)


def test_i04_flat_uncertainty_after_the_first_cycle(load_set):
    found = load_set("zhan_wdbc")
    X = (found["X"] - found["X"].mean(axis=0)) / found["X"].std(axis=0)
    y = ["a" if x > 0 else "b" for x in X[:, 0]]
    easy = np.repeat(np.sign(X[:, :1]) * 50, 3, axis=1) + 0.01 * X[:, 1:4]  # nothing is hard
    c = answered(opened(easy, ["a", "b"], batch=40), y)
    assert noted(c, "a flat uncertainty profile")
    (reason,) = reasons_of(q.assess(c, price=9.0, expert=True), "flat uncertainty")
    assert reason.side == "against"
    own = [str(k) for k in found["y"]]
    real = answered(opened(X, sorted(set(own)), batch=40), own)
    assert not noted(real, "a flat uncertainty profile")


def test_i05_labels_for_an_audit_and_what_an_export_says_of_them(digits, tmp_path, capsys):
    assert q.assess(200_000, price=3.0, audit=True).verdict == "don't"
    X, y = digits
    path = tmp_path / "digits.csv"
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow([*(f"x{k}" for k in range(64)), "kind"])
        rows.writerows([*x, kind] for x, kind in zip(X.tolist()[:300], y, strict=False))
    settings = ("--label", "kind", "--ask", ",".join(DIGITS), "--batch", "20", "--control", "0.2")
    settings = (*settings, "--budget", "60")
    for args in (
        ("new", path, *settings, "--dir", tmp_path / "c"),
        ("run", tmp_path / "c", "--oracle", "truth"),
        ("export", tmp_path / "c"),
    ):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        assert not left.value.code
    said = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert "not representative of the pool" in said.err
    assert {row["arm"] for row in rows} == {"open", "control"}
    shares = [float(row["probability"]) for row in rows if row["arm"] == "control"]
    assert all(0 < share <= 1 for share in shares)


def test_i06_sparse_very_diverse_data(digits):
    X, _ = digits
    noise = np.random.default_rng(0).normal(size=(900, 300))
    (reason,) = reasons_of(q.assess(opened(noise, DIGITS)), "sparse, very diverse data")
    assert "random" in reason.text and "kmeans" in reason.text and reason.number > 0.7
    assert not reasons_of(q.assess(opened(X, DIGITS)), "sparse")


def test_i07_break_even_is_where_the_saving_pays_for_the_work():
    found = q.assess(100_000, price=0.4, budget=5_000, setup=300, hourly=0)
    (reason,) = reasons_of(found, "after 300.00 for set-up")
    low, high = (0.4 * 5_000 * share - 300 for share in (found.saving.low, found.saving.high))
    assert f"{low:+,.2f} to {high:+,.2f}" in reason.text
    assert q.assess(100_000, price=0.4, budget=5_000, setup=3_000).verdict == "don't"


def test_i08_subtle_differences_speak_for_it():
    (reason,) = reasons_of(q.assess(50_000, confusable=True), "classes that differ in detail")
    assert reason.side == "for" and "benchmarks/results" in reason.source


def test_i14_b20_b21_no_strategy_named_is_a_sound_default_with_its_reason(digits, questions):
    X, y = digits
    c = opened(X, DIGITS, batch=30)
    assert c.status()["strategy"].startswith(("auto", "Auto"))
    assert noted(c, "auto")
    answered(c, y, rounds=2)
    assert {row["arm"] for row in c.labels()} == {"open", "control"}
    advice = c.history.recommend()
    assert q.strategies.get(advice.strategy) and advice.reason and advice.cost
    texts = q.campaign(questions[0], q.Choice(sorted(set(questions[1]))))
    assert noted(texts, "auto")


def test_b13_a_slice_is_drawn_uniformly_from_all_that_is_left(digits):
    X, y = digits
    places = []
    for seed in range(4):
        c = answered(opened(X, DIGITS, batch=60, start=60, seed=seed), y, rounds=3)
        rows = c.labels()
        control = [int(row["id"]) for row in rows if row["arm"] == "control"]
        assert 0.05 <= len(control) / len(rows) <= 0.15  # on by default, a tenth
        places += control
        for row in rows:
            assert row["arm"] in ("open", "control")
    assert stats.kstest(np.array(places) / 900, "uniform").pvalue > 0.01
    mean = X[:, :].mean(axis=1)  # nor do they lean to light or dark digits
    assert stats.ks_2samp(mean[places], mean).pvalue > 0.01


def test_j03_auto_and_a_bandit_are_not_far_below_the_best_single_one(digits):
    X, y = digits
    found = q.compare(
        X,
        y,
        model=LogisticRegression(max_iter=200),
        strategies=["auto", 'Bandit(["margin", "kcenter", "random"])', "margin", "kcenter"],
        seeds=2,
        start=20,
        batch=40,
        budget=180,
        progress=False,
    )
    heights = {row["strategy"]: row["aubc"] for row in found.table()}
    best = max(heights["margin"], heights["kcenter"], heights["random"])
    assert heights["auto"] > best - 0.02
    assert min(heights.values()) > best - 0.2
    (bandit,) = (height for name, height in heights.items() if name.startswith("Bandit"))
    assert bandit > best - 0.05


# K, L: uses and claims


def test_k04_rare_fraud_is_judged_by_precision_and_recall(load_set):
    found = load_set("oilspill_rare")
    X, y = found["X"].astype(float), found["y"].astype(int)
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    rare = np.flatnonzero(y == 1)
    kept = np.sort(np.concatenate([np.flatnonzero(y == 0), rare[:8]]))  # under 1 %
    X, y = X[kept], y[kept]
    assert y.mean() < 0.01
    model = LogisticRegression(max_iter=500, class_weight="balanced")
    found = q.compare(
        X,
        y,
        model=model,
        strategies=["auto"],
        seeds=3,
        start=30,
        batch=30,
        budget=300,
        scoring={
            "precision": make_scorer(precision_score, zero_division=0.0),
            "recall": "recall",
            "average_precision": "average_precision",
        },
        X_test=X,
        y_test=y,
        progress=False,
    )
    assert {"precision", "recall"} <= set(found.scores)
    by = {row["strategy"]: row["found"] for row in found.asked(y) if row["group"] == "1"}
    assert by["auto"] > by["random"]
    labels = {str(k): str(y[k]) for k in range(len(y))}
    c = opened(X, ["0", "1"], labels=labels)
    (reason,) = reasons_of(q.assess(c), "is rare")
    assert "precision and recall, not accuracy" in reason.text


def test_k06_the_crowd_case_and_the_niche_one(load_set, questions):
    reviews = load_set("cr")["data"]
    texts, moods = reviews["text"].to_pylist()[:400], reviews["label"].to_pylist()[:400]
    c = answered(q.campaign(texts, q.Choice(["0", "1"]), id=[str(k) for k in range(400)]), moods)
    assert c.status()["classes"]
    crowd = q.assess(100_000, price=0.004)  # anybody can tell, for next to nothing
    niche = q.assess(100_000, price=4.0, budget=5_000, expert=True, confusable=True)
    assert (crowd.verdict, niche.verdict) == ("don't", "go")


def test_l01_l04_few_labels_go_further_and_the_model_stands_up_to_noise(digits):
    X, y = digits
    model = LogisticRegression(max_iter=200)
    train, test = np.arange(600), np.arange(600, 900)
    y = np.array(y)
    noisy = X[test] + np.random.default_rng(0).normal(scale=0.2, size=(300, 64))
    full = model.fit(X[train], y[train])
    settings = {"model": model, "start": 20, "batch": 40, "budget": 220}
    scores = {}
    for kind, X_test in (("clean", X[test]), ("noisy", noisy)):
        for strategy in ("margin", "random"):
            runs = [
                q.simulate(
                    X[train],
                    y[train],
                    strategy=strategy,
                    X_test=X_test,
                    y_test=y[test],
                    seed=seed,
                    **settings,
                )
                for seed in (0, 1, 2)
            ]
            scores[kind, strategy] = np.mean([run.score() for run in runs], axis=0)
    assert scores["clean", "margin"][2:].mean() > scores["clean", "random"][2:].mean()
    assert scores["clean", "margin"][-1] > full.score(X[test], y[test]) - 0.015
    assert scores["noisy", "margin"][-1] > scores["noisy", "random"][-1] - 0.02


def test_d13_texts_bring_their_own_representation(questions):
    texts, kinds = questions
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=300))
    curve = q.simulate(
        texts, kinds, model=model, strategy="auto", start=30, batch=60, budget=150, seed=0
    )
    assert curve.score()[-1] > curve.score()[0]


def test_e02_tasks_are_rows_another_program_fills(tmp_path):
    """Rows are offered, filled through plain SQL, checked, and come back as labels that train."""
    source = tmp_path / "mails.csv"
    source.write_text("id,body\n" + "".join(f"m{k},{'win' * (k % 2)} {k}\n" for k in range(60)))
    folder, database = tmp_path / "mails", tmp_path / "tasks.db"
    columns = {"id": "id", "text": "body"}
    settings = {"batch": 20, "seed": 0}
    create_folder(
        folder, source, q.Choice(["spam", "ham"]), columns=columns, settings=settings
    ).log.close()
    desk = open_desk(folder)
    with (
        closing(desk.journal.log) as log,
        closing(open_rows(f"sqlite:///{database}")) as rows,
        closing(sqlite3.connect(database, isolation_level=None)) as program,
    ):
        hands = Handover(desk, rows, "mails", depth=20)
        hands.once()
        program.execute("UPDATE querist_tasks SET value = iif(item LIKE '%win%', 'spam', 'ham')")
        program.execute("UPDATE querist_tasks SET value = 'sapm' WHERE rowid = 1")
        assert hands.once() == 19
        ((error,),) = program.execute("SELECT error FROM querist_tasks WHERE rowid = 1")
        assert "Did you mean 'spam'?" in error
        assert sum(event.kind == "told" for _, event in log.read()) == 19
    with open_folder(folder) as campaign:
        assert campaign.step().labels == 19
        labels = {row["id"]: row["value"] for row in campaign.labels()}
    assert all(value == ("spam" if int(name[1:]) % 2 else "ham") for name, value in labels.items())
