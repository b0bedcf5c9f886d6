"""simulate and compare: shapes, rules of the protocol, and natural ways to call them."""

import json

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, make_scorer
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import querist as q
from querist.strategies import Entropy, KMeansSampling, Margin, Mix, Random

X, Y = make_classification(300, 8, n_informative=5, n_classes=3, random_state=0)
XT, YT = X[200:], Y[200:]
X, Y = X[:200], Y[:200]
LR = LogisticRegression(max_iter=500)


def simulate(**options):
    given = {"model": LR, "strategy": "margin", "budget": 40, "batch": 5, "X_test": XT,
             "y_test": YT} | options  # fmt: skip
    return q.simulate(given.pop("X", X), given.pop("y", Y), **given)


def test_a_curve_has_labels_scores_picked_and_seconds():
    curve = simulate()
    assert isinstance(curve, q.Curve)
    assert curve.labels.tolist() == [20, 25, 30, 35, 40]
    assert np.issubdtype(np.asarray(curve.labels).dtype, np.integer)
    assert curve.scores["accuracy"].shape == (5,)
    assert len(curve.picked) == 40 == len(set(curve.picked.tolist()))
    assert {"fit", "score", "select"} <= set(curve.seconds)
    assert all(len(curve.seconds[name]) == 5 for name in ("fit", "score", "select"))
    assert isinstance(curve.aubc("accuracy"), float)
    assert curve.scores["accuracy"].min() <= curve.aubc("accuracy") <= 1
    assert curve.aubc() == curve.aubc("accuracy")


def test_scores_are_those_of_a_model_fitted_on_the_rows_in_pool_order():
    curve = simulate(model=SVC(gamma="auto"))
    for labels, score in zip(curve.labels, curve.scores["accuracy"], strict=True):
        rows = np.sort(curve.picked[:labels])
        plain = SVC(gamma="auto").fit(X[rows], Y[rows]).score(XT, YT)
        assert score == pytest.approx(plain)


def test_margin_of_batch_one_is_margin_by_hand():
    start = list(range(20))
    curve = simulate(start=start, batch=1, budget=30)
    assert curve.picked[:20].tolist() == start
    known = list(start)
    for row in curve.picked[20:]:
        rows = np.sort(known)
        proba = LogisticRegression(max_iter=500).fit(X[rows], Y[rows]).predict_proba(X)
        top = np.sort(proba, axis=1)
        gap = top[:, -1] - top[:, -2]
        gap[known] = np.inf
        assert row == gap.argmin()
        known.append(int(row))


@pytest.mark.parametrize(
    "start", [[3, 5, 8, 9, 100, 150], np.arange(12), range(10), (1, 2, 3, 4, 5, 6)]
)
def test_start_may_be_rows(start):
    curve = simulate(start=start, budget=30)
    assert curve.picked[: len(start)].tolist() == list(start)
    assert curve.labels[0] == len(start)


def test_the_last_batch_shrinks_to_the_budget():
    assert simulate(batch=7, budget=40).labels.tolist() == [20, 27, 34, 40]


def test_without_a_budget_the_whole_pool_is_labelled():
    curve = simulate(batch=60, budget=None)
    assert sorted(curve.picked.tolist()) == list(range(200))
    assert curve.labels[-1] == 200


def test_a_budget_beyond_the_pool_ends_with_the_pool():
    assert simulate(batch=60, budget=10_000).labels[-1] == 200


def test_a_test_set_is_split_off_when_none_is_given():
    curve = q.simulate(X, Y, model=LR, strategy="margin", budget=40, batch=10)
    assert len(curve.scores["accuracy"]) == 3


def test_equal_seeds_repeat_exactly():
    for strategy in ("random", "margin", "auto"):
        one, two = simulate(strategy=strategy, seed=4), simulate(strategy=strategy, seed=4)
        assert one.picked.tolist() == two.picked.tolist()
        assert one.scores["accuracy"].tolist() == two.scores["accuracy"].tolist()
    assert simulate(seed=1).picked.tolist() != simulate(seed=2).picked.tolist()


@pytest.mark.parametrize(
    "strategy",
    [
        "random",
        "entropy",
        "auto",
        "kmeans",
        "diverse_batch",
        "query_by_committee",
        Margin(),
        0.5 * Entropy() + 0.5 * Margin(),
        Mix({Margin(): 0.9, Random(): 0.1}),
        Margin,
        KMeansSampling(),
        lambda signals, n, rng: np.arange(n),
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_any_strategy(strategy):
    curve = simulate(strategy=strategy, budget=30)
    assert curve.labels[-1] == 30


@pytest.mark.parametrize("model", [GaussianNB(), SVC(), RandomForestClassifier(10), None])
def test_any_model(model):
    assert simulate(model=model, budget=30).labels[-1] == 30


def test_string_labels_lists_and_series():
    pd = pytest.importorskip("pandas")
    names = np.array(["red", "green", "blue"])
    plain = simulate(y=names[Y], y_test=names[YT])
    for y, yt in (
        (names[Y], names[YT]),
        (names[Y].tolist(), names[YT].tolist()),
        (pd.Series(names[Y], index=range(7, 207)), pd.Series(names[YT])),
        (pd.Series(names[Y]).astype("category"), pd.Series(names[YT]).astype("category")),
    ):
        curve = simulate(y=y, y_test=yt)
        assert curve.picked.tolist() == plain.picked.tolist()


def test_booleans_and_floats_as_labels():
    for y, yt in ((Y > 0, YT > 0), (Y.astype(float), YT.astype(float))):
        assert simulate(y=y, y_test=yt).scores["accuracy"][-1] > 0.5


def test_a_sparse_matrix():
    curve = simulate(X=sparse.csr_matrix(X), X_test=sparse.csr_matrix(XT))
    assert curve.picked.tolist() == simulate().picked.tolist()


def test_lists_of_lists():
    curve = simulate(X=X.tolist(), X_test=XT.tolist())
    assert curve.picked.tolist() == simulate().picked.tolist()


def test_texts_with_a_pipeline():
    texts = [f"{'cash prize' if i % 2 else 'lunch today'} {i}" for i in range(120)]
    y = ["spam" if i % 2 else "ham" for i in range(120)]
    model = make_pipeline(TfidfVectorizer(), LR)
    for data in (texts, np.array(texts), np.array(texts, dtype=object)):
        curve = q.simulate(data, y, model=model, strategy="margin", budget=40, batch=10)
        assert curve.scores["accuracy"][-1] > 0.9
    pd = pytest.importorskip("pandas")
    assert q.simulate(pd.Series(texts), pd.Series(y), model=model, strategy="auto", budget=40,
                      batch=10).labels[-1] == 40  # fmt: skip


def test_a_frame_with_a_column_transformer():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(8)])
    frame["city"] = np.where(X[:, 0] > 0, "Rome", "Oslo")
    split = ColumnTransformer(
        [("n", StandardScaler(), [f"x{i}" for i in range(8)]), ("c", OneHotEncoder(), ["city"])]
    )
    for strategy in ("margin", "auto"):
        curve = q.simulate(frame, Y, model=make_pipeline(split, LR), strategy=strategy,
                           budget=40, batch=10)  # fmt: skip
        assert curve.labels[-1] == 40


@pytest.mark.parametrize("form", ["list", "mapping", "scorer", "function"])
def test_scoring_in_several_forms(form):
    scoring = {
        "list": ["accuracy", "f1_macro"],
        "mapping": {"accuracy": "accuracy", "f1_macro": make_scorer(f1_score, average="macro")},
        "scorer": make_scorer(f1_score, average="macro"),
        "function": lambda model, X, y: float(model.score(X, y)),
    }[form]
    curve = simulate(scoring=scoring)
    assert len(curve.scores) >= 1
    for name, values in curve.scores.items():
        assert len(values) == len(curve.labels)
        curve.aubc(name)
    if form in ("list", "mapping"):
        assert set(curve.scores) == {"accuracy", "f1_macro"}


def test_an_unknown_score_is_refused():
    with pytest.raises((q.errors.QueristError, ValueError), match="nonsense"):
        simulate(scoring="nonsense")
    with pytest.raises((q.errors.QueristError, KeyError), match="nonsense"):
        simulate().aubc("nonsense")


def test_a_regression():
    curve = simulate(y=X.sum(axis=1), y_test=XT.sum(axis=1), model=Ridge(), strategy="random",
                     scoring="r2")  # fmt: skip
    assert curve.scores["r2"][-1] > 0.9


def test_control_items_are_a_share_of_every_batch():
    curve = simulate(control=0.2, budget=100, batch=20)
    assert 0.05 < sum(arm == "control" for arm in curve.arms) / 100 < 0.35


def test_an_oracle_that_errs():
    noisy = simulate(oracle=q.oracles.Noisy(Y, rate=0.4, seed=1), budget=100, batch=20)
    assert noisy.scores["accuracy"][-1] < simulate(budget=100, batch=20).scores["accuracy"][-1]


def test_an_oracle_may_be_a_plain_function():
    seen = []

    def oracle(task):
        seen.append(task.item_id)
        return int(Y[int(task.item_id)])

    assert simulate(oracle=oracle).picked.tolist() == simulate().picked.tolist()
    assert len(seen) == 40


def test_no_label_is_shown_before_it_is_asked():
    def peek(signals, n, rng):
        assert signals.labelled is None or len(signals.labelled) + len(signals) <= 200
        return np.arange(n)

    simulate(strategy=peek)


@pytest.mark.parametrize(
    "options",
    [
        {"start": 0},
        {"start": 500},
        {"start": [0, 0, 1]},
        {"start": [999]},
        {"batch": 0},
        {"budget": 5},
        {"y": Y[:10]},
        {"y_test": None},
        {"y": np.zeros(200)},
        {"strategy": "nonsense"},
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_nonsense_is_refused(options):
    with pytest.raises((q.errors.QueristError, ValueError, TypeError)):
        simulate(**options)


@pytest.mark.parametrize("where", ["X", "X_test"])
def test_gaps_are_refused_with_the_row_or_reach_a_model_that_takes_them(where):
    bad = {"X": X.copy(), "X_test": XT.copy()}[where]
    bad[7, 2] = np.nan
    with pytest.raises(q.errors.QueristError, match=r"(?s)row 7.*NaN.*SimpleImputer"):
        simulate(**{where: bad})
    assert simulate(**{where: bad}, model=make_pipeline(SimpleImputer(), LR)).labels[-1] == 40


def test_an_oracle_that_is_no_function_is_refused():
    with pytest.raises(q.errors.QueristError, match="oracle"):
        simulate(oracle=Y)


def test_a_seed_may_be_a_numpy_integer():
    assert simulate(seed=np.int64(3)).picked.tolist() == simulate(seed=3).picked.tolist()


def test_a_curve_becomes_json():
    told = json.loads(simulate().to_json())
    assert told["labels"] == [20, 25, 30, 35, 40]


# ---- compare -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comparison():
    data, y = load_iris(return_X_y=True)
    return q.compare(data, y, model=LR, strategies=["margin", "entropy"], seeds=4, start=6,
                     batch=6, budget=36, progress=False)  # fmt: skip


def test_random_runs_along(comparison):
    assert {"margin", "entropy", "random"} <= set(comparison.curves)


def test_the_table_has_a_row_a_strategy(comparison):
    rows = comparison.table()
    assert {row["strategy"] for row in rows} == {"margin", "entropy", "random"}


def test_labels_to_a_target(comparison):
    reach = comparison.labels_to(0.9)
    assert set(reach) == {"margin", "entropy", "random"}
    assert reach["random"].seeds == 4
    assert 6 <= reach["random"].labels.value <= 36 or reach["random"].reached < 4
    assert comparison.labels_to(1.1)["margin"].reached == 0


def test_savings_come_with_intervals(comparison):
    saved = comparison.saved(against="random")
    assert set(saved) == {"margin", "entropy"}
    share = saved["margin"].share
    assert share.low <= share.value <= share.high
    assert str(share)


def test_losses_plot_and_json(comparison):
    for loss in comparison.losses():
        assert loss["difference"] < 0
    figure = comparison.plot()
    assert len(figure.data) >= 3
    assert "labels" in str(figure.layout).lower()
    assert set(json.loads(comparison.to_json())["curves"]) >= {"margin", "entropy", "random"}


def test_against_another_strategy(comparison):
    assert "margin" in comparison.saved(against="entropy")
    with pytest.raises(q.errors.QueristError, match="nonsense"):
        comparison.saved(against="nonsense")


@pytest.mark.parametrize(
    "strategies",
    [
        ["margin", "random"],
        ("margin", Entropy()),
        {"mine": Margin(), "theirs": "random"},
        [Margin(), Random()],
        [lambda signals, n, rng: np.arange(n), "margin"],
        "margin",
        Margin(),
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_strategies_in_several_forms(strategies):
    found = q.compare(X, Y, model=LR, strategies=strategies, seeds=2, start=10, batch=10,
                      budget=30, progress=False)  # fmt: skip
    assert len(found.table()) >= 2


def test_seeds_may_be_listed_and_jobs_change_nothing():
    given = {"model": LR, "strategies": ["margin", "random"], "start": 10, "batch": 10,
             "budget": 30, "progress": False}  # fmt: skip
    one = q.compare(X, Y, seeds=[3, 4], **given)
    two = q.compare(X, Y, seeds=[3, 4], n_jobs=2, **given)
    for name in one.curves:
        for a, b in zip(one.curves[name], two.curves[name], strict=True):
            assert a.picked.tolist() == b.picked.tolist()
    assert list(one.seeds) == [3, 4]


def test_progress_shows_nothing_in_a_pipe(capfd):
    q.compare(X, Y, model=LR, strategies=["random"], seeds=1, start=10, batch=10, budget=20)
    assert capfd.readouterr().out == ""
