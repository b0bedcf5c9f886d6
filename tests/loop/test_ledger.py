"""The ledger: control items are those a draw chose, and requests take nothing from them."""

from copy import copy

import numpy as np
from sklearn.naive_bayes import GaussianNB

import querist as q
from querist.core.events import Queued
from querist.loop.reserve import CONTROL


def test_requested_and_given_items_are_no_random_sample(points, side):
    c = points(control=0.3)
    ledger = c._growth.ledger
    control = c.pool.ids(np.flatnonzero(ledger.role == CONTROL))
    wanted = [i for i in control if not c._journal.state.is_queued(i)][:6]
    for task in c.ask(items=wanted, by="owner"):
        c.tell(task, side(task.item_id))
    assert not ledger.drawn(c.pool.rows(wanted)).any()
    assert ledger.asked() == (0, 0)
    for task in c.ask(10):
        c.tell(task, side(task.item_id))
    assert ledger.asked() == (10, 3)
    assert ledger.drawn(np.arange(120)).sum() == 3


def test_requests_do_not_fill_the_next_batch_with_control_items(points, side):
    c = points()
    ledger = c._growth.ledger
    free = [i for i in c.pool.ids(ledger.candidates(1)) if not c._journal.state.is_queued(i)]
    for task in c.ask(items=free[:60], by="owner"):
        c.tell(task, side(task.item_id))
    for task in c.ask(10):
        c.tell(task, side(task.item_id))
    c.step()
    batch = [event for _, event in c.log.read() if isinstance(event, Queued)][-1]
    assert [item.arm for item in batch.items].count("control") == 1


def test_a_copy_of_the_ledger_does_not_follow(points):
    c = points()
    frozen = copy(c._growth.ledger)
    before = frozen.candidates(1)
    task = c.ask()[0]
    c.tell(task, "a")
    assert (frozen.candidates(1) == before).all()
    assert not c._growth.ledger.is_free(task.item_id) and frozen.is_free(task.item_id)


def test_the_control_slice_is_uniform_whatever_the_strategy_wants(points, side):
    """The strategy always wants the largest values; the control items must not lean that way."""
    values = np.arange(120.0)

    def greedy(signals, n, rng):
        return np.argsort(-signals.vectors[:, 0])[:n]

    greedy.needs = frozenset({"vectors"})
    data = np.column_stack([values, np.zeros(120)])
    seen = []
    for seed in range(60):
        c = q.campaign(
            data,
            q.Choice(["a", "b"]),
            strategy=greedy,
            batch=20,
            seed=seed,
            measure=False,
            id=[f"i{k}" for k in range(120)],
            control=0.2,
            distinct="off",
            model=GaussianNB(),  # any will do: `greedy` looks at no guess
        )
        for last in (False, True):
            for task in c.ask(20):
                c.tell(task, "ab"[int(task.item_id[1:]) % 2])
            if not last:
                c.step()
        seen += [int(row["id"][1:]) for row in c.labels() if row["arm"] == "control"]
    assert len(seen) == 60 * 8
    error = np.sqrt((120**2 - 1) / 12 / len(seen))
    assert abs(np.mean(seen) - 59.5) < 3.5 * error
