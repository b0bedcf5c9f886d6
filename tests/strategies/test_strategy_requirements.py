"""What is required of the strategies, row by row, as a user meets it: one test a row."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

import querist as q
from querist.strategies import (
    BALD,
    Checkpoints,
    Density,
    DiverseBatch,
    Dropout,
    Entropy,
    ExpectedErrorReduction,
    ExpectedModelChange,
    GroupQuota,
    InformationDensity,
    KCenter,
    KMeansSampling,
    LeastConfidence,
    Margin,
    Members,
    Mix,
    Perturbations,
    QueryByCommittee,
    Random,
    Top,
)

HAND = np.array(
    [
        [0.50, 0.49, 0.01],
        [0.45, 0.30, 0.25],
        [0.90, 0.05, 0.05],
        [1.00, 0.00, 0.00],
        [0.40, 0.35, 0.25],
    ]
)
X, Y = load_iris(return_X_y=True)
KINDS = np.array(["setosa", "versicolor", "virginica"])[Y]


def ranking(strategy, **signals):
    found = q.Signals(**signals)
    return strategy.select(found, len(found), 0).tolist()


def campaign(strategy, **more):
    """Iris as a live campaign whose annotator knows the answer."""
    settings = {"model": LogisticRegression(max_iter=500), "batch": 10, "control": 0.0} | more
    ids = [f"i{row}" for row in range(len(X))]
    question = q.Choice(["setosa", "versicolor", "virginica"])
    return q.campaign(X, question, id=ids, strategy=strategy, **settings)


def answered(made, rounds=2):
    for _ in range(rounds):
        made.tell_many((task, KINDS[int(task.item_id[1:])]) for task in made.ask(99))
        made.step()
    return made


def last_batch(made):
    return [e.items for _, e in made.log.read() if type(e).__name__ == "Queued"][-1]


def test_B01_least_confidence_ranks_by_its_formula():
    wanted = np.argsort(HAND.max(axis=1), kind="stable").tolist()
    assert ranking(LeastConfidence(), proba=HAND) == wanted


def test_B02_margin_ranks_by_its_formula_and_agrees_with_the_others_for_two_classes():
    top = np.sort(HAND, axis=1)
    wanted = np.argsort(top[:, 2] - top[:, 1], kind="stable").tolist()
    assert ranking(Margin(), proba=HAND) == wanted
    assert ranking(Margin(), proba=HAND) != ranking(LeastConfidence(), proba=HAND)
    assert ranking(Margin(), proba=HAND) != ranking(Entropy(), proba=HAND)
    p = np.random.default_rng(0).random(50)
    two = np.stack([p, 1 - p], axis=1)
    orders = [ranking(s, proba=two) for s in (Margin(), Entropy(), LeastConfidence())]
    assert orders[0] == orders[1] == orders[2]


def test_B03_entropy_ranks_by_its_formula_and_zeros_give_no_nan():
    logs = np.log(HAND, out=np.zeros_like(HAND), where=HAND > 0)
    wanted = np.argsort((HAND * logs).sum(axis=1), kind="stable").tolist()
    assert ranking(Entropy(), proba=HAND) == wanted
    assert np.isfinite(Entropy().score(q.Signals(proba=HAND))).all()


@pytest.mark.parametrize("strategy", ["least_confidence", "margin", "entropy"])
def test_B04_of_98_and_52_percent_the_second_is_asked(strategy):
    scans = q.Signals(proba=np.array([[0.98, 0.02], [0.52, 0.48]]))
    assert q.strategies.get(strategy).select(scans, 1, 0).tolist() == [1]
    mails = q.Signals(proba=np.array([[0.51, 0.49], [0.98, 0.02]]))
    assert q.strategies.get(strategy).select(mails, 1, 0).tolist() == [0]


def test_B05_a_committee_of_ones_own_asks_where_it_disagrees():
    members = [GaussianNB(), LogisticRegression(max_iter=500), SVC()]
    made = answered(campaign(QueryByCommittee(members)))
    scores = [row["score"] for row in made.history.ranking()]
    assert scores == sorted(scores, reverse=True)  # disagreement of each item is shown
    assert scores[0] > 0 and scores[-1] == 0  # those all agree on come last
    training = made.history.training_set(2)
    votes = np.array([m.fit(X[training.rows], Y[training.rows]).predict(X) for m in members])
    top = int(made.history.ranking(1)[0]["id"][1:])
    assert len(set(votes[:, top].tolist())) > 1
    assert answered(campaign(QueryByCommittee(3))).history.ranking(1)[0]["score"] >= 0


def test_B07_expected_model_change_orders_as_refits_do():
    """Logistic regression, one gradient step: the change of the weights, candidate by candidate."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(30, 3))
    weights = rng.normal(size=(3, 3))
    logits = vectors @ weights
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    change = np.zeros(30)
    for i in range(30):
        for label in range(3):
            gradient = np.outer(np.append(vectors[i], 1.0), proba[i] - np.eye(3)[label])
            change[i] += proba[i, label] * np.linalg.norm(gradient)
    found = ExpectedModelChange().score(q.Signals(proba=proba, vectors=vectors))
    np.testing.assert_allclose(found, change, atol=1e-12)
    answered(campaign("expected_model_change"))


def test_B08_expected_error_reduction_is_feasible_on_ten_thousand_and_says_that_it_samples():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(10_000, 4))
    known = q.Labelled(vectors[:6], np.array([0, 1, 0, 1, 0, 1]), ("a", "b"))
    picks = ExpectedErrorReduction().select(q.Signals(vectors=vectors, labelled=known), 1, 0)
    assert len(picks) == 1
    assert "ample" in str(ExpectedErrorReduction.__doc__)


def test_B09_one_batch_touches_every_cluster_before_any_label():
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(8), [200, 100, 60, 30, 20, 10, 6, 4])
    centres = 20 * rng.normal(size=(8, 3))
    data = centres[cluster] + rng.normal(size=(len(cluster), 3))
    ids = [f"i{row}" for row in range(len(data))]
    for strategy in ("kcenter", "kmeans", "auto"):
        made = q.campaign(
            data, q.Choice(["a", "b"]), id=ids, strategy=strategy, batch=16, control=0.0
        )
        asked = {int(cluster[int(task.item_id[1:])]) for task in made.ask(99)}
        assert asked == set(range(8)), strategy


def test_B10_an_uncertain_outlier_ranks_below_its_equal_in_a_dense_region():
    rng = np.random.default_rng(0)
    vectors = np.concatenate([rng.normal(3.0, 0.3, size=(60, 2)), [[3.0, 3.0], [9.0, -6.0]]])
    proba = np.full((62, 2), [0.9, 0.1])
    proba[60:] = 0.5
    signals = q.Signals(proba=proba, vectors=vectors)
    for strategy in (InformationDensity(Entropy()), Entropy() * Density()):
        scores = strategy.score(signals)
        assert scores[60] > scores[61]
    assert Entropy().score(signals)[60] == Entropy().score(signals)[61]


def test_B11_uncertain_then_diverse_spreads_more_than_uncertain_alone():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(400, 4))
    p = 1 / (1 + np.exp(-3 * vectors[:, 0]))
    signals = q.Signals(proba=np.stack([p, 1 - p], axis=1), vectors=vectors)

    def spread(strategy):
        batch = vectors[strategy.select(signals, 20, 0)]
        apart = np.linalg.norm(batch[:, None] - batch[None], axis=2) + 1e9 * np.eye(20)
        return apart.min(axis=1).mean()

    assert spread(DiverseBatch()) > 1.2 * spread(Margin())


@pytest.mark.parametrize("raw", ["array", "text"])
def test_B12_of_500_copies_of_the_hardest_item_a_batch_holds_one(raw):
    rng = np.random.default_rng(0)
    data = np.concatenate([rng.normal(size=(300, 3)), np.zeros((500, 3))])
    truth = np.where(data[:, 0] > 0, "b", "a")
    copies = set(range(300, 800))
    model, items = LogisticRegression(), data
    if raw == "text":
        words = ("good", "fine", "nice", "bad", "poor", "sad")
        left = [f"{words[i % 6]} item number {i} {words[(i * 7) % 6]}" for i in range(300)]
        items = left + ["good bad the very same words"] * 500
        truth = np.array(["a" if i % 6 < 3 else "b" for i in range(300)] + ["a"] * 500)
        model = None
    ids = [f"i{row}" for row in range(800)]
    made = q.campaign(
        items, q.Choice(["a", "b"]), id=ids, model=model, strategy="margin", batch=20, control=0.0
    )
    batches = []
    for _ in range(3):
        tasks = made.ask(99)
        batches.append([int(task.item_id[1:]) for task in tasks])
        made.tell_many((task, truth[int(task.item_id[1:])]) for task in tasks)
        made.step()
    assert all(sum(row in copies for row in batch) <= 1 for batch in batches)
    assert sum(row in copies for batch in batches for row in batch) <= 1  # not again next time


def test_B14_a_plain_function_runs_with_log_slice_and_batch_rules():
    def widest_petal(signals, n, rng):
        return np.argsort(-signals.vectors[:, 3])[:n]

    made = answered(campaign(widest_petal, control=0.2), 3)
    batch = last_batch(made)
    assert {item.strategy for item in batch if item.arm == "open"} == {"widest_petal"}
    assert sum(item.arm == "control" for item in batch) == 2 and len(batch) == 10
    assert made.history.why(batch[0].item_id)


def test_B15_items_near_the_boundary_of_a_support_vector_machine_are_asked():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(200, 2))
    truth = np.where(data[:, 0] > 0, "b", "a")
    ids = [f"i{row}" for row in range(200)]
    made = q.campaign(
        data,
        q.Choice(["a", "b"]),
        id=ids,
        model=SVC(kernel="linear"),
        strategy="distance_to_boundary",
        batch=10,
        control=0.0,
        distinct="off",
    )
    made.tell_many((task, truth[int(task.item_id[1:])]) for task in made.ask(99))
    made.step()
    svm = SVC(kernel="linear").fit(data[made.history.training_set(1).rows],
                                   truth[made.history.training_set(1).rows])  # fmt: skip
    free = np.setdiff1d(np.arange(200), made.history.training_set(1).rows)
    nearest = free[np.argsort(np.abs(svm.decision_function(data[free])))[:10]]
    assert {int(item.item_id[1:]) for item in last_batch(made)} == set(nearest.tolist())


@pytest.mark.filterwarnings("ignore:.*Maximum iterations:Warning")
@pytest.mark.parametrize("source", ["members", "dropout", "perturbations", "checkpoints"])
def test_B16_inconsistent_predictions_of_any_kind_can_be_chosen(source):
    from sklearn.neural_network import MLPClassifier

    committee, model = {
        "members": (Members(), RandomForestClassifier(20, random_state=0)),
        "dropout": (Dropout(8), MLPClassifier((16,), max_iter=80)),
        "perturbations": (Perturbations(8), LogisticRegression(max_iter=500)),
        "checkpoints": (Checkpoints(3), LogisticRegression(max_iter=500)),
    }[source]
    made = answered(campaign(BALD(committee), model=model), 3)
    scores = [row["score"] for row in made.history.ranking()]
    assert scores == sorted(scores, reverse=True) and scores[0] > 2 * scores[-1]


def test_B17_a_rare_class_is_found_sooner_than_by_chance():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(1000, 4))
    data[:10] = 0.5 * rng.normal(size=(10, 4)) + 4  # one in a hundred
    rare = (np.arange(1000) < 10).astype(int)
    found = q.compare(
        data,
        rare,
        model=LogisticRegression(max_iter=300),
        strategies=["auto", "kcenter"],
        X_test=data,
        y_test=rare,
        start=20,
        batch=10,
        budget=100,
        seeds=4,
        progress=False,
    )
    rows = {row["strategy"]: row for row in found.asked(rare) if row["group"] == "1"}
    assert all(rows[name]["more_low"] > 0 for name in ("auto", "kcenter"))


def test_B18_the_share_of_queries_from_a_tricky_region_is_told():
    rng = np.random.default_rng(0)
    data = rng.normal(size=(600, 2)) + np.where(np.arange(600) < 120, 5.0, 0.0)[:, None]
    region = np.arange(600) < 120
    told = np.where(region, rng.integers(0, 2, 600), data[:, 0] > 0).astype(int)
    found = q.compare(
        data,
        told,
        model=LogisticRegression(),
        strategies=["margin", "kcenter"],
        start=20,
        batch=10,
        budget=100,
        seeds=4,
        progress=False,
    )
    rows = {row["strategy"]: row for row in found.asked(region) if row["group"] == "True"}
    assert set(rows) == {"margin", "kcenter", "random"}
    for name, curves in found.curves.items():
        shares = [region[c.picked[c.labels[0] :]].mean() for c in curves]
        assert rows[name]["share"] == pytest.approx(np.mean(shares))
    assert rows["random"]["share_low"] < rows["random"]["pool"] < rows["random"]["share_high"]


def test_B22_strategies_combine_by_weights_and_stages_without_new_code():
    for strategy in (
        0.7 * Entropy() + 0.3 * Density(),
        Entropy() >> Top(40) >> KCenter(),
        Margin() >> KMeansSampling(),
        Mix({Margin(): 0.5, Random(): 0.5}),
        GroupQuota(Mix({Entropy() >> Top(40) >> KCenter(): 0.8, Random(): 0.2}), {"even": 0.5}),
    ):
        groups = np.where(np.arange(len(X)) % 2, "odd", "even")
        made = answered(campaign(strategy, groups=groups))
        assert len(last_batch(made)) == 10


def test_H05_a_group_is_guaranteed_its_share_and_measured_by_itself():
    groups = np.where(np.arange(len(X)) % 6 == 0, "few", "many")
    made = campaign(GroupQuota("auto", {"few": 0.5}), groups=groups, holdout=75, batch=6)
    made.tell_many((task, KINDS[int(task.item_id[1:])]) for task in made.ask(99, job="holdout"))
    answered(made, 2)
    rows = {row["group"]: row for row in made.status()["groups"]}
    assert rows["few"]["asked_share"] >= 0.5 > rows["few"]["share"]
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows.values())


def test_K16_a_tiny_pool_of_costly_numbers_one_at_a_time():
    """Thirty candidate materials, one measurement a round, a Gaussian process."""
    rng = np.random.default_rng(0)
    compounds = rng.uniform(-2, 2, size=(30, 2))
    strength = np.sin(compounds[:, 0]) + 0.5 * compounds[:, 1]
    ids = [f"m{row}" for row in range(30)]
    made = q.campaign(
        compounds,
        q.Number(),
        id=ids,
        model=GaussianProcessRegressor(alpha=1e-3),
        strategy="igs",
        batch=1,
        start=2,
        budget=12,
        price=400.0,
        control=0.0,
    )
    made.run(lambda task: float(strength[int(task.item_id[1:])]))
    status = made.status()
    assert status["bought"] == 12 and status["spent"] == 4800.0
    sizes = [len(e.items) for _, e in made.log.read() if type(e).__name__ == "Queued"]
    assert sizes == [2, *[1] * 10]
    wrong = np.abs(np.array(made.predict(compounds)) - strength)
    assert np.sqrt(np.mean(wrong**2)) < 0.5 * np.std(strength)
