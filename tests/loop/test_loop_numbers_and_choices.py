"""Strategies for numbers and for several labels, each in a live campaign."""

from __future__ import annotations

import numpy as np
import pytest

import querist as q
from querist.core.errors import MissingNeed
from querist.strategies import ExpectedModelChangeMaximization

X = np.random.default_rng(0).normal(size=(120, 4))
NAMES = ["a", "b", "c"]
NUMBERS = ["gsx", "gsy", "igs", "lcmd", "committee_variance", "emcm", "predictive_variance"]
LABELS = ["binary_minimum", "max_loss", "mean_max_loss", "mmc", "lci", "avg_score", "max_score"]
LABELS += ["avg_confidence", "max_confidence"]


def number(task):
    return float(np.dot(task.item, [1.0, 2.0, -1.0, 0.5]))


def several(task):
    return [name for name, value in zip(NAMES, task.item, strict=False) if value > 0.3]


def run(question, strategy, answer):
    made = q.campaign(X, question, strategy=strategy, batch=10, budget=30)
    made.run(answer)
    queued = [event.items for _, event in made.log.read() if type(event).__name__ == "Queued"]
    return made, {item.strategy for item in queued[-1] if item.arm == "open"}


@pytest.mark.parametrize("name", NUMBERS)
def test_strategies_for_numbers_run(name):
    made, last = run(q.Number(), name, number)
    assert made.status()["labels"] == 30
    assert last == {type(q.strategies.get(name)).__name__}
    assert len(made.history.ranking(3)) == 3


@pytest.mark.parametrize("name", LABELS)
def test_strategies_for_several_labels_run(name):
    made, last = run(q.Choices(NAMES), name, several)
    assert made.status()["labels"] == 30
    assert last == {type(q.strategies.get(name)).__name__}


@pytest.mark.parametrize(
    ("question", "answer", "asked_by"),
    [
        (q.Number(), number, {"LCMD"}),
        (q.Choices(NAMES), several, {"Auto: covers", "Auto: uncertain"}),
    ],
)
def test_auto_asks_about_numbers_and_several_labels(question, answer, asked_by):
    _, last = run(question, "auto", answer)
    assert last == asked_by


@pytest.mark.parametrize("question", [q.Number(), q.Choices(NAMES)])
def test_a_strategy_for_classes_names_those_that_work(question):
    with pytest.raises(MissingNeed, match=r"kcenter.*lcmd.*predict_proba"):
        q.campaign(X, question, strategy="margin", batch=10)


def test_the_other_way_round_too():
    with pytest.raises(MissingNeed, match=r"margin.*q\.Number"):
        q.campaign(X, q.Choice(NAMES), strategy="gsy", batch=10)
    with pytest.raises(MissingNeed, match=r"margin.*q\.Choices"):
        q.campaign(X, q.Choice(NAMES), strategy="mmc", batch=10)


class Spy(ExpectedModelChangeMaximization):
    """Keeps what it was shown."""

    def score(self, signals):
        self.seen = signals
        return super().score(signals)


def test_the_model_stands_before_its_committee():
    spy = Spy(committee=4)
    made = q.campaign(X, q.Number(), strategy=spy, batch=10)
    for _ in range(2):
        made.tell_many((task, number(task)) for task in made.ask(99))
        made.step()
    assert spy.seen.predicted.shape[1] == 5
    rows = made.pool.rows([task.item_id for task in made.ask(3)])
    own = made.predict(X[rows])
    for value in own:
        assert np.isclose(spy.seen.predicted[:, 0], value).any()


def test_mmc_is_shown_the_labelled_items_too():
    class Seen(type(q.strategies.get("mmc"))):
        def score(self, signals):
            self.seen = signals
            return super().score(signals)

    spy = Seen()
    made = q.campaign(X, q.Choices(NAMES), strategy=spy, batch=10)
    made.tell_many((task, several(task)) for task in made.ask(99))
    made.step()
    assert spy.seen.labelled.marginals.shape == spy.seen.labelled.targets.shape
