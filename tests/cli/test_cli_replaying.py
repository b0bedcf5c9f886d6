"""simulate and compare: replays on a file of labelled data."""

import csv
import json

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
