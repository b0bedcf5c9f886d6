"""Strategies for numbers and for several labels, each in a live campaign."""

from __future__ import annotations

import numpy as np
import pytest

import querist as q
from querist.core.errors import MissingNeed
from querist.loop.needs import works_with
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


OF_CLASSES = ["alfa_mix", "drop_query", "quire", "expected_error_reduction", "value_of_information"]
COMBINED = {
    "bandit": "Bandit(['kcenter', 'lcmd'])",
    "arm": "Bandit(['quire'])",
    "anchored": "AnchorAL(Density())",
    "mix": "Mix({KCenter(): 0.5, ALFAMix(): 0.5})",
    "sum": "0.5 * Density() + 0.5 * QUIRE()",
    "product": "Density() * ValueOfInformation()",
    "chain": "QUIRE() >> Top(30) >> KCenter()",
    "last of a chain": "Density() >> Top(30) >> ALFAMix()",
    "distinct": "Distinct(DropQuery())",
    "subsample": "Subsample(ALFAMix(), 50)",
    "seals": "SEALS(QUIRE())",
    "power": "PowerSampling(QUIRE())",
    "within within": "Distinct(Mix({KCenter(): 0.5, Subsample(DropQuery(), 50): 0.5}))",
}


@pytest.mark.parametrize("question", [q.Number(), q.Choices(NAMES)], ids=["number", "choices"])
@pytest.mark.parametrize("text", [*OF_CLASSES, *COMBINED.values()], ids=[*OF_CLASSES, *COMBINED])
def test_a_strategy_that_learns_from_classes_is_refused_at_opening(text, question):
    with pytest.raises(MissingNeed, match=r"one class per item.*kcenter.*lcmd") as refused:
        q.campaign(X, question, strategy=text, batch=10)
    offered = set(str(refused.value).rpartition(": ")[2].split(", "))
    assert offered.isdisjoint({*OF_CLASSES, "bandit", "anchor_al"})
    made = q.campaign(X, question, strategy="random", batch=10)
    with pytest.raises(MissingNeed, match="one class per item"):
        made.change(strategy=text)


@pytest.mark.parametrize("text", [COMBINED["bandit"], COMBINED["mix"]])
def test_a_strategy_that_learns_from_classes_opens_where_classes_are_asked(text):
    made = q.campaign(X, q.Choice(NAMES), strategy=text, batch=10)
    made.tell_many([(task, NAMES[k % 3]) for k, task in enumerate(made.ask(99))])
    assert made.step().queued == 10


@pytest.mark.parametrize("view", ["number", "choices"])
def test_whatever_opens_can_choose(view):
    """No strategy that is offered turns down the labels when its turn comes."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=12) if view == "number" else (X[:12, :3] > 0.3).astype(int)
    known = q.Labelled(
        X[:12],
        labels,
        () if view == "number" else NAMES,
        marginals=None if view == "number" else rng.random((12, 3)),
    )
    gives = {"predicted" if view == "number" else "marginals": rng.random((108, 3))}
    signals = q.Signals(vectors=X[12:], labelled=known, ids=np.arange(108), **gives)
    names = [n for n in q.strategies.names() if works_with(q.strategies.get(n), frozenset(gives))]
    assert len(names) > 10
    for name in names:
        assert len(q.strategies.get(name).select(signals, 3, rng=0)) == 3


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
