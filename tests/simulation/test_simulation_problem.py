from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

import querist as q
from querist.core.errors import BadInput
from querist.simulation.problem import held_out, set_up, target_of


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


def opened(X, y, **options):
    settings = {
        "model": None,
        "start": 6,
        "X_test": None,
        "y_test": None,
        "test_size": 0.25,
        "seed": 0,
    }
    return set_up(X, y, **settings | options)


def test_named_start_rows_are_never_held_out(wine):
    for seed in range(20):
        start = [0, 60, 170, 12, 13]
        problem = opened(*wine, start=start, seed=seed)
        assert not set(start) & set(problem.test_rows.tolist())
        assert sorted([*problem.origin, *problem.test_rows]) == list(range(len(wine[0])))


def test_the_split_is_seeded_and_about_a_quarter():
    none = np.zeros(0, dtype=np.int64)
    one, again, other = (held_out(1000, none, 0.25, seed) for seed in (0, 0, 1))
    assert len(one) == 250 and one.tolist() == again.tolist() != other.tolist()
    assert 40 < len(np.intersect1d(one, other)) < 85
    with pytest.raises(BadInput, match="none is left to test on"):
        held_out(3, np.arange(3), 0.25, 0)


@pytest.mark.parametrize("kind", ["array", "list", "frame", "sparse", "arrow", "dicts", "pool"])
def test_any_data_a_campaign_takes(wine, kind):
    X, y = wine
    columns = {f"c{i}": X[:, i] for i in range(X.shape[1])}
    made = {
        "array": X,
        "list": X.tolist(),
        "frame": pd.DataFrame(columns),
        "sparse": sparse.csr_matrix(X),
        "arrow": pa.table(columns),
        "dicts": pd.DataFrame(columns).to_dict("records"),
        "pool": q.open_pool(X),
    }[kind]
    test = {"X_test": X, "y_test": y} if kind == "pool" else {}
    model = make_pipeline(MaxAbsScaler(), LogisticRegression())
    options = {"model": model, "strategy": "margin", "start": 10, "batch": 10, "budget": 60}
    curve = q.simulate(made, y, **options, **test)
    reference = q.simulate(X, y, **options, **test)
    assert curve.picked.tolist() == reference.picked.tolist() or kind in ("sparse", "pool")
    assert len(set(curve.picked.tolist())) == 60 and curve.scores["accuracy"][-1] > 0.9


def test_a_file_or_pool_cannot_be_split(wine):
    with pytest.raises(BadInput, match="give X_test and y_test"):
        opened(q.open_pool(wine[0]), wine[1])


def test_questions_of_y():
    whole = target_of([1.0, -1.0, 1.0])
    assert whole.question == q.Choice(["-1", "1"]) and whole.classes.dtype == float
    assert target_of([[1, 0], [1, 1]]).answers == [["0"], ["0", "1"]]
    assert target_of([1, 2.5], regression=True).question == q.Number()
    with pytest.raises(BadInput, match="must hold 0 and 1"):
        target_of([[1, 0], [2, 1]])


def test_without_a_model_fractions_make_a_regression(wine):
    X, y = wine
    curve = q.simulate(X, y + 0.5, model=None, strategy="random", start=10, batch=20, budget=50)
    assert "r2" in curve.scores
    curve = q.simulate(X, y.astype(float), model=None, strategy="random", budget=40, batch=20)
    assert "accuracy" in curve.scores
