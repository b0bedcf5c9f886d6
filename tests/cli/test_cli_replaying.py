"""simulate and compare: replays on a file of labelled data."""

import csv
import json

import numpy as np
import pytest
from sklearn.datasets import load_iris

OPTIONS = ("--model", "sklearn.naive_bayes:GaussianNB", "--start", 9, "--batch", 9, "--budget", 36)


@pytest.fixture
def iris(tmp_path):
    path = tmp_path / "iris.csv"
    data = load_iris()
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["a", "b", "c", "d", "kind"])
        rows.writerows(
            [*x, data.target_names[y]] for x, y in zip(data.data, data.target, strict=True)
        )
    return path


def test_simulate_prints_curves(querist, iris):
    args = ("simulate", iris, "--label", "kind", "--strategy", "margin,random", "--seeds", 3)
    found = querist(*args, *OPTIONS, "--json").json
    assert set(found["curves"]) == {"margin", "random"}
    assert [len(curves) for curves in found["curves"].values()] == [3, 3]
    assert found["curves"]["margin"][0]["labels"] == [9, 18, 27, 36]
    table = querist(*args, *OPTIONS).out.splitlines()
    assert table[0].split("\t") == ["labels", "margin", "random"]
    assert [row.split("\t")[0] for row in table[1:5]] == ["9", "18", "27", "36"]


def test_compare_ranks_with_intervals_and_writes(querist, iris, tmp_path):
    args = ("compare", iris, "--label", "kind", "--strategy", "margin", "--seeds", 3, *OPTIONS)
    page, form = tmp_path / "c.html", tmp_path / "c.json"
    said = querist(*args, "--target", 0.8, "--out", page)
    assert said.code == 0, said.err
    assert said.out.startswith("strategy\t")
    assert "seeds reach 0.8" in said.out
    assert "Ranking" in page.read_text(encoding="utf-8")
    assert querist(*args, "--out", form).code == 0
    assert {"table", "saved", "losses", "verdict"} <= set(json.loads(form.read_text()))


def test_compare_tells_whom_each_strategy_asked(querist, iris, tmp_path):
    lines = iris.read_text().splitlines()
    grown = [f"{line},{'site' if not k else 'AB'[k % 5 == 0]}" for k, line in enumerate(lines)]
    iris.write_text("\n".join(grown) + "\n")
    args = ("compare", iris, "--label", "kind", "--strategy", "margin,group_quota", "--seeds", 2)
    page = tmp_path / "c.html"
    said = querist(*args, *OPTIONS, "--groups", "site", "--out", page)
    assert said.code == 0, said.err
    rows = [row.split("\t") for row in said.out.splitlines()]
    shares = {(row[0], row[1]): row for row in rows if len(row) == 5}
    assert set(shares) >= {(s, g) for s in ("margin", "group_quota", "random") for g in "AB"}
    assert 18 < float(shares["random", "B"][2]) < 22
    assert float(shares["group_quota", "B"][3].split()[0]) > 35
    assert "Whom they asked" in page.read_text(encoding="utf-8")


def test_a_replay_needs_every_label(querist, mails):
    ran = querist("compare", mails, "--label", "label", "--text", "body")
    assert ran.code == 2
    assert "51 of the 60 rows" in ran.err


@pytest.fixture
def study(tmp_path):
    data = load_iris()
    np.savez(tmp_path / "iris.npz", X=data.data, y=data.target)
    path = tmp_path / "study.toml"
    path.write_text(
        'strategies = ["margin"]\nmodels = ["linear"]\nseeds = 2\neasy_hard = false\n'
        "random_runs = 1\nstart = 9\nbatch = 9\nbudget = 27\n"
        '[data.iris]\nfile = "iris.npz"\nlabel = "y"\n'
    )
    return path


def test_compare_runs_a_study_and_goes_on_with_it(querist, study, tmp_path):
    page = tmp_path / "out.html"
    said = querist("compare", study, "--out", page)
    assert said.code == 0, said.err
    assert said.out.startswith("strategy\tsettings\tmean rank")
    assert "Ranking" in page.read_text(encoding="utf-8")
    assert len((tmp_path / "study.study" / "runs.jsonl").read_bytes().splitlines()) == 6
    again = querist("compare", study, "--json")
    assert "6 of 6 runs are in" in again.err
    assert again.json["missing"] == 0 and len(again.json["ranking"]) == 3
    study.write_text(study.read_text().replace("seeds = 2", "seeds = 3"))
    assert "6 of 9 runs are in" in querist("compare", study).err


def test_runs_that_fail_leave_with_1_and_the_rest_is_told(querist, study):
    study.write_text(study.read_text().replace("margin", "badge").replace("linear", "svm"))
    said = querist("compare", study)
    assert said.code == 1 and "random\t1\t" in said.out
    (line,) = [line for line in said.err.splitlines() if line.startswith("failed:")]
    assert line.startswith("failed: badge in iris / default / svm, seeds 0, 1: MissingNeed")
    assert querist("compare", study, "--json").code == 1


def test_a_report_that_cannot_be_written_is_refused_at_once(querist, study, tmp_path):
    said = querist("compare", study, "--out", tmp_path / "c.pdf")
    assert said.code == 2 and ".html or .json" in said.err
    assert not (tmp_path / "study.study").exists()


def test_what_a_study_says_is_refused_beside_it(querist, study):
    said = querist("compare", study, "--budget", 30)
    assert said.code == 2 and "--budget goes into the TOML file" in said.err
    said = querist("compare", study, study)
    assert said.code == 2 and "goes alone" in said.err


def test_several_files_and_models_make_a_study(querist, iris, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.csv"
    other.write_text("\n".join(iris.read_text().splitlines()[:120]) + "\n")
    args = ("--label", "kind", "--strategy", "margin", "--model", "linear,sklearn.svm:SVC")
    size = ("--seeds", 1, "--start", 9, "--batch", 9, "--budget", 18)
    said = querist("compare", iris, other, *args, *size, "--json")
    assert said.code == 0, said.err
    assert {(row["data"], row["model"]) for row in said.json["table"]} == {
        (data, model) for data in ("iris", "other") for model in ("linear", "sklearn.svm:SVC")
    }
    assert (tmp_path / "compare.study" / "runs.jsonl").exists()


def test_compare_asks_for_the_label_column(querist, iris):
    said = querist("compare", iris)
    assert said.code == 2 and "Give --label NAME" in said.err


def test_a_model_by_its_short_name(querist, iris):
    args = ("compare", iris, "--label", "kind", "--strategy", "margin", "--seeds", 1, "--json")
    size = ("--start", 9, "--batch", 9, "--budget", 18)
    assert querist(*args, *size, "--model", "linear").code == 0


def test_tables_of_mixed_columns_and_gaps(querist, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "mixed.csv"
    sizes = ["" if k % 17 == 3 else round(rng.normal(k % 2), 3) for k in range(90)]
    rows = [f"{sizes[k]},{'red' if k % 3 else ''},{'ab'[k % 2]}" for k in range(90)]
    args = ("--label", "kind", "--strategy", "margin", "--seeds", 1, "--batch", 10, "--json")
    path.write_text("\n".join(["size,colour,kind", *rows]) + "\n")
    said = querist("compare", path, *args, "--budget", 30)
    assert said.code == 0, said.err
    path.write_text("\n".join(["size,kind", *(f"{sizes[k]},{'ab'[k % 2]}" for k in range(90))]))
    said = querist("compare", path, *args, "--budget", 30)  # gaps alone, in few rows
    assert said.code == 0, said.err
    args = (*args, "--model", "linear", "--dir", tmp_path / "study", "--budget", 30)
    assert querist("compare", path, *args).json["failed"] == []
