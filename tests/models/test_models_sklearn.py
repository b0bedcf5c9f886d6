"""Any estimator becomes a model: positions, shapes, unseen classes, weights, seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC

from querist.core.errors import BadInput, MissingNeed, NoModel
from querist.core.questions import Choice, Choices, Number
from querist.core.types import Signals, check_proba
from querist.models import batches
from querist.models.sklearn import wrap

ALL = frozenset({"proba", "decision", "draws"})
RNG = np.random.default_rng(0)
X = RNG.normal(size=(240, 4))
Y2 = (X[:, 0] + 0.2 * RNG.normal(size=240) > 0).astype(np.int64)
Y4 = np.digitize(X[:, 0], [-0.7, 0.0, 0.7]).astype(np.int64)
# Label names whose sorted order is not the order of the question.
TWO = Choice(["yes", "no"])
FOUR = Choice(["d", "b", "a", "c"])

CLASSIFIERS: list[tuple[Any, set[str]]] = [
    (SVC(), {"decision"}),
    (SVC(decision_function_shape="ovo"), {"decision"}),
    (LinearSVC(), {"decision"}),
    (LogisticRegression(), {"proba", "decision"}),
    (RandomForestClassifier(15), {"proba", "draws"}),
    (ExtraTreesClassifier(15), {"proba", "draws"}),
    (make_pipeline(StandardScaler(), SVC()), {"decision"}),
    (make_pipeline(StandardScaler(), RandomForestClassifier(15)), {"proba", "draws"}),
    (GaussianNB(), {"proba"}),
    (KNeighborsClassifier(3), {"proba"}),
    (BaggingClassifier(LinearSVC(), 5, max_features=0.75), {"proba", "decision", "draws"}),
    (VotingClassifier([("nb", GaussianNB()), ("svm", SVC())]), {"draws"}),
    (GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2), {"proba", "decision"}),
    (OneVsRestClassifier(LinearSVC()), {"decision"}),
]


@pytest.mark.parametrize(
    ("estimator", "gives"), CLASSIFIERS, ids=lambda v: "" if isinstance(v, set) else str(v)[:40]
)
@pytest.mark.parametrize("question", [TWO, FOUR], ids=["two", "four"])
def test_every_classifier_speaks_in_class_positions(
    estimator: Any, gives: set[str], question: Choice
) -> None:
    y = Y2 if question is TWO else Y4
    k = len(question.labels)
    before = str(estimator)
    model = wrap(estimator, question)
    assert model.gives == gives
    fitted = model.fit(X, y, seed=1)
    assert str(estimator) == before
    assert not hasattr(estimator, "classes_")
    assert model.fitted is None
    assert fitted.gives == gives
    said = fitted.predict(X, fitted.gives | {"value"})
    assert said.value is not None
    assert said.value.dtype == np.int64
    assert (said.value == y).mean() > 0.7
    Signals(proba=said.proba, decision=said.decision, draws=said.draws)
    if said.proba is not None:
        assert said.proba.shape == (240, k)
        assert (said.proba.argmax(axis=1) == y).mean() > 0.7
    if said.decision is not None:
        assert said.decision.shape == ((240,) if k == 2 else (240, k))
        chosen = said.decision > 0 if k == 2 else said.decision.argmax(axis=1)
        assert (chosen == y).mean() > 0.7
    if said.draws is not None:
        assert said.draws.shape[::2] == (240, k)
        assert (said.draws.mean(axis=1).argmax(axis=1) == y).mean() > 0.7


@pytest.mark.parametrize("estimator", [SVC(), LogisticRegression(), RandomForestClassifier(9)])
@pytest.mark.parametrize("known", [(1, 3), (0, 2, 3)])
def test_classes_not_seen_get_no_probability_and_the_lowest_decision(
    estimator: Any, known: tuple[int, ...]
) -> None:
    rows = np.isin(Y4, known)
    fitted = wrap(estimator, FOUR).fit(X[rows], Y4[rows])
    said = fitted.predict(X, fitted.gives | {"value"})
    unseen = [c for c in range(4) if c not in known]
    assert set(np.unique(said.value)) == set(known)
    if said.proba is not None:
        assert (said.proba[:, unseen] == 0).all()
        check_proba("proba", said.proba)
    if said.draws is not None:
        assert (said.draws[:, :, unseen] == 0).all()
    if said.decision is not None:
        lowest = said.decision[:, known].min(axis=1)
        assert (said.decision[:, unseen] < lowest[:, None]).all()


def test_two_of_four_classes_keep_the_margin_of_the_svm() -> None:
    rows = np.isin(Y4, (1, 3))
    fitted = wrap(SVC(), FOUR).fit(X[rows], Y4[rows])
    decision = fitted.predict(X, frozenset({"decision"})).decision
    plain = SVC().fit(X[rows], np.where(Y4[rows] == 1, "b", "c")).decision_function(X)
    assert decision is not None
    top = np.sort(decision, axis=1)
    np.testing.assert_allclose(top[:, -1] - top[:, -2], np.abs(plain))


def test_forest_value_probabilities_and_members_are_those_of_scikit_learn() -> None:
    fitted = wrap(RandomForestClassifier(11, random_state=3), FOUR).fit(X, Y4)
    said = fitted.predict(X, (ALL - {"decision"}) | {"value"})
    names = np.array(FOUR.labels)
    plain = RandomForestClassifier(11, random_state=3).fit(X, names[Y4])
    order = [list(plain.classes_).index(name) for name in names]
    np.testing.assert_array_equal(names[said.value], plain.predict(X))
    np.testing.assert_array_equal(said.proba, plain.predict_proba(X)[:, order])
    assert said.draws is not None
    np.testing.assert_allclose(said.draws.mean(axis=1), said.proba, atol=1e-6)


def test_bagging_members_see_their_own_columns() -> None:
    bag = BaggingClassifier(GaussianNB(), 7, max_features=2, random_state=0)
    fitted = wrap(bag, FOUR).fit(X, Y4)
    said = fitted.predict(X, frozenset({"value", "proba", "draws"}))
    assert said.draws is not None
    np.testing.assert_allclose(said.draws.mean(axis=1), said.proba, atol=1e-6)


def test_equal_labels_so_far_predict_that_label() -> None:
    for estimator in (SVC(), LogisticRegression(), RandomForestClassifier(5)):
        fitted = wrap(estimator, FOUR).fit(X[:5], np.full(5, 2))
        said = fitted.predict(X, fitted.gives | {"value"})
        assert (said.value == 2).all()
        assert fitted.gives == wrap(estimator, FOUR).gives
        for signal in (said.proba, said.decision):
            assert signal is None or (signal.argmax(axis=1) == 2).all()
        assert "'a'" in fitted.notes[0]
        with pytest.raises(NoModel, match="all labels so far"):
            _ = fitted.estimator_
    two = wrap(SVC(), TWO).fit(X[:5], np.zeros(5, dtype=int))
    decision = two.predict(X[:3], frozenset({"decision"})).decision
    np.testing.assert_array_equal(decision, [-1, -1, -1])


@pytest.mark.parametrize("classes", [[7, 3], np.array([1.0, -1.0]), ["z", "a"], [True, False]])
def test_the_estimator_sees_the_users_own_labels(classes: Any) -> None:
    weights = {classes[0]: 1.0, classes[1]: 50.0}
    model = wrap(LogisticRegression(class_weight=weights), TWO, classes=classes).fit(X, Y2)
    plain = LogisticRegression(class_weight=weights).fit(X, np.asarray(classes)[Y2])
    np.testing.assert_array_equal(model.estimator_.classes_, plain.classes_)
    said = model.predict(X, frozenset({"value", "decision"}))
    np.testing.assert_array_equal(np.asarray(classes)[said.value], plain.predict(X))
    np.testing.assert_array_equal(said.decision, -plain.decision_function(X))


def test_lu_protocol_gives_bit_identical_decisions() -> None:
    y = np.where(Y2 == 1, 1, -1)
    rows = np.sort(np.random.default_rng(5).permutation(240)[:40])
    model = wrap(SVC(kernel="rbf", gamma="auto", C=1), Choice([-1, 1]), classes=[-1, 1])
    fitted = model.fit(X[rows], Y2[rows])
    plain = SVC(kernel="rbf", gamma="auto", C=1).fit(X[rows], y[rows])
    said = fitted.predict(X, frozenset({"value", "decision"}))
    assert said.decision is not None
    assert said.decision.tobytes() == plain.decision_function(X).tobytes()
    np.testing.assert_array_equal(np.array([-1, 1])[said.value], plain.predict(X))


@pytest.mark.parametrize(("name", "seed"), [("heart", 0), ("sonar", 1)])
def test_lu_2023_margin_runs_are_reproduced(
    shared_data: Path, load_set: Callable[[str], dict[str, Any]], name: str, seed: int
) -> None:
    data = load_set(f"zhan_{name}")
    n = len(data["y"])
    order = np.arange(n)
    np.random.default_rng(seed).shuffle(order)
    train, test = order[: int(n * 0.6)], order[int(n * 0.6) :]
    scaler = StandardScaler()
    np.random.default_rng(seed).shuffle(train)
    pool = scaler.fit_transform(data["X"][train])
    held = scaler.transform(data["X"][test])
    y = (data["y"] == 1).astype(np.int64)
    model = wrap(SVC(gamma="auto"), Choice([-1, 1]), classes=[-1, 1])
    labelled = np.arange(len(train)) < 20
    curve = []
    while not labelled.all():
        rows = np.flatnonzero(labelled)
        fitted = model.fit(pool[rows], y[train][rows])
        curve.append((fitted.predict(held).value == y[test]).mean())
        left = np.flatnonzero(~labelled)
        decision = fitted.predict(pool[left], frozenset({"decision"})).decision
        assert decision is not None
        labelled[left[np.abs(decision).argmin()]] = True
    last = model.fit(pool, y[train])
    after = np.array([*curve[1:], (last.predict(held).value == y[test]).mean()])
    aubc = (after[:-1] + after[1:]).sum() / 2 / len(after)
    table = pd.read_csv(shared_data / "tables" / "lu2023_margin_perseed.csv")
    cell = table.query(
        "dataset == @name and seed == @seed and query_model == 'RBFSVM' and task_model == 'RBFSVM'"
    )
    assert aubc == pytest.approx(float(cell["aubc"].iloc[0]), abs=1e-5)


def test_weights_reach_the_last_step_and_are_noted_where_they_cannot() -> None:
    weights = np.where(Y2 == 1, 1.0, 1e-6)
    for estimator in (SVC(), make_pipeline(StandardScaler(), SVC())):
        fitted = wrap(estimator, TWO).fit(X, Y2, weights=weights)
        assert (fitted.predict(X).value == 1).mean() > 0.95
        assert fitted.notes == ()
    knn = wrap(KNeighborsClassifier(), TWO).fit(X, Y2, weights=weights)
    assert "KNeighborsClassifier takes no sample weights" in knn.notes[0]
    assert wrap(KNeighborsClassifier(), TWO).fit(X, Y2, weights=np.ones(240)).notes == ()
    bag = BaggingClassifier(KNeighborsClassifier(), 3)
    assert "no sample weights" in wrap(bag, TWO).fit(X, Y2, weights=weights).notes[0]
    with pytest.raises(BadInput, match="one per item"):
        wrap(SVC(), TWO).fit(X, Y2, weights=np.ones(3))


def test_the_seed_decides_every_open_random_state() -> None:
    nested = make_pipeline(StandardScaler(), RandomForestClassifier(5))
    model = wrap(nested, FOUR)
    need = frozenset({"proba"})
    one, same, other = (model.fit(X, Y4, seed=s).predict(X, need).proba for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    fixed = wrap(RandomForestClassifier(5, random_state=9), FOUR)
    first, second = (fixed.fit(X, Y4, seed=s).predict(X, need).proba for s in (1, 2))
    np.testing.assert_array_equal(first, second)


def test_data_frames_through_a_column_transformer() -> None:
    frame = pd.DataFrame({"size": X[:, 0], "kind": np.where(X[:, 1] > 0, "u", "v")})
    encode = ColumnTransformer(
        [("number", StandardScaler(), ["size"]), ("word", OneHotEncoder(), ["kind"])]
    )
    fitted = wrap(make_pipeline(encode, LogisticRegression()), FOUR).fit(frame, Y4)
    assert (fitted.predict(frame).value == Y4).mean() > 0.6


def test_texts_sparse_rows_and_the_network() -> None:
    texts = ["good fun" if y else "bad bore" for y in Y2]
    pipe = make_pipeline(TfidfVectorizer(), LinearSVC())
    assert (wrap(pipe, TWO).fit(texts, Y2).predict(texts).value == Y2).all()
    rows = sparse.csr_matrix(X)
    assert (wrap(LogisticRegression(), TWO).fit(rows, Y2).predict(rows).value == Y2).mean() > 0.85
    net = MLPClassifier((8,), solver="lbfgs", max_iter=2000, tol=1e-2)
    assert (wrap(net, FOUR).fit(X, Y4).predict(X).value == Y4).mean() > 0.8


def test_regressors_give_numbers_only() -> None:
    for estimator in (Ridge(), SVR(), RandomForestRegressor(5)):
        model = wrap(estimator, Number())
        fitted = model.fit(X, X[:, 0] * 3, weights=np.linspace(1, 2, 240))
        value = fitted.predict(X).value
        assert value is not None
        assert value.shape == (240,)
        assert np.corrcoef(value, X[:, 0])[0, 1] > 0.8
        assert fitted.gives == frozenset()
        with pytest.raises(MissingNeed, match="cannot give proba"):
            fitted.predict(X, frozenset({"proba"}))
    assert wrap(Ridge(), Number()).fit(X[:2], np.ones(2)).predict(X[:1]).value == [1.0]


@pytest.mark.parametrize(
    "estimator",
    [OneVsRestClassifier(LogisticRegression()), RandomForestClassifier(9), KNeighborsClassifier()],
)
@pytest.mark.parametrize("varying", [[0, 2], [2], []])
def test_multi_label_with_labels_that_never_vary(estimator: Any, varying: list[int]) -> None:
    y = np.tile([0, 1, 0], (240, 1))
    y[:, varying] = X[:, varying] > 0
    fitted = wrap(estimator, Choices(["p", "q", "r"])).fit(X, y)
    said = fitted.predict(X, {"value"} | fitted.gives & {"proba", "decision"})
    assert said.value is not None
    assert said.value.shape == (240, 3)
    assert (said.value == y).mean() > 0.9
    assert said.proba is not None
    assert ((said.proba > 0.5) == y).mean() > 0.9
    if said.decision is not None:
        assert ((said.decision > 0) == y).mean() > 0.9


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = wrap(RandomForestClassifier(5), FOUR).fit(X, Y4)
    needs = frozenset({"value", "proba", "draws"})
    whole = fitted.predict(X, needs)
    parts = [fitted.predict(part, needs) for part in batches.blocks(X, 100)]
    for name in ("value", "proba", "draws"):
        joined = np.concatenate([getattr(p, name) for p in parts])
        np.testing.assert_array_equal(getattr(whole, name), joined)
    big = np.tile(X, (80, 1))
    assert len(big) > batches.BLOCK
    np.testing.assert_array_equal(
        fitted.predict(big, needs).draws, np.tile(whole.draws, (80, 1, 1))
    )


def test_warm_start_continues_and_the_rest_is_refused() -> None:
    cold = SGDClassifier(max_iter=1, tol=None, random_state=0)
    warm = wrap(cold, TWO, warm=True)
    first = warm.fit(X, Y2)
    second = first.fit(X, Y2)
    scratch = wrap(cold, TWO).fit(X, Y2).fitted
    np.testing.assert_array_equal(first.fitted.coef_, scratch.coef_)
    assert (first.fitted.coef_ != second.fitted.coef_).any()
    changed = warm.fit(X[Y4 < 2], Y4[Y4 < 2]).fit(X[:9], np.zeros(9, dtype=int))
    assert changed.fitted is None
    nb = wrap(GaussianNB(), FOUR, warm=True).fit(X[:200], Y4[:200]).fit(X[200:], Y4[200:])
    assert nb.fitted.class_count_.sum() == 240
    for estimator in (SVC(), RandomForestClassifier()):
        with pytest.raises(BadInput, match="cannot continue from its last fit"):
            wrap(estimator, TWO, warm=True)


class Plain:
    """A foreign estimator: no get_params, no tags, nothing but fit and predict."""

    def fit(self, X: Any, y: Any) -> Plain:
        self.middle = np.array([X[y == c].mean(axis=0) for c in (0, 1)])
        return self

    def predict(self, X: Any) -> Any:
        return ((X[:, None] - self.middle) ** 2).sum(axis=2).argmin(axis=1)[:, None]


class Promises(ClassifierMixin, BaseEstimator):
    """Has predict_proba, which fails: as old wrappers do."""

    def fit(self, X: Any, y: Any) -> Promises:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X: Any) -> Any:
        raise NotImplementedError("not here")


def test_foreign_estimators() -> None:
    fitted = wrap(Plain(), TWO).fit(X, Y2)
    assert (fitted.predict(X).value == Y2).mean() > 0.8
    assert fitted.gives == frozenset()
    assert wrap(Promises(), TWO).fit(X, Y2).gives == frozenset()


def test_errors_say_what_to_do() -> None:
    with pytest.raises(BadInput, match="give an instance"):
        wrap(SVC, TWO)
    with pytest.raises(BadInput, match="has no method predict"):
        wrap(StandardScaler(), TWO)
    with pytest.raises(BadInput, match="is a regressor"):
        wrap(Ridge(), TWO)
    with pytest.raises(BadInput, match="is a classifier"):
        wrap(SVC(), Number())
    with pytest.raises(BadInput, match="one value per label"):
        wrap(SVC(), TWO, classes=[1, 2, 3])
    model = wrap(SVC(), TWO)
    with pytest.raises(NoModel, match="not trained"):
        model.predict(X)
    with pytest.raises(BadInput, match="no labelled rows"):
        model.fit(X[:0], Y2[:0])
    with pytest.raises(BadInput, match="one per item"):
        model.fit(X, Y2[:5])
    with pytest.raises(BadInput, match=r"positions 0\.\.1"):
        model.fit(X, Y4)
    with pytest.raises(MissingNeed, match="SVC cannot give proba; it gives decision"):
        model.fit(X, Y2).predict(X, frozenset({"proba"}))
    gaps = X.copy()
    gaps[17, 2] = np.nan
    with pytest.raises(BadInput, match=r"row 17 of 240 holds NaN.*SimpleImputer"):
        model.fit(gaps, Y2)
    with pytest.raises(BadInput, match="row 17 of 240"):
        model.fit(X, Y2).predict(gaps)
    with pytest.raises(BadInput, match="SVC refuses the 240 rows"):
        model.fit(X, Y2).predict(X[:, :2])


@pytest.mark.parametrize("svm", [SVC(), make_pipeline(StandardScaler(), SVC(C=10)), NuSVC(nu=0.1)])
def test_support_vector_machines_tell_their_narrowest_win(svm):
    fitted = wrap(svm, FOUR).fit(X[:80], Y4[:80])
    said = fitted.predict(X, frozenset({"decision", "value"}))
    plain = clone(svm).set_params(
        **{n: "ovo" for n in svm.get_params() if n.endswith("decision_function_shape")}
    )
    names = np.array(FOUR.labels)
    plain.fit(X[:80], names[Y4[:80]])
    pairs, order = plain.decision_function(X), [names.tolist().index(c) for c in plain.classes_]
    for row, value, decision in zip(pairs, said.value, said.decision, strict=True):
        wins, at = {}, 0
        for i in range(4):
            for j in range(i + 1, 4):
                wins[order[i], order[j]], wins[order[j], order[i]] = row[at], -row[at]
                at += 1
        expected = [0.0 if c == value else min(0.0, -wins[value, c]) for c in range(4)]
        np.testing.assert_allclose(decision, expected)


class OwnSVC(SVC):
    """Makes probabilities of its decision values, which it takes for one column a class."""

    def predict_proba(self, items: Any) -> Any:
        raised = np.exp(self.decision_function(items))
        return raised / raised.sum(axis=1, keepdims=True)


def test_a_support_vector_machine_of_ones_own_keeps_its_decision_values() -> None:
    fitted = wrap(OwnSVC(), FOUR).fit(X[:80], Y4[:80])
    said = fitted.predict(X, frozenset({"proba", "value"}))
    assert (said.proba.argmax(axis=1) == said.value).mean() > 0.9
