"""How a batch is served: overlap, depth of the queue, order within a batch, guesses."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

import querist as q
from querist.core.keys import hash_ids
from querist.logs.memory import MemoryLog
from querist.loop.serving import similar_order


def waiting(c):
    return list(c.desk.journal.state.queues["train"].waiting())


def items_of(tasks):
    return [task.item_id for task in tasks]


def label_all(c, side, by="me"):
    while tasks := c.ask(50, by=by):
        for task in tasks:
            c.tell(task, side(task.item_id), by=by)


def test_without_overlap_nobody_gets_what_another_one_has(points):
    log = MemoryLog()
    one, two = points(log), points(log)
    first, second = one.ask(6, by="ann"), two.ask(50, by="bob")
    assert not set(items_of(first)) & set(items_of(second))
    one.tell(first[0], "a", by="ann")
    assert one.ask(50, by="carl") == []


def test_an_item_wanted_twice_goes_to_two_people_and_no_third(points, side):
    c = points(overlap=2)
    assert waiting(c)[:4] == ["b0-0", "b0-0.2", "b0-1", "b0-1.2"]
    mine = c.ask(50, by="ann")
    assert len(mine) == len(set(items_of(mine))) == 10
    theirs = c.ask(50, by="bob")
    assert items_of(theirs) == items_of(mine)
    assert c.ask(50, by="carl") == c.ask(50, by="ann") == []
    for task in mine:
        c.tell(task, side(task.item_id), by="ann")
    state = c.desk.journal.state
    assert not any(state.tasks[task.task_id].done for task in theirs)
    assert c.ask(50, by="ann") == []  # what he answered is not asked of him again
    assert c.desk.judge([{"task": t, "value": "a", "by": "bob"} for t in theirs])
    assert c.status()["bought"] == 20 and state.belief(mine[0].item_id).votes == 2


def test_a_share_of_the_items_is_asked_twice(points):
    c = points(overlap=1.5, batch=60)
    names = waiting(c)
    twice = {name.removesuffix(".2") for name in names if name.endswith(".2")}
    assert 18 <= len(twice) <= 42 and twice <= set(names)
    again = points(overlap=1.5, batch=60)
    assert waiting(again) == names  # drawn by item, not by chance of the day


def test_what_somebody_passed_on_is_not_asked_of_him_again(points):
    c = points(overlap=2)
    task = c.ask(by="ann")[0]
    c.skip(task, by="ann")
    assert task.item_id not in items_of(c.ask(50, by="ann"))
    bob, carl = (items_of(c.ask(50, by=by)) for by in ("bob", "carl"))
    assert task.item_id in bob and task.item_id in carl


def test_taking_back_opens_ones_own_task_only(points):
    c = points(overlap=2)
    (mine,), (theirs,) = c.ask(by="ann"), c.ask(by="bob")
    assert mine.item_id == theirs.item_id
    c.tell(mine, "a", by="ann")
    c.tell(theirs, "b", by="bob")
    again = c.desk.retract(mine.item_id, "ann", lease=60)
    state = c.desk.journal.state
    assert again.task_id == mine.task_id and state.tasks[theirs.task_id].done
    assert state.belief(mine.item_id) == ("b", 1.0, 1)
    c.desk.release(None, "ann")
    assert mine.item_id in items_of(c.ask(by="carl"))


def test_a_label_nobody_asked_for_closes_one_waiting_task(points):
    c = points(overlap=2)
    task = c.ask(by="ann")[0]
    c.tell(task.item_id, "b", by="bob")
    state = c.desk.journal.state
    assert state.tasks[task.task_id].held_by == "ann"
    c.desk.judge([{"task": task, "value": "a", "by": "ann"}])
    assert all(state.tasks[t].done for t in state.by_item[task.item_id])
    c.tell(task.item_id, "b", by="carl")  # more than were wanted
    c.retract(task.item_id, by="carl")
    assert all(state.tasks[t].done for t in state.by_item[task.item_id])


def test_a_changed_answer_closes_no_further_task(points):
    c = points(overlap=2)
    task = c.ask(by="ann")[0]
    for value in "aba":
        c.tell(task, value, by="ann")
        c.tell(task.item_id, value, by="ann")
    assert c.ask(by="bob")[0].item_id == task.item_id


def test_a_new_ranking_keeps_what_further_opinions_are_wanted_of(points, side):
    c = points(overlap=2)
    answered, held = c.ask(2, by="ann")
    c.tell(answered, side(answered.item_id), by="ann")
    c.tell(c.ask(by="bob")[0], side(answered.item_id), by="bob")
    c.retract(answered.item_id, by="bob")
    c.step()
    state = c.desk.journal.state
    left = {state.tasks[t].why.item_id for t in waiting(c) if t.startswith("b0")}
    assert left == {answered.item_id, held.item_id}
    assert len(waiting(c)) == 20 + 2
    assert items_of(c.ask(2, by="bob")) == [held.item_id, answered.item_id]


def test_training_goes_by_what_the_votes_say_so_far(points):
    c = points(overlap=2, control=0)
    for task in c.ask(10, by="ann"):
        c.tell(task, "ab"[int(task.item_id[1:]) % 2], by="ann")
    turn = c.step()
    assert turn.labels == 10 and turn.bought == 10
    for task in c.ask(10, by="bob"):
        c.tell(task, "a", by="bob")
    turn = c.step()
    assert turn.labels == 10 and turn.bought == 20  # a tie goes to the latest vote
    assert set(c.history.training_set(2).values) == {"a"}
    counts = c.status()["items"]
    assert counts["labelled"] == 10
    assert sum(v for k, v in counts.items() if k != "total") == counts["total"]


def test_the_budget_pays_for_every_answer(points, side):
    c = points(overlap=2, budget=26, batch=10)
    for _ in range(6):
        for by in ("ann", "bob"):
            label_all(c, side, by)
        if c.step().stop:
            break
    assert c.status()["bought"] == 26
    assert max(row["votes"] for row in c.labels()) == 2


def test_overlap_may_change_while_the_campaign_runs(points, side):
    c = points()
    assert not any("." in name for name in waiting(c))
    c.change(overlap=3)
    label_all(c, side)
    c.step()
    assert sum(name.endswith(".3") for name in waiting(c)) == 10


def test_the_queue_is_as_deep_as_asked(points, side):
    c = points(budget=70)
    c.change(depth=3)
    label_all(c, side)
    turn = c.step()
    assert turn.queued == len(waiting(c)) == 30
    label_all(c, side)
    assert c.step().queued == 30
    label_all(c, side)
    assert c.step().stop and c.status()["bought"] == 70


def test_a_deeper_queue_has_the_first_batch_of_a_shallow_one(side, points):
    shallow, deep = points(control=0), points(control=0)
    deep.change(depth=2)
    for c in (shallow, deep):
        label_all(c, side)
        c.step()
    first = items_of(shallow.ask(50))
    assert items_of(deep.ask(10)) == first  # margin: one ranking, cut later


def test_a_guess_is_the_models_likeliest_answer(points, side):
    c = points()
    assert {(t.guess, t.sure) for t in c.ask(50)} == {(None, None)}  # there is no model yet
    c.desk.release(None, "me")
    label_all(c, side)
    c.step()
    tasks = c.ask(50)
    assert [task.guess for task in tasks] == c.predict(np.array([t.item for t in tasks]))
    rows = c.pool.rows(items_of(tasks))
    proba = c.model.predict(c.pool.items(rows), frozenset({"proba"})).proba
    assert [t.sure for t in tasks] == pytest.approx(proba.max(axis=1))
    assert {t.arm for t in tasks} == {"open", "control"}
    why = c.desk.journal.state.tasks[tasks[0].task_id].why
    assert (why.guess, why.sure) == (tasks[0].guess, tasks[0].sure)


def test_guesses_of_numbers_and_of_several_labels():
    X = np.random.default_rng(0).normal(size=(60, 3))
    c = q.campaign(X, q.Number(), model=Ridge(), batch=10)
    c.tell_many((t, float(t.item[0])) for t in c.ask(10))
    c.step()
    task = c.ask()[0]
    assert isinstance(task.guess, float) and task.sure is None
    texts = [
        f"{'win cash' if k % 2 else 'see you'} {'now' if k % 3 else 'then'}" for k in range(60)
    ]
    c = q.campaign(texts, q.Choices(["cash", "now"]), id=[f"i{k}" for k in range(60)], batch=10)
    c.tell_many((t, [w for w in ("cash", "now") if w in t.item]) for t in c.ask(10))
    c.step()
    task = c.ask()[0]
    assert isinstance(task.guess, list) and set(task.guess) <= {"cash", "now"}
    assert 0.25 <= task.sure <= 1


def test_alike_items_are_served_together_and_control_items_among_them():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 5)) * 20
    group = np.tile(np.arange(4), 50)
    X = centres[group] + rng.normal(size=(200, 5))
    c = q.campaign(X, q.Choice(["a", "b"]), model=LogisticRegression(), batch=20, strategy="random")
    c.change(order="similar")
    for task in c.ask(50):
        c.tell(task, "ab"[c.pool.rows([task.item_id])[0] % 2])
    c.step()
    tasks = c.ask(50)
    of = group[c.pool.rows(items_of(tasks))]
    assert np.count_nonzero(np.diff(of)) == len(set(of.tolist())) - 1
    assert {task.arm for task in tasks} == {"open", "control"}
    ranks = [c.desk.journal.state.tasks[t.task_id].why.rank for t in tasks if t.arm == "open"]
    assert sorted(ranks) == list(range(18)) and ranks != sorted(ranks)


def test_the_order_says_nothing_of_what_a_model_thinks_of_the_items():
    """Given what the items are, order and guess are independent: any guess, the same order."""
    rng = np.random.default_rng(1)
    vectors, ids = np.repeat(rng.normal(size=(40, 3)), 5, axis=0), [f"i{k}" for k in range(200)]
    keys = hash_ids(ids)
    served = similar_order(vectors, keys, seed=7, batch=3)
    assert sorted(served.tolist()) == list(range(200))
    correlations = []
    for _ in range(50):
        ranked = rng.permutation(200)  # however a model ranks them
        again = ranked[similar_order(vectors[ranked], keys[ranked], seed=7, batch=3)]
        assert (again == served).all()
        guess = rng.random(200)
        correlations.append(np.corrcoef(np.argsort(served), guess)[0, 1])
    assert abs(np.mean(correlations)) < 3 / np.sqrt(50 * 200)
    other = similar_order(vectors, keys, seed=8, batch=3)
    assert (other != served).any()
