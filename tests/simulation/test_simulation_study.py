"""Grids of replays: killed and resumed, in any number of processes, failures told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_iris

import querist as q
from querist.core.errors import BadInput
from querist.simulation import Study
from querist.simulation.cells import Redrawn
from querist.simulation.study import RUNS, Clock
from querist.strategies import Random


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    X, y = load_iris(return_X_y=True)
    np.savez(path / "iris.npz", X=X, y=y)
    (path / "study.toml").write_text(
        'strategies = ["margin", "kcenter"]\nmodels = ["linear"]\nseeds = 3\nrandom_runs = 2\n'
        "start = 9\nbatch = 9\nbudget = 45\ntarget = 0.9\n"
        '[data.iris]\nfile = "iris.npz"\nlabel = "y"\n'
    )
    return path


def decided(folder):
    """What runs found, without what depends on the machine's mood."""
    runs = {}
    for line in (folder / RUNS).read_bytes().splitlines():
        entry = json.loads(line)
        runs[entry["key"]] = {k: entry["run"][k] for k in ("labels", "scores", "picked", "ended")}
    return runs


@pytest.fixture(scope="module")
def whole(home):
    """The study, done in one go."""
    study = Study(home / "study.toml")
    assert study.folder == home / "study.study"
    return study, study.run(progress=False)


def test_a_killed_study_goes_on_where_it_was_and_finds_the_same(home, whole, tmp_path):
    folder = tmp_path / "killed"
    code = (
        "import sys, time, querist as q; from querist.simulation import Study\n"
        "def rest(what, done, total):\n"
        "    if (what, done) == ('study', 5): time.sleep(100)  # the kill comes before the end\n"
        "with q.progress(rest): Study(sys.argv[1], sys.argv[2]).run(progress=False)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(home / "study.toml"), str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and child.poll() is None:
        if (folder / RUNS).exists() and len((folder / RUNS).read_bytes().splitlines()) >= 4:
            break
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    with (folder / RUNS).open("ab") as file:
        file.write(b'{"key": "torn", "run": {"lab')  # what a kill in the middle of a write leaves

    study = Study(home / "study.toml", folder)
    left = study.missing()
    assert 0 < len(left) < 15
    before = study._shelf.read()
    heard = []
    with q.progress(lambda what, done, total: heard.append((what, done, total))):
        found = study.run(progress=False)
    assert [h for h in heard if h[0] == "study"] == [
        ("study", k, len(left)) for k in range(len(left) + 1)
    ]
    after = study._shelf.read()
    assert all(after[key] == run for key, run in before.items())  # nothing was done twice
    assert not study.missing()
    clean = {k: v for k, v in after.items() if k != "torn"}
    assert {
        k: {n: v[n] for n in ("labels", "scores", "picked", "ended")} for k, v in clean.items()
    } == (decided(whole[0].folder))
    measured = ("seconds", "memory")
    for mine, theirs in zip(found.table(), whole[1].table(), strict=True):
        assert {k: v for k, v in mine.items() if k not in measured} == {
            k: v for k, v in theirs.items() if k not in measured
        }


@pytest.mark.slow
def test_processes_change_nothing(home, whole, tmp_path):
    study = Study(home / "study.toml", tmp_path / "two")
    study.run(n_jobs=2, progress=False)
    assert decided(study.folder) == decided(whole[0].folder)


def test_a_cell_is_what_simulate_gives(home, whole):
    X, y = load_iris(return_X_y=True)
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    curve = q.simulate(X, y, model=model, strategy="margin", start=9, batch=9, budget=45, seed=2)
    kept = whole[1].comparison("iris").curves["margin"][2]
    assert kept.picked.tolist() == curve.picked.tolist()
    assert kept.score("accuracy").tolist() == curve.score("accuracy").tolist()
    halves = (kept.score("accuracy[easy]") + kept.score("accuracy[hard]")) / 2
    assert halves == pytest.approx(curve.score("accuracy"))  # 38 of test: two halves of 19


def test_random_is_the_mean_of_its_runs_and_runs_once_more(whole):
    study, found = whole
    runs = study._shelf.read()
    cells = [c for c in study.plan.cells() if c.seed == 1 and c.expression == "random"]
    assert [c.strategy for c in cells] == ["random", "random", "random again"]
    picked = [runs[c.key]["picked"] for c in cells]
    assert picked[0][:9] == picked[1][:9] == picked[2][:9]  # one start
    assert len({tuple(rows) for rows in picked}) == 3
    scores = [runs[c.key]["scores"]["accuracy"] for c in cells]
    curves = found.comparison("iris").curves
    assert curves["random"][1].score().tolist() == np.mean(scores[:2], axis=0).tolist()
    assert curves["random again"][1].score().tolist() == scores[2]
    with pytest.raises(BadInput, match="mean of several runs"):
        found.comparison("iris").asked(load_iris().target)


def test_random_redrawn_is_as_uniform():
    signals = q.Signals(cost=np.ones(6))
    counts = np.zeros(6)
    for seed in range(600):
        counts[Redrawn(2).pick(signals, 1, seed).positions] += 1
    assert counts.min() > 60 and counts.max() < 145
    assert Redrawn(1).pick(signals, 3, 0).positions.tolist() != (
        Random().pick(signals, 3, 0).positions.tolist()
    )


def test_a_run_that_fails_is_told_and_tried_again(home, tmp_path):
    form = {
        "data": {"iris": {"file": str(home / "iris.npz"), "label": "y"}},
        "models": {"linear": "linear", "flat": "sklearn.linear_model:Perceptron"},
        "strategies": ["margin", "badge"],
        "seeds": 2,
        "random_runs": 1,
        "start": 9,
        "batch": 9,
        "budget": 27,
        "easy_hard": False,
    }
    study = Study(form, tmp_path / "s")
    found = study.run(progress=False)
    wrong = {(f["model"], f["strategy"]) for f in found.failed}
    assert wrong == {("flat", "badge")} and "BADGE" in found.failed[0]["error"]
    assert len(study.missing()) == 2
    rows = {(row["model"], row["strategy"]) for row in found.table()}
    assert ("flat", "margin") in rows and ("flat", "badge") not in rows
    assert all(row["easy"] is None for row in found.table())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"label": "kind"}, r"\[data.iris\]: label='kind' names no array"),
        ({"scoring": "acuracy"}, r"\[data.iris\]: scoring 'acuracy' .* did you mean 'accuracy'"),
        ({"start": 200}, "start=200 is more than the 112 rows"),
        ({"budget": 5}, "budget 5 is below the 9 labels of the start"),
        ({"label": "flat"}, "one class only"),
    ],
)
def test_what_every_run_would_fail_for_is_said_before_the_first(home, tmp_path, change, says):
    X, y = load_iris(return_X_y=True)
    np.savez(tmp_path / "iris.npz", X=X, y=y, flat=np.zeros(len(y), dtype=int))
    table = {"file": str(tmp_path / "iris.npz"), "label": "y", "start": 9, "budget": 27} | change
    study = Study({"data": {"iris": table}, "strategies": "margin"}, tmp_path / "s")
    with pytest.raises(BadInput, match=says):
        study.run(progress=False)
    assert not (study.folder / RUNS).exists()


def test_a_number_of_processes_is_one(home):
    with pytest.raises(BadInput, match="n_jobs is a number of processes"):
        Study(home / "study.toml").run(n_jobs=0, progress=False)


def test_sparse_vectors_are_as_good_as_dense_ones(home, tmp_path):
    X, _ = load_iris(return_X_y=True)
    sparse.save_npz(tmp_path / "sparse.npz", sparse.csr_matrix(X))
    np.save(tmp_path / "dense.npy", X)
    vectors = {name: str(tmp_path / f"{name}") for name in ("sparse.npz", "dense.npy")}
    table = {"file": str(home / "iris.npz"), "label": "y", "vectors": vectors}
    form = {"data": {"iris": table | {"representations": []}}, "models": ["linear"]}
    size = {"seeds": 1, "random_runs": 1, "start": 9, "batch": 9, "budget": 27, "easy_hard": False}
    found = Study(form | size | {"strategies": ["margin"]}, tmp_path / "s").run(progress=False)
    assert found.failed == () and len(found.places) == 2
    picked = [p.comparison.curves["random"][0].picked.tolist() for p in found.places]
    assert picked[0] == picked[1]
    (tmp_path / "dense.npy").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="holds no vectors"):
        Study(form | size | {"strategies": ["margin"]}, tmp_path / "s").run(progress=False)


def test_a_dict_needs_a_folder(home):
    form = {"data": {"i": {"file": str(home / "iris.npz"), "label": "y"}}, "strategies": "margin"}
    with pytest.raises(BadInput, match="needs a folder"):
        Study(form)


def test_the_time_left_follows_what_the_likes_took(whole):
    cells = list(whole[0].plan.cells())
    clock = Clock(cells, 2)
    assert clock.left() is None
    for cell in cells[:5]:  # one seed: two random runs, once more, margin, k-center
        clock.finish(cell, 10.0 if cell.strategy == "kcenter" else 1.0)
    assert clock.left() == pytest.approx((8 * 1.0 + 2 * 10.0) / 2)
    for cell in cells[5:]:
        clock.finish(cell, 1.0)
    assert clock.left() == 0
    again = Clock(cells[5:], 1)  # a second start knows what the first one's runs took
    for cell in cells[:5]:
        again.know(cell, 2.0)
    assert again.left() == pytest.approx(10 * 2.0)


def test_texts_numbers_and_several_labels(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    np.savez(tmp_path / "number.npz", X=X, y=X[:, 0] + 0.1 * rng.normal(size=80))
    np.savez(tmp_path / "several.npz", X=X, y=(X[:, :2] > 0).astype(int))
    words = [f"{'win cash' if k % 2 else 'see you'} {k % 7}" for k in range(80)]
    lines = [f"{word},{'spam' if k % 2 else 'ham'}" for k, word in enumerate(words)]
    (tmp_path / "text.csv").write_text("\n".join(["body,kind", *lines]) + "\n")
    np.save(tmp_path / "vectors.npy", X)
    form = {
        "data": {
            "number": {"file": str(tmp_path / "number.npz"), "label": "y"},
            "several": {
                "file": str(tmp_path / "several.npz"),
                "label": "y",
                "scoring": "f1_macro",
            },
            "text": {
                "file": str(tmp_path / "text.csv"),
                "label": "kind",
                "text": "body",
                "vectors": {"made": str(tmp_path / "vectors.npy")},
            },
        },
        "models": ["linear"],
        "strategies": ["density"],
        "seeds": 1,
        "random_runs": 1,
        "start": 20,
        "batch": 20,
        "budget": 40,
    }
    found = Study(form, tmp_path / "s").run(progress=False)
    assert found.failed == ()
    scores = {(p.setting.data, p.setting.representation): p.comparison for p in found.places}
    assert scores["number", "default"].scores == ("r2", "r2[easy]", "r2[hard]")
    assert scores["several", "default"].scores[0] == "f1_macro"
    finals = {key: c.matrix("density")[1][0, -1] for key, c in scores.items()}
    assert finals["text", "default"] == 1.0 > finals["text", "made"]
    assert finals["number", "default"] > 0.9
