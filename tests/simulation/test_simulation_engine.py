from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import querist as q
from querist.core.errors import BadInput, BadStrategy
from querist.logs.memory import MemoryLog


@pytest.fixture(scope="module")
def wine():
    return load_wine(return_X_y=True)


def run(data, **options):
    settings = {"model": GaussianNB(), "strategy": "margin", "start": 10, "budget": 40} | options
    return q.simulate(*data, **settings)


class Recorder(GaussianNB):
    """Keeps every training set it was given."""

    seen: list = []  # noqa: RUF012  # scikit-learn clones the estimator, so only the class lasts

    def fit(self, X, y, sample_weight=None):
        self.seen.append((np.array(X), np.array(y)))
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("strategy", ["margin", "random", "auto", "kcenter"])
@pytest.mark.parametrize("batch", [1, 7])
def test_the_budget_is_reached_exactly(wine, strategy, batch):
    curve = run(wine, strategy=strategy, batch=batch)
    assert curve.labels.tolist() == [*range(10, 40, batch), 40]
    assert len(curve.scores["accuracy"]) == len(curve) == len(curve.seconds["fit"])
    assert len(set(curve.picked.tolist())) == 40
    assert curve.ended == "budget: 40 of 40 labels bought"


def test_without_a_budget_every_row_is_labelled(wine):
    curve = run(wine, batch=25, budget=None)
    asked = np.setdiff1d(np.arange(len(wine[0])), curve.test_rows)
    assert sorted(curve.picked.tolist()) == asked.tolist()
    assert "labelled" in curve.ended


def test_equal_seeds_give_equal_runs_and_other_seeds_do_not(wine):
    one, again, other = run(wine), run(wine), run(wine, seed=1)
    assert one.picked.tolist() == again.picked.tolist()
    assert one.scores["accuracy"].tolist() == again.scores["accuracy"].tolist()
    assert one.picked.tolist() != other.picked.tolist()
    assert one.test_rows.tolist() != other.test_rows.tolist()


def test_a_quarter_is_held_out_and_never_asked(wine):
    curve = run(wine, budget=None, batch=30)
    assert len(curve.test_rows) == curve.tested_on == round(0.25 * len(wine[0]))
    assert not set(curve.test_rows) & set(curve.picked)


def test_rows_reach_fit_in_the_order_of_x_with_the_labels_as_they_are(wine):
    X, y = wine
    names = np.array(["c", "a", "b"])[y]
    Recorder.seen.clear()
    curve = run((X, names), model=Recorder(), start=[100, 3, 70], budget=9, X_test=X, y_test=names)
    assert curve.picked[:3].tolist() == [100, 3, 70]
    for count, (rows, labels) in zip(curve.labels, Recorder.seen, strict=True):
        expected = np.sort(curve.picked[:count])
        assert np.array_equal(rows, X[expected])
        assert labels.tolist() == names[expected].tolist()


@pytest.mark.parametrize("dtype", [np.int32, float, bool])
def test_the_estimator_sees_labels_in_their_own_dtype(wine, dtype):
    X, y = wine
    labels = (y > 0).astype(dtype) if dtype is bool else (y * 2 - 1).astype(dtype)
    Recorder.seen.clear()
    curve = run((X, labels), model=Recorder(), budget=12)
    assert {kept.dtype for _, kept in Recorder.seen} == {np.dtype(dtype)}
    assert curve.scores["accuracy"][-1] > 0.5


def test_the_curve_is_what_a_live_campaign_does(wine):
    X, y = wine
    curve = run(wine, X_test=X, y_test=y, batch=5)
    names = [str(row) for row in range(len(X))]
    with q.campaign(
        q.open_pool(X, id=names),
        q.Choice([0, 1, 2]),
        model=GaussianNB(),
        strategy="margin",
        log=MemoryLog(),
        start=10,
        batch=5,
        budget=40,
        control=0,
        distinct="batch",
    ) as live:
        live.run(lambda task: y[int(task.item_id)])
        assert [row["id"] for row in live.labels()] == [str(row) for row in curve.picked]
        last = live.predict(X)
    assert (
        np.mean([int(said) == true for said, true in zip(last, y, strict=True)])
        == (curve.scores["accuracy"][-1])
    )


def test_no_label_is_looked_at_before_it_is_asked_nor_twice(wine):
    y = wine[1]
    asked: list[str] = []
    told: set[int] = set()

    def oracle(task):
        assert task.item_id not in asked
        asked.append(task.item_id)
        told.add(int(task.item_id))
        return y[int(task.item_id)]

    def spy(signals, n, rng):
        assert signals.labelled is None or len(signals.labelled) == len(told)
        return np.arange(n)

    spy.needs = frozenset({"proba", "labelled"})
    curve = run(wine, strategy=spy, oracle=oracle, batch=6)
    assert [str(row) for row in curve.picked] == asked and len(asked) == 40


def test_control_is_drawn_inside_every_batch(wine):
    curve = run(wine, batch=10, control=0.2)
    assert curve.arms.count("control") == 8 and curve.arms.count("open") == 32
    assert "control" not in run(wine, batch=10).arms


def test_random_start_is_the_same_for_strategies_without_a_cold_start(wine):
    starts = [run(wine, strategy=name).picked[:10].tolist() for name in ("margin", "random")]
    assert starts[0] == starts[1]
    assert run(wine, strategy="auto").picked[:10].tolist() != starts[0]


def test_noise_spoils_the_training_but_not_the_test(wine):
    X, y = wine
    X = StandardScaler().fit_transform(X)
    options = {"X_test": X, "y_test": y, "budget": 120, "batch": 20, "strategy": "random"}
    clean = run((X, y), **options).scores["accuracy"]
    noisy = run((X, y), oracle=q.oracles.Noisy(y, rate=0.4), **options).scores["accuracy"]
    assert clean[-1] > 0.95 and noisy[-1] < clean[-1] - 0.03


def test_what_the_oracle_passes_on_is_not_trained_on(wine):
    y = wine[1]
    curve = run(
        wine, oracle=lambda task: None if int(task.item_id) % 3 == 0 else y[int(task.item_id)]
    )
    assert len(curve.picked) == curve.labels[-1] == 40
    assert not any(row % 3 == 0 for row in curve.picked)


def test_a_regression_is_scored_by_r2():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.1 * rng.normal(size=200)
    curve = run((X, y), model=Ridge(), strategy="kcenter", batch=10)
    assert curve.scores["r2"][-1] > 0.98
    both = run((X, y), model=Ridge(), strategy="random", scoring=["r2", "neg_mean_absolute_error"])
    assert list(both.scores) == ["r2", "neg_mean_absolute_error"] and both.aubc() > 0.9


def test_texts_through_a_pipeline():
    texts = [f"{'buy cash now' if i % 2 else 'see you soon'} {i}" for i in range(120)]
    labels = ["spam" if i % 2 else "ham" for i in range(120)]
    model = make_pipeline(TfidfVectorizer(), LogisticRegression())
    curve = run((texts, labels), model=model, scoring="f1_macro", batch=10)
    assert curve.scores["f1_macro"][-1] == 1.0


def test_several_labels_an_item():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(160, 4))
    y = (X[:, :2] > 0).astype(int)
    from sklearn.multiclass import OneVsRestClassifier

    model = OneVsRestClassifier(LogisticRegression())
    curve = run((X, y), model=model, strategy="random", batch=15, scoring="f1_macro")
    assert curve.scores["f1_macro"][-1] > 0.8


def test_missing_values_reach_a_model_that_takes_them(wine):
    X = wine[0].copy()
    X[::2, 2] = np.nan
    curve = run(
        (X, wine[1]), model=HistGradientBoostingClassifier(max_iter=5), batch=15, strategy="random"
    )
    assert curve.labels[-1] == 40
    with pytest.raises(BadInput, match="takes no missing values"):
        run((X, wine[1]), model=GaussianNB())


def test_a_count_start_of_one_class_waits_for_the_second():
    X = (
        np.r_[np.zeros((95, 2)), np.ones((5, 2))]
        + np.random.default_rng(0).normal(size=(100, 2)) / 9
    )
    y = np.repeat(["usual", "rare"], [95, 5])
    curve = run((X, y), start=2, budget=None, batch=10, model=LogisticRegression())
    assert curve.labels[0] == 2 and np.isfinite(curve.scores["accuracy"]).all()


def test_scores_by_name_function_and_mapping(wine):
    def half(estimator, X, y):
        return 0.5 * (estimator.predict(X) == y).mean()

    curve = run(wine, scoring=["accuracy", half])
    assert np.allclose(curve.scores["half"], curve.scores["accuracy"] / 2)
    named = run(wine, scoring={"loss": "neg_log_loss", "auc": "roc_auc_ovr"})
    assert sorted(named.scores) == ["auc", "loss"]


def test_budget_equal_to_the_start_scores_one_model(wine):
    for start in (10, [0, 60, 100, 140, 150, 160, 170, 10, 20, 30]):
        curve = run(wine, start=start, budget=10)
        assert curve.labels.tolist() == [10] and len(curve.picked) == 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": 0}, "without labels"),
        ({"start": []}, "start names no rows"),
        ({"start": [0, 0, 100]}, "twice"),
        ({"start": [0, 500]}, "start row 500 is out of range"),
        ({"start": [0, -1]}, "start row -1 is out of range"),
        ({"start": [0.5, 1.5]}, "row numbers"),
        ({"start": [0, 1, 2]}, r"one-class start: all 3 start rows are of class '0'.*'1', '2'"),
        ({"start": 500, "budget": None}, "more than the 134 rows"),
        ({"budget": 5}, "budget 5 is below the 10 labels of the start"),
        ({"budget": 15, "batch": 20}, "budget 15 is below batch 20"),
        ({"batch": 0}, "batch is a number of labels"),
        ({"X_test": np.zeros((2, 13))}, "y_test is missing"),
        ({"y_test": [1, 2]}, "X_test is missing"),
        ({"X_test": np.zeros((2, 13)), "y_test": [1]}, "X_test has 2 rows but y_test has 1"),
        ({"X_test": ["a", "b"], "y_test": [0, 1]}, "kind 'array', but X_test is 'text'"),
        ({"scoring": "acuracy"}, "did you mean 'accuracy'"),
        ({"scoring": []}, "names no score"),
        ({"scoring": lambda estimator, X, y: [1, 2]}, "must give one number"),
        ({"scoring": "roc_auc"}, "scoring 'roc_auc' does not work here"),
        ({"strategy": "margn"}, "did you mean 'margin'"),
        ({"test_size": 1.5}, "test_size is a share"),
        ({"model": Ridge()}, "needs 'proba', but the model gives only predicted values"),
    ],
)
def test_what_is_refused(wine, options, said):
    with pytest.raises((BadInput, q.errors.MissingNeed), match=said):
        run(wine, **options)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (np.zeros((3, 2)), [0, 1], "X has 3 rows but y has 2"),
        (np.zeros((0, 2)), [], "y is empty"),
        ([], [], "y is empty"),
        (np.zeros((3, 2)), [1, 1, 1], "one class only"),
        (np.zeros((3, 2)), [0.0, np.nan, 1.0], "no label in row 1"),
        (np.zeros((3, 2)), ["a", None, "b"], "no label in row 1"),
        (np.zeros((3, 2)), np.array(["a", 1, "b"], dtype=object), "mixes labels"),
        (np.full((30, 2), np.inf), [0, 1] * 15, "infinity|finite"),
    ],
)
def test_data_that_are_refused(X, y, said):
    with pytest.raises(BadInput, match=said):
        q.simulate(X, y, model=DummyClassifier(), strategy="random", start=1)


@pytest.mark.parametrize(
    ("positions", "said"),
    [([0, 0, 1], "twice"), ([0, 1, 10_000], "out of range"), ([0, 1, -1], "out of range")],
)
def test_a_strategy_that_breaks_its_contract(positions, said):
    with pytest.raises(BadStrategy, match=said):
        q.simulate(
            *load_iris(return_X_y=True),
            model=GaussianNB(),
            strategy=lambda signals, n, rng: np.array(positions),
            start=3,
            batch=3,
        )
