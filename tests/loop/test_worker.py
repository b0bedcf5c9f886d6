"""The worker: the newest model, whoever trained it, and the same picks after any kill."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, SGDClassifier

import querist as q
from querist.core.events import Queued
from querist.logs.memory import MemoryLog
from querist.models import ModelStore, wrap


def picks(log):
    return [
        [(i.item_id, i.strategy, i.arm, i.probability, i.candidates) for i in event.items]
        for _, event in log.read()
        if isinstance(event, Queued)
    ]


def answer(campaign, side):
    """Label what waits, and what somebody who is gone still holds."""
    tasks = campaign._journal.state.tasks
    waiting = [t for t, task in tasks.items() if not task.done]
    campaign.tell_many((t, side(tasks[t].why.item_id)) for t in waiting)


def finish(campaign, side):
    while not campaign.step().stop:
        answer(campaign, side)


@pytest.mark.parametrize("warm", [False, True])
def test_a_kill_at_any_moment_changes_no_pick(points, side, warm):
    model = LogisticRegression()
    if warm:
        model = wrap(
            SGDClassifier(loss="log_loss", random_state=0), q.Choice(["a", "b"]), warm=True
        )
    options = {"model": model, "holdout": 8, "budget": 50}
    whole = MemoryLog()
    finish(points(whole, **options), side)
    events = [event for _, event in whole.read()]
    for cut in range(2, len(events), 7):  # opening writes the first two at once
        part = MemoryLog()
        part.append(events[:cut])
        again = points(part, **options)
        answer(again, side)
        finish(again, side)
        assert picks(part) == picks(whole), f"cut after event {cut}"


def test_the_newest_model_counts_whoever_trained_it(points, side):
    log = MemoryLog()
    one, two = points(log), points(log)
    for c in (one, two):
        c.status()  # look at what the other one wrote
        answer(c, side)
        c.step()
    old = one.model
    one.step()
    assert one.history.rounds[-1].model_version == 2 and one.model is not old
    points_now = one.pool.items(range(120))
    same = one.model.predict(points_now, frozenset({"proba"})).proba
    assert (same == two.model.predict(points_now, frozenset({"proba"})).proba).all()


def test_a_model_file_that_is_gone_or_changed_is_trained_again(points, side, tmp_path):
    log = MemoryLog()
    c = points(log, store=ModelStore(tmp_path / "models"))
    answer(c, side)
    c.step()
    expected = c.predict(c.pool.items(range(20)))
    for path in (tmp_path / "models").glob("*.skops"):
        path.write_bytes(b"something else")
    again = points(log, store=ModelStore(tmp_path / "models"))
    assert again.predict(c.pool.items(range(20))) == expected


def test_a_store_without_room_stops_no_round(points, side, tmp_path):
    (tmp_path / "models").write_text("a file where the folder should be")
    c = points(store=ModelStore(tmp_path / "models"))
    answer(c, side)
    turn = c.step()
    assert turn.model_version == 1 and any("was not kept" in note for note in turn.notes)


def test_a_model_that_fails_to_train_leaves_everything_as_it_was(points, side):
    class Moody(LogisticRegression):
        broken = True

        def fit(self, X, y, sample_weight=None):
            if Moody.broken:
                raise RuntimeError("no convergence")
            return super().fit(X, y, sample_weight)

    c = points(model=Moody())
    answer(c, side)
    position = c.log.position
    with pytest.raises(Exception, match="no convergence"):
        c.step()
    assert c.log.position == position
    Moody.broken = False
    assert c.step().model_version == 1


def test_while_one_class_is_known_half_of_each_batch_is_left_to_chance():
    """Typical items may never show a rare class; the search for a second one must not be stuck."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(300, 3))
    made = q.campaign(data, q.Choice(["a", "b"]), strategy="auto", batch=10, control=0.0)
    for _ in range(2):
        made.tell_many((task, "a") for task in made.ask(99))
        made.step()
    last = [e.items for _, e in made.log.read() if type(e).__name__ == "Queued"][-1]
    names = [item.strategy for item in last]
    assert names.count("Random") == 5 and names.count("KCenter") == 5
    assert any("only one class" in note for note in made.history.rounds[-1].notes)


def test_single_questions_after_one_class_are_left_to_chance():
    data = np.random.default_rng(0).normal(size=(300, 3))
    made = q.campaign(data, q.Choice(["a", "b"]), strategy="auto", batch=1, start=5, control=0.0)
    for _ in range(3):
        made.tell_many((task, "a") for task in made.ask(99))
        made.step()
    last = [e.items for _, e in made.log.read() if type(e).__name__ == "Queued"][-1]
    assert [item.strategy for item in last] == ["Random"]


def waiting(c):
    tasks = c._journal.state.tasks
    return [tasks[t].why for t in c._journal.state.queues["train"].waiting()]


@pytest.mark.parametrize("trained", [False, True])
def test_the_queue_is_topped_up_by_the_ranking_there_is(points, side, trained):
    """Twice the same log: the same picks, by the newest model or the cold start; no new round."""
    filled = []
    for _ in range(2):
        c = points(strategy="margin", batch=10)
        if trained:
            answer(c, side)
            c.step()
        c.change(depth=3)
        took = c.ask(8)
        c.tell_many((task, side(task.item_id)) for task in took)
        rounds = list(c.history.rounds)
        assert c._worker.fill(below=10) == 28
        assert c.history.rounds == rounds
        filled.append(waiting(c))
        last = [e for _, e in c.log.read() if isinstance(e, Queued)][-1]
        assert (last.round, last.model_version) == (int(trained), 1 if trained else None)
        assert c._worker.fill(below=10) == 0  # enough waits
    assert filled[0] == filled[1] and len(filled[0]) == 30
    names = {why.strategy for why in filled[0] if why.arm == "open"}
    assert names == {"Margin"} if trained else names and "Margin" not in names
    assert not {task.item_id for task in took} & {why.item_id for why in filled[0]}
    for why in filled[0]:
        assert why.probability is not None and why.candidates > 0


def test_what_is_answered_while_a_model_trains_is_made_up_for(points, side, monkeypatch):
    """The new ranking is of what is left by then, as deep as the queue is to be by then."""
    from querist.loop import turn

    c, fit, taken = points(batch=10), turn.fit, []

    def busy(*given):
        c.change(depth=2)
        for _ in range(2):
            c._worker.fill(below=10)
            tasks = c.ask(12, by="bob")
            c.tell_many((task, side(task.item_id)) for task in tasks)
            taken.extend(task.item_id for task in tasks)
        return fit(*given)

    answer(c, side)
    told = len(c.labels())
    monkeypatch.setattr(turn, "fit", busy)
    assert c.step().labels == told  # it learned from what there was when it began
    assert len(taken) == len(set(taken)) == 24
    assert len(waiting(c)) == 20
    assert not {why.item_id for why in waiting(c)} & set(taken)
    keys = [i.item_id for _, e in c.log.read() if isinstance(e, Queued) for i in e.items]
    assert len(keys) > 60  # several rankings


def test_nothing_is_ranked_anew_where_nothing_can_be_added(points, side):
    c = points(batch=10, budget=12, control=0.0)
    answer(c, side)
    c.step()
    position = c.log.position
    assert 0 < len(waiting(c)) < 10  # the budget buys no more
    assert c._worker.fill(below=10) == 0
    assert c.log.position == position


def test_the_control_slice_stays_a_random_draw_of_its_share_when_topped_up(side):
    data = np.random.default_rng(1).normal(size=(2000, 3))
    c = q.campaign(data, q.Choice(["a", "b"]), strategy="margin", batch=20)
    asked = []
    for _ in range(30):
        tasks = c.ask(13)
        c.tell_many(
            (task, "ab"[int(data[c.pool.rows([task.item_id])[0], 0] > 0)]) for task in tasks
        )
        asked += [c._journal.state.tasks[task.task_id].why for task in tasks]
        if len(asked) == 130:
            c.step()
        c._worker.fill(below=20)
    control = [why for why in asked if why.arm == "control"]
    assert abs(len(control) / len(asked) - 0.1) < 0.02
    ledger = c._worker.growth.ledger
    drawn = c.pool.ids(ledger._control_order)[: len(control) + 4]
    assert {why.item_id for why in control} <= set(drawn)  # its front, in the drawn order
