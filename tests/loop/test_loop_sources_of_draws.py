"""Disagreement of copies, members, passes, perturbations and checkpoints; learned vectors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

import querist as q
from querist.core.errors import BadInput, MissingNeed
from querist.core.types import Prediction
from querist.strategies import (
    BADGE,
    BALD,
    Checkpoints,
    CommitteeVariance,
    Distinct,
    Dropout,
    GroupQuota,
    KCenter,
    Learned,
    Members,
    Perturbations,
    QueryByCommittee,
)

pytestmark = pytest.mark.filterwarnings("ignore:.*Maximum iterations:Warning")
N = 200
X = np.random.default_rng(0).normal(size=(N, 4))
TRUTH = np.where(X[:, 0] + X[:, 1] > 0, "b", "a")
IDS = [f"i{row}" for row in range(N)]


def mlp():
    return MLPClassifier((12,), max_iter=60, random_state=0)


def campaign(strategy, model, rows=None, **more):
    rows = np.arange(N) if rows is None else rows
    return q.campaign(
        X[rows],
        q.Choice(["a", "b"]),
        id=[IDS[row] for row in rows],
        strategy=strategy,
        model=model,
        **({"batch": 15, "control": 0.0, "measure": False} | more),
    )


def run(made, rounds=3):
    for _ in range(rounds):
        made.tell_many((task, TRUTH[int(task.item_id[1:])]) for task in made.ask(99))
        made.step()


def queued(made):
    batches = [event.items for _, event in made.log.read() if type(event).__name__ == "Queued"]
    return [[item.item_id for item in items] for items in batches]


CASES = {
    "copies": (3, LogisticRegression()),
    "members": (Members(), RandomForestClassifier(10)),
    "dropout": (Dropout(6, rate=0.4), mlp()),
    "perturbations": (Perturbations(6, noise=0.3), LogisticRegression()),
    "checkpoints": (Checkpoints(3), LogisticRegression()),
}


@pytest.mark.parametrize("case", CASES)
def test_every_source_asks_where_it_disagrees(case):
    committee, model = CASES[case]
    made = campaign(QueryByCommittee(committee, measure="kl"), model)
    run(made)
    last = [e.items for _, e in made.log.read() if type(e).__name__ == "Queued"][-1]
    scores = [item.score for item in last]
    assert {item.strategy for item in last} == {"QueryByCommittee"}
    assert scores == sorted(scores, reverse=True) and scores[0] > 0
    again = campaign(QueryByCommittee(committee, measure="kl"), model)
    run(again)
    assert queued(again) == queued(made)


@pytest.mark.parametrize("case", ["perturbations", "dropout", "checkpoints"])
def test_row_order_does_not_matter(case):
    """Noise is keyed by item: the ranking of the trained model is that of the turned pool."""
    committee, model = CASES[case]
    order = np.random.default_rng(1).permutation(N)
    strategy = QueryByCommittee(committee, measure="consensus_entropy")
    found = []
    for rows in (np.arange(N), order):
        made = campaign("random", LogisticRegression() if case != "dropout" else model, rows=rows)
        run(made, 2)
        signals = made._worker.growth.scorer
        items = made.pool.rows(IDS)
        training = made.history.training_set(len(made.history.rounds) - 1)
        said = signals.signals(
            strategy, items, training, made.history.model(2), made.parts.model, 7,
            (made.history.model(1),),
        )  # fmt: skip
        found.append(said.draws)
    if case == "dropout":  # the network's own training depends on the order of its rows
        assert found[0].shape == found[1].shape == (N, 6, 2)
    else:
        np.testing.assert_allclose(found[0], found[1], atol=1e-4)


def test_checkpoints_are_the_models_of_the_last_rounds():
    made = campaign(BALD(Checkpoints(3)), LogisticRegression())
    run(made, 4)
    worker = made._worker
    earlier = worker.earlier(made.history.rounds[:-1])
    assert len(earlier) == 2
    for model, number in zip(earlier, (2, 3), strict=True):
        np.testing.assert_allclose(
            model.predict(X, frozenset({"proba"})).proba,
            made.history.model(number).predict(X, frozenset({"proba"})).proba,
        )
    assert made.history.ranking(3)[0]["score"] > 0


def test_words_of_texts_are_left_out():
    texts = [
        f"{'win cash' if i % 2 else 'see you'} {'now ' * (i % 5)}number {i}" for i in range(60)
    ]
    made = q.campaign(
        texts,
        q.Choice(["spam", "ham"]),
        model=make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)),
        strategy=BALD(Perturbations(5, noise=0.4)),
        batch=10,
        control=0.0,
    )
    for _ in range(2):
        made.tell_many((task, "spam" if "win" in task.item else "ham") for task in made.ask(99))
        made.step()
    assert made.history.ranking(1)[0]["score"] > 0


def test_what_a_model_cannot_give_is_said():
    for committee, said in ((Members(), "committee=10"), (Dropout(), "Members")):
        made = campaign(BALD(committee), LogisticRegression())
        with pytest.raises(MissingNeed, match=said):
            run(made, 1)
    tables = [{"x": 1.0 * i, "town": "AB"[i % 2]} for i in range(40)]
    made = q.campaign(tables, q.Choice(["a", "b"]), strategy=BALD(Perturbations()), batch=5)
    with pytest.raises(BadInput, match="texts and on arrays"):
        for _ in range(2):
            made.tell_many((task, "ab"[k % 2]) for k, task in enumerate(made.ask(9)))
            made.step()
    numbers = q.campaign(
        X, q.Number(), model=Ridge(), strategy=CommitteeVariance(3), batch=5, control=0.0
    )
    numbers.tell_many((task, 1.0 * k) for k, task in enumerate(numbers.ask(9)))
    numbers.step()
    assert len(numbers.ask(9)) == 5


@pytest.mark.parametrize("make", [lambda: Dropout(1), lambda: Dropout(5, 1.0),
                                  lambda: Perturbations(True), lambda: Perturbations(5, 0),
                                  lambda: Checkpoints(1)],
                         ids=["one pass", "all", "true", "none", "one"])  # fmt: skip
def test_sources_refuse_what_cannot_disagree(make):
    with pytest.raises(BadInput):
        make()


class OwnNetwork:
    """What a user's torch module would be: learned vectors and dropout draws of its own."""

    gives = frozenset({"proba", "vectors", "draws"})

    def __init__(self, weights=None):
        self.weights = weights

    def fit(self, items, targets, *, weights=None, seed=0):
        return OwnNetwork(LogisticRegression().fit(items, targets).coef_[0])

    def predict(self, items, needs=frozenset()):
        positive = 1 / (1 + np.exp(-np.asarray(items) @ self.weights))
        proba = np.stack([1 - positive, positive], axis=1)
        shaken = [0.5 * proba + 0.5 * proba[:, ::-1] * s + (1 - s) * 0.5 * proba for s in (0, 1)]
        return Prediction(
            value=proba.argmax(axis=1),
            proba=proba,
            draws=np.stack(shaken, axis=1),
            vectors=np.asarray(items)[:, :1] * self.weights[0],
        )


@pytest.mark.parametrize("strategy", ["badge", "kcenter", "distinct", "quota"])
def test_learned_vectors_of_the_newest_model_are_what_strategies_see(strategy):
    base = {
        "badge": Learned(BADGE()),
        "kcenter": Learned("kcenter"),
        "distinct": Distinct(Learned(KCenter())),
        "quota": GroupQuota(Learned("badge")),
    }[strategy]
    for model in (mlp(), OwnNetwork()):
        made = campaign(base, model, groups=np.where(X[:, 2] > 0, "n", "s"))
        run(made, 2)
        seen = made._worker.growth.scorer.signals(
            base, np.arange(N), made.history.training_set(2), made.model, made.parts.model, 0
        )
        own = made.model.predict(X, frozenset({"vectors"})).vectors
        np.testing.assert_allclose(seen.vectors, own, atol=1e-6)
        rows = made.history.training_set(2).rows
        if seen.labelled is not None:
            np.testing.assert_allclose(seen.labelled.vectors, own[rows], atol=1e-6)
        assert [len(items) for items in queued(made)] == [15, 15, 15]


def test_members_of_an_own_network():
    made = campaign(BALD(Members()), OwnNetwork())
    run(made, 2)
    assert made.history.ranking(1)[0]["score"] > 0


def test_a_model_without_learned_features_is_refused_at_once():
    with pytest.raises(MissingNeed, match="MLPClassifier"):
        campaign(Learned("badge"), LogisticRegression())
    with pytest.raises(MissingNeed, match="MLPClassifier"):
        campaign(Distinct(Learned(KCenter())), LogisticRegression())
