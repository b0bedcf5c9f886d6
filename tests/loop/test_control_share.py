"""The control share of whole campaigns and replays, shrinking where it was asked for."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

import querist as q

X = np.random.default_rng(0).normal(size=(3000, 3))
Y = np.where(X[:, 0] > 0, "a", "b")


def opened(**settings):
    options = {"batch": 250, "start": 250, "budget": 2000, "control": 0.2, "measure": False}
    return q.campaign(
        X,
        q.Choice(["a", "b"]),
        model=GaussianNB(),
        strategy="margin",
        id=[str(k) for k in range(len(X))],
        **(options | settings),
    )


def answer(task):
    return str(Y[int(task.item_id)])


def batches(c):
    """Control items and all items of each batch."""
    return [
        (sum(item.arm == "control" for item in batch.items), len(batch.items))
        for batch in c._journal.state.batches
    ]


def test_the_share_is_full_first_and_shrinks_where_it_may():
    full, less = opened(), opened(control_until=100)
    for c in (full, less):
        c.run(answer)
    assert [n for n, _ in batches(full)] == [50] * 8
    drawn = [n for n, _ in batches(less)]
    assert drawn[:2] == [50, 50]
    assert sum(drawn) == 200  # 100 sqrt(4): a quarter of the labels had them all
    assert sorted(drawn[2:], reverse=True) == drawn[2:]


def test_the_logged_chance_of_a_control_item_is_what_it_was():
    c = opened(control_until=100)
    c.run(answer)
    left = 600  # a fifth of the pool waits in the control queue
    for batch in c._journal.state.batches:
        control = [item for item in batch.items if item.arm == "control"]
        assert {item.candidates for item in control} == {left}
        assert {item.probability for item in control} == {len(control) / left}
        left -= len(control)


def test_a_campaign_under_way_may_begin_to_shrink_it_and_end_that():
    c = opened()
    for _ in range(3):
        for task in c.ask(250):
            c.tell(task, answer(task))
        c.step()
    c.change(control_until=100)
    for task in c.ask(250):
        c.tell(task, answer(task))
    c.step()
    assert batches(c)[-1][0] < 50
    c.change(control_until=None)
    assert c.parts.recipe.control_until is None


@pytest.mark.parametrize("until", [None, 100])
def test_a_replay_asks_as_a_campaign_does(until):
    curve = q.simulate(
        X,
        Y,
        model=GaussianNB(),
        strategy="margin",
        start=250,
        batch=250,
        budget=1500,
        control=0.2,
        control_until=until,
        X_test=X[:50],
        y_test=Y[:50],
    )
    live = opened(budget=1500, control_until=until)
    live.run(answer)
    assert sum(arm == "control" for arm in curve.arms) == sum(n for n, _ in batches(live))
