"""A study is checked as a whole before anything runs, and its errors teach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from querist.core.errors import BadInput
from querist.simulation.planning import read_plan


@pytest.fixture
def home(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        X = rng.normal(size=(40, 2))
        np.savez(tmp_path / f"{name}.npz", X=X, y=(X[:, 0] > 0).astype(int))
    np.save(tmp_path / "one-vectors.npy", rng.normal(size=(40, 3)))
    return tmp_path


GOOD = """
strategies = ["margin", "Entropy() >> Top(10) >> KCenter()"]
models = ["linear", "sklearn.svm:SVC"]
seeds = 3
budget = 30
[data.one]
file = "one.npz"
label = "y"
"""


def written(home, text):
    path = home / "study.toml"
    path.write_text(text)
    return path


def test_a_plan_has_a_cell_for_every_combination(home):
    plan = read_plan(
        written(home, GOOD + '[data.two]\nfile = "two.npz"\nlabel = "y"\nbudget = 20\n')
    )
    cells = list(plan.cells())
    assert len(cells) == 2 * 2 * 3 * (2 + 3 + 1) == len({cell.key for cell in cells})
    assert [cell.seed for cell in cells] == sorted(cell.seed for cell in cells)
    budgets = {cell.setting.data: dict(cell.setting.options)["budget"] for cell in cells}
    assert budgets == {"one": 30, "two": 20}
    assert {c.strategy for c in cells} == {"random", "random again", *plan.strategies}


def test_the_key_is_of_what_decides_the_result_alone(home):
    plan = read_plan(written(home, GOOD))
    keys = {cell.key for cell in plan.cells()}
    (home / "moved").mkdir()
    (home / "one.npz").rename(home / "moved" / "other.npz")
    moved = GOOD.replace("data.one", "data.renamed").replace("one.npz", "moved/other.npz")
    assert {cell.key for cell in read_plan(written(home, moved)).cells()} == keys
    for line in ("start = 7\n", 'scoring = "f1_macro"\n', "easy_hard = false\n"):
        changed = read_plan(written(home, line + moved))
        assert not keys & {cell.key for cell in changed.cells()}, line
    more = read_plan(written(home, moved.replace("seeds = 3", "seeds = 4")))
    assert keys < {cell.key for cell in more.cells()}
    with (home / "moved" / "other.npz").open("ab") as file:
        file.write(b"\0")
    assert not keys & {cell.key for cell in read_plan(written(home, moved)).cells()}


def test_a_cell_differs_by_each_of_its_parts(home):
    cell = next(read_plan(written(home, GOOD)).cells())
    others = [replace(cell, seed=9), replace(cell, draw=9), replace(cell, expression="margin")]
    assert len({cell.key, *(other.key for other in others)}) == 4
    assert replace(cell, strategy="called otherwise").key == cell.key


def test_vectors_stand_for_the_items(home):
    plan = read_plan(written(home, GOOD + 'vectors = {embedded = "one-vectors.npy"}\n'))
    assert {s.representation for s in plan.settings} == {"default", "embedded"}
    assert len({cell.key for cell in plan.cells()}) == len(list(plan.cells()))


def test_a_set_or_model_joins_by_a_small_file(home):
    (home / "more").mkdir()
    (home / "two.npz").rename(home / "more" / "two.npz")
    (home / "more" / "two.toml").write_text('[data.two]\nfile = "two.npz"\nlabel = "y"\n')
    (home / "more" / "wide.toml").write_text(
        '[models]\nwide = {make = "sklearn.svm:SVC", C = 100}\n'
    )
    plan = read_plan(written(home, 'include = ["more/*.toml"]\n' + GOOD))
    assert {s.data for s in plan.settings} == {"one", "two"}
    assert {s.model for s in plan.settings} == {"linear", "sklearn.svm:SVC", "wide"}
    (home / "more" / "twice.toml").write_text('[data.one]\nfile = "two.npz"\nlabel = "y"\n')
    with pytest.raises(BadInput, match="names data 'one' a second time"):
        read_plan(home / "study.toml")


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ("budget =", "bugdet =", "the study knows no 'bugdet'; did you mean 'budget'"),
        ("label =", "lable =", r"\[data.one\] knows no 'lable'; did you mean 'label'"),
        ('label = "y"', "", r"\[data.one\] lacks label"),
        ("one.npz", "oen.npz", "no file at .*oen.npz'; did you mean 'one.npz'"),
        ('"margin"', '"margni"', "no strategy is called 'margni'; did you mean 'margin'"),
        ('"linear"', '"liner"', "nothing is called 'liner'; did you mean 'linear'"),
        ("svm:SVC", "svm:SVCC", "sklearn.svm:SVCC .* cannot be made"),
        ("seeds = 3", "seeds = [1, 1]", "seeds is how many, or a list of distinct"),
        ("seeds = 3", "seeds = 0", "seeds is how many"),
        ("budget = 30", 'budget = "30"', "budget is a number of labels, but got '30'"),
        ("budget = 30", "control = 1.5", "control is a share, such as 0.25, but got 1.5"),
        ("budget = 30", "random_runs = 0", "random_runs is a number of runs, 1 or more"),
        ("budget = 30", 'easy_hard = "no"', "easy_hard is true or false"),
        ("budget = 30", 'include = ["none/*"]', "matches no file beside the study"),
        ("budget = 30", 'include = "more/*.toml"', "include is a list, such as"),
        ('strategies = ["margin", ', "strategies = [3, ", "distinct names or expressions"),
        ("[data.one]", "[date.one]", "the study knows no 'date'|names no data"),
        ("seeds = 3", "seeds = ", "is not TOML"),
        ('"sklearn.svm:SVC"]', '"default"]\nrepresentations = ["none"]', "its own representation"),
        ('label = "y"', 'label = "y"\nrepresentations = ["tfidf"]', "no representation is called"),
        ('label = "y"', 'label = "y"\ntarget = "high"', "target is a score"),
    ],
    ids=lambda text: "".join(c if c.isalnum() else "-" for c in text)[:40],
)
def test_what_is_wrong_is_told_before_anything_runs(home, change, to, says):
    assert change in GOOD
    with pytest.raises(BadInput, match=says):
        read_plan(written(home, GOOD.replace(change, to)))


def test_settings_a_model_does_not_take(home):
    models = '{wide = {make = "sklearn.svm:SVC", breadth = 3}}'
    with pytest.raises(BadInput, match=r"breadth = 3.* cannot be made"):
        read_plan(written(home, GOOD.replace('["linear", "sklearn.svm:SVC"]', models)))


def test_a_study_that_is_not_there(home):
    with pytest.raises(BadInput, match="no study at"):
        read_plan(home / "none.toml")
