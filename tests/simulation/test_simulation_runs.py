from __future__ import annotations

import io

import numpy as np
import pytest
import rich.console
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

import querist as q
from querist.core.errors import BadInput
from querist.simulation.runs import name_all
from querist.strategies import Margin, Mix, Random


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


def run(data, **options):
    settings = {
        "model": GaussianNB(),
        "strategies": ["margin"],
        "seeds": 3,
        "start": 6,
        "batch": 6,
        "budget": 36,
        "progress": False,
    } | options
    return q.compare(*data, **settings)


def first_come(signals, n, rng):
    """Module level, so that another process can load it."""
    return np.arange(n)


def test_random_is_added_and_names_are_kept():
    assert list(name_all(["margin", Margin(), first_come])) == [
        "margin",
        "Margin",
        "first_come",
        "random",
    ]
    assert list(name_all([Random(), Mix({Margin(): 0.9, Random(): 0.1})])) == [
        "random",
        "Mix({Margin(): 0.9, Random(): 0.1})",
    ]
    assert list(name_all({"mine": first_come, "random": "random"})) == ["mine", "random"]


def test_seeds_are_paired_with_the_same_split_and_start(wine):
    found = run(wine, strategies=["margin", "entropy"])
    assert found.seeds == (0, 1, 2)
    for one, other, random in zip(*found.curves.values(), strict=True):
        assert one.test_rows.tolist() == other.test_rows.tolist() == random.test_rows.tolist()
        assert one.picked[:6].tolist() == other.picked[:6].tolist() == random.picked[:6].tolist()
        assert one.scores["accuracy"][0] == random.scores["accuracy"][0]
    starts = {tuple(curve.picked[:6].tolist()) for curve in found.curves["random"]}
    assert len(starts) == 3


def test_the_result_is_the_same_for_any_number_of_processes(wine):
    options = {
        "strategies": ["auto", first_come],
        "model": make_pipeline(StandardScaler(), LogisticRegression()),
        "seeds": [3, 11],
    }
    one, two = (run(wine, n_jobs=jobs, **options) for jobs in (1, 2))
    assert list(one.curves) == list(two.curves) == ["auto", "first_come", "random"]
    for name, curves in one.curves.items():
        for a, b in zip(curves, two.curves[name], strict=True):
            assert a.picked.tolist() == b.picked.tolist() and a.seed == b.seed
            assert a.scores["accuracy"].tolist() == b.scores["accuracy"].tolist()


def test_a_bar_on_a_terminal_and_none_in_a_pipe(wine, monkeypatch):
    for terminal in (True, False):
        shown = io.StringIO()
        console = rich.console.Console(file=shown, force_terminal=terminal)
        monkeypatch.setattr(rich.console, "Console", lambda console=console, **_: console)
        run(wine, seeds=1, progress=True)
        assert ("simulating" in shown.getvalue()) is terminal


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"strategies": 7}, "a list or a dict"),
        ({"strategies": []}, "empty"),
        ({"strategies": ["margin", "margin"]}, "two strategies are called 'margin'"),
        ({"strategies": ["margn"]}, "did you mean 'margin'"),
        ({"seeds": 0}, "seeds=0 runs nothing"),
        ({"seeds": [1, 1]}, "distinct"),
        ({"budget": 3}, "budget 3 is below"),
    ],
)
def test_what_is_refused(wine, options, said):
    with pytest.raises(BadInput, match=said):
        run(wine, **options)


def test_a_biased_start_misleads_and_the_control_slice_finds_the_way_back():
    """Class 0 has a far second group, which the biased start leaves out."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [300, 300, 60])
    X = np.array([[-2.0, 0.0], [2.0, 0.0], [14.0, 0.0]])[group] + rng.normal(size=(660, 2))
    y = (group == 1).astype(int)
    model = make_pipeline(
        StandardScaler(), PolynomialFeatures(3), LogisticRegression(max_iter=1000)
    )
    biased = [*range(5), *range(300, 305)]
    diverse = [*range(3), *range(300, 304), *range(600, 603)]

    def mean_curve(start, control):
        runs = [
            q.simulate(
                X,
                y,
                model=model,
                strategy="margin",
                start=start,
                batch=5,
                budget=60,
                control=control,
                seed=seed,
            )
            for seed in range(6)
        ]
        found = [np.isin(curve.picked, np.flatnonzero(group == 2)).sum() for curve in runs]
        return np.mean([curve.scores["accuracy"] for curve in runs], axis=0), np.mean(found)

    misled, seen = mean_curve(biased, 0.0)
    good, _ = mean_curve(diverse, 0.0)
    rescued, seen_by_control = mean_curve(biased, 0.2)
    assert misled[-1] < good[-1] - 0.04 and misled[-1] - misled[3] < 0.01
    assert seen == 0 < seen_by_control and rescued[-1] > misled[-1] + 0.01
