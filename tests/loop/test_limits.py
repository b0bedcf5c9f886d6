"""Choices that would take too long are refused before they start."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import BadInput, TooSlow
from querist.loop.limits import check_effort, spoken
from querist.strategies import BALD, QUIRE, Margin, Sizes, Subsample, estimate

X = np.random.default_rng(0).normal(size=(300, 4))
Y = np.where(X[:, 0] > 0, "a", "b")
GIVES = frozenset({"proba", "draws"})
LARGE = Sizes(1_000_000, 100, 128, 10, 5000)


def opened(**settings):
    settings = {"model": LogisticRegression(), "batch": 10, "control": 0, "seed": 0} | settings
    return q.campaign(X, q.Choice(["a", "b"]), id=range(300), **settings)


def told(c):
    c.tell_many({"task": t, "value": str(Y[int(t.item_id)])} for t in c.ask(10))
    return c


def test_the_default_limit_lets_ordinary_choices_through():
    c = told(opened(strategy="value_of_information"))
    assert c.parts.recipe.pick_limit == 600
    assert c.step().queued == 10


def test_a_step_above_the_limit_is_refused_and_nothing_has_changed():
    c = told(opened(strategy="value_of_information"))
    c.change(pick_limit=1e-6)
    before, state = list(c.log.read()), c.status()
    with pytest.raises(TooSlow, match="pick_limit allows 1e-06 s") as refused:
        c.step()
    said = str(refused.value)
    assert "ValueOfInformation() would take about" in said
    assert "to choose 10 of 290 items" in said
    assert "pick_limit=1 (0 allows all)" in said
    assert list(c.log.read()) == before and c.status() == state
    c.change(pick_limit=0)
    assert c.step().queued == 10


def test_each_way_out_works():
    c = told(opened(strategy="value_of_information"))
    full = estimate(c.parts.strategy, Sizes(290, 10, 4, 2, 10)).seconds
    c.change(pick_limit=full / 3)
    with pytest.raises(TooSlow) as refused:
        c.step()
    pasted = str(refused.value).split("strategy=")[1].split("; or allow")[0]
    assert pasted == "Subsample(base=ValueOfInformation(), size=100)"
    c.change(strategy=pasted)
    turn = c.step()
    assert turn.queued == 10
    assert any("chooses among 100 of 290 candidates" in note for note in turn.notes)
    told(c)
    c.change(strategy="value_of_information")
    faster = str(refused.value).split("faster: ")[1].split(".")[0].split(", ")
    for name in faster:
        c.change(strategy=name)
    assert "margin" in faster and c.step().queued == 10


def test_the_limit_is_remembered_and_checked(tmp_path):
    log = f"sqlite:///{tmp_path}/log.db"
    opened(log=log, pick_limit=30).log.close()
    assert opened(log=log).parts.recipe.pick_limit == 30
    for wrong in (-1, float("inf"), "long", True):
        with pytest.raises(BadInput, match="pick_limit is seconds"):
            opened(pick_limit=wrong)


def test_training_a_committee_counts():
    sizes = Sizes(1000, 10, 4, 2, 50)
    check_effort(BALD(committee=10), sizes, 600, 50, GIVES)
    with pytest.raises(TooSlow, match="about 10 min") as refused:
        check_effort(BALD(committee=10), sizes, 500, 60, GIVES)
    assert "no sample is small enough" in str(refused.value)
    check_effort(Margin(), sizes, 500, 60, GIVES)


def test_what_is_named_instead_fits_the_model_and_the_limit():
    with pytest.raises(
        TooSlow, match=r"strategy=Subsample\(base=QUIRE\(\), size=20000\)"
    ) as refused:
        check_effort(Subsample("quire", 900_000), LARGE, 110, 0, GIVES)
    assert "faster: auto, margin" in str(refused.value)
    with pytest.raises(TooSlow) as refused:
        check_effort(QUIRE(), LARGE, 100, 0, frozenset({"predicted"}))
    assert "margin" not in str(refused.value).split("faster: ")[1]


def test_an_unknown_cost_is_not_refused():
    def mine(signals, n, rng):
        return np.arange(n)

    c = told(opened(strategy=mine))
    c.change(pick_limit=1e-6)
    assert c.step().queued == 10


def test_samples_of_a_strategy_are_told_once_a_round():
    c = told(opened(strategy=q.strategies.ExpectedErrorReduction(points=50)))
    notes = [note for note in c.step().notes if "averages the error over 50 of 290" in note]
    assert len(notes) == 1
    assert notes[0] in c.status()["notes"]


def test_a_committee_s_time_stands_apart():
    c = told(opened(strategy="query_by_committee"))
    seconds = c.step().seconds
    assert seconds["committee"] > 0 and seconds["score"] >= 0
    assert "committee" not in told(opened(strategy="margin")).step().seconds


@pytest.mark.parametrize(("seconds", "said"), [(89, "89 s"), (91, "1.5 min"), (7200, "2 h")])
def test_lengths_of_time(seconds, said):
    assert spoken(seconds) == said
