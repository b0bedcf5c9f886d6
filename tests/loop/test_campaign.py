"""The ring through its two doors: ask, tell, step, and everything the log must survive."""

import threading

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC, LinearSVC

import querist as q
from querist.core.errors import (
    BadInput,
    BadLabel,
    BadStrategy,
    MissingNeed,
    NoModel,
    NotServed,
    UnknownTask,
)
from querist.core.events import Queued, RecipeChanged, Stepped
from querist.strategies import Margin, Random


def queued(campaign):
    return [event for _, event in campaign.log.read() if isinstance(event, Queued)]


def test_a_run_ends_at_exactly_the_budget_and_says_which_rule(make, oracle):
    c = make(budget=70, price=0.5)
    rounds = c.run(oracle)
    assert [r.labels for r in rounds] == [0, 20, 40, 60, 70]
    assert rounds[-1].stop and "budget: 70 of 70" in rounds[-1].verdicts["stop"].reason
    assert rounds[-2].queued == 10  # the last batch shrinks to fit
    assert rounds[-1].spent == 35.0
    assert len(c.labels()) == 70


def test_every_batch_carries_its_control_items_blind(make, oracle):
    c = make(budget=100)
    c.run(oracle)
    for batch in queued(c):
        arms = [item.arm for item in batch.items]
        assert arms.count("control") == 2 and arms.count("open") == 18
    tasks = c.ask(items=[next(i for i in c.pool.ids(np.arange(600)) if i not in told(c))])
    shown = repr(tasks[0])
    assert tasks[0].arm == "requested" and "arm" not in shown and "guess" not in shown


def told(campaign):
    return {row["id"] for row in campaign.labels()}


def test_every_queued_item_says_why(make, oracle):
    c = make(budget=60)
    c.run(oracle)
    first, second, third = queued(c)
    assert {item.strategy for item in first.items} == {"Random"}
    item = next(item for item in second.items if item.arm == "open")
    assert item.strategy == "Margin" and item.score is not None
    assert item.candidates == 600 - 60 - 18  # the control reserve is never a candidate
    assert item.probability == 1.0 and second.model_version == 1
    drawn = next(item for item in third.items if item.arm == "control")
    assert drawn.candidates == 60 - 4 and drawn.probability == pytest.approx(2 / 56)
    assert "Margin" in c.history.why(item.item_id)


def test_no_item_is_asked_twice_and_the_parts_always_add_up(make, oracle):
    c = make(budget=200, holdout=50)
    for _ in range(6):
        counts = c.status()["items"]
        assert counts["total"] == 600
        assert sum(v for k, v in counts.items() if k != "total") == 600
        for job in ("train", "holdout"):
            for task in c.ask(7, job=job):
                c.tell(task, oracle(task))
        c.step()
    asked = [item.item_id for batch in queued(c) for item in batch.items]
    answered = [row["id"] for row in c.labels()]
    assert len(set(answered)) == len(answered) and set(answered) <= set(asked)


def test_the_holdout_is_a_job_of_its_own_and_never_served_otherwise(make, oracle):
    c = make(holdout=40)
    kept = {task.item_id for task in c.ask(100, job="holdout", lease=0.001)}
    assert len(kept) == 40
    with pytest.raises(NotServed, match="reserved \\(holdout\\)"):
        c.ask(items=[sorted(kept)[0]])
    c.change(until="budget=160")
    c.run(oracle)
    trained = set(c.history.training_set(len(c.history.rounds) - 1).ids)
    assert not trained & kept
    assert c.history.rounds[-1].measured_on == "holdout" and c.history.rounds[-1].holdout == 40
    assert c.history.rounds[-1].bought == 160


def test_metrics_come_from_the_control_slice_without_a_holdout(make, oracle):
    c = make(budget=200, control=0.2)
    last = c.run(oracle)[-1]
    assert last.measured_on == "control"
    accuracy = last.metrics["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high
    assert {"f1_macro", "recall_macro", "log_loss", "calibration_error"} <= set(last.metrics)


def test_resuming_goes_on_with_the_same_picks(make, oracle, tmp_path):
    whole = make(budget=100)
    whole.run(oracle)
    expected = [[item.item_id for item in batch.items] for batch in queued(whole)]
    log = f"sqlite:///{tmp_path / 'other.db'}"
    for _ in range(20):  # a fresh process every few answers
        with make(budget=100, log=log) as part:
            for task in part.ask(7, lease=0.001):
                part.tell(task, oracle(task))
            if not len(part._journal.state.queues["train"]):
                part.step()
    with make(budget=100, log=log) as part:
        found = [[item.item_id for item in batch.items] for batch in queued(part)]
    assert found == expected


def test_a_restart_keeps_the_model(make, oracle, digits):
    c = make(budget=60)
    c.run(oracle)
    again = make(budget=60)
    assert again.predict(digits[0][:50]) == c.predict(digits[0][:50])
    assert len(again.history.rounds) == len(c.history.rounds)


def test_any_past_training_set_is_rebuilt_bit_for_bit(make, oracle):
    c = make(budget=80)
    rounds = c.run(oracle)
    again = make(budget=80)
    for turn in rounds[1:]:
        rebuilt = again.history.training_set(turn.number)
        assert rebuilt.version == turn.data_version and len(rebuilt) == turn.labels


def test_any_past_model_can_be_loaded_and_scored(make, oracle, digits):
    c = make(budget=80)
    c.run(oracle)
    X, y = digits
    first, last = (c.history.score(n, X, [str(v) for v in y])["accuracy"].value for n in (1, 4))
    assert first < last
    with pytest.raises(NoModel, match="no round 9"):
        c.history.model(9)


def test_answers_out_of_order_partial_late_and_repeated(make, oracle):
    c = make()
    tasks = c.ask(5)
    for task in reversed(tasks[:3]):
        c.tell(task, oracle(task))
    position = c.log.position
    c.tell(tasks[0], oracle(tasks[0]))  # the same again: nothing happens
    assert c.log.position == position and c.status()["bought"] == 3
    c.tell(tasks[0], "3")  # a changed answer replaces, and is not paid twice
    assert c.status()["bought"] == 3
    assert next(r for r in c.labels() if r["id"] == tasks[0].item_id)["value"] == 3
    c.tell(tasks[1], "4", by="bob")  # a second opinion is kept beside the first
    row = next(r for r in c.labels() if r["id"] == tasks[1].item_id)
    assert row["votes"] == 2 and row["confidence"] in (0.5, 1.0)


def test_a_late_answer_on_a_withdrawn_task_is_not_lost(make, oracle):
    c = make()
    late = c.ask(1, lease=0.001)[0]
    for task in c.ask(10, by="bob"):
        c.tell(task, oracle(task), by="bob")
    c.step()
    c.tell(late, oracle(late))
    assert late.item_id in told(c)


def test_a_label_nobody_asked_for(make):
    c = make()
    item = c.pool.ids(np.arange(600))[7]
    c.tell(item, "1")
    row = next(r for r in c.labels() if r["id"] == item)
    assert row["value"] == 1


def test_skip_and_retract(make, oracle):
    c = make()
    task = c.ask()[0]
    c.skip(task, "cannot tell")
    assert task.task_id not in {t.task_id for t in c.ask(100, lease=0.001)}
    assert task.task_id in {t.task_id for t in c.ask(100, by="bob")}
    other = c.ask(by="carl") or [c.ask(items=[c.pool.ids(np.arange(600))[3]], by="carl")[0]]
    c.tell(other[0], oracle(other[0]), by="carl")
    c.retract(other[0], by="carl")
    assert other[0].item_id not in told(c) and c.status()["bought"] == 0
    with pytest.raises(UnknownTask, match="no answer"):
        c.retract(other[0], by="carl")


def test_an_oracle_that_passes_on_everything_ends_the_run(make):
    rounds = make(budget=100).run(lambda task: None)
    assert rounds[-1].stop and rounds[-1].labels == 0


def test_a_bad_label_stops_the_whole_write(make, oracle):
    c = make()
    good, bad = c.ask(2)
    with pytest.raises(BadLabel, match="'eleven' is not an allowed label"):
        c.tell_many([{"task": good, "value": oracle(good)}, {"task": bad, "value": "eleven"}])
    assert c.labels() == []
    c.tell(good, oracle(good))
    with pytest.raises(UnknownTask, match="no task and no item"):
        c.tell("nonsense", "1")


def test_two_campaigns_on_one_log_hand_out_disjoint_tasks(make):
    one, two = make(), make()
    mine = {t.task_id for t in one.ask(8, by="a")} | {t.task_id for t in one.ask(3, by="a")}
    theirs = {t.task_id for t in two.ask(50, by="b")}
    assert not mine & theirs and len(mine | theirs) == 20


def test_many_threads_ask_and_tell_without_loss_or_double(make, oracle):
    c = make(batch=200)
    handed: list[str] = []

    def annotate(name):
        while tasks := c.ask(3, by=name):
            for task in tasks:
                c.tell(task, oracle(task), by=name)
                handed.append(task.task_id)

    threads = [threading.Thread(target=annotate, args=(f"ann{k}",)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(handed) == len(set(handed)) == 200 == len(c.labels())


def test_asking_and_telling_go_on_while_a_step_thinks(make, oracle, digits):
    class Slow(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            entered.set()
            assert resume.wait(10)
            return super().fit(X, y, sample_weight)

    entered, resume = threading.Event(), threading.Event()
    c = make(model=Slow(max_iter=500))
    first, second = c.ask(2)
    c.tell_many([{"task": first, "value": "1"}, {"task": second, "value": "2"}])
    worker = threading.Thread(target=c.step)
    worker.start()
    assert entered.wait(10)
    during = c.ask(3)
    c.tell(during[0], oracle(during[0]))
    resume.set()
    worker.join()
    assert c.history.rounds[-1].labels == 2  # what came in the meantime waits for the next round
    assert set(c.history.training_set(1).ids) == {first.item_id, second.item_id}
    batch = queued(c)[-1]
    assert not {t.item_id for t in during} & {item.item_id for item in batch.items}


def test_two_workers_that_step_at_once_make_one_round(make, oracle):
    one, two = make(), make()
    for task in one.ask(20):
        one.tell(task, oracle(task))
    threads = [threading.Thread(target=c.step) for c in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    steps = [event for _, event in make().log.read() if isinstance(event, Stepped)]
    assert [step.round["number"] for step in steps] == [0, 1]


def test_items_may_arrive_while_the_campaign_runs(make, oracle, digits):
    X, _ = digits
    fresh = np.random.default_rng(0).random((200, 64))
    c = make(holdout=0.1)
    for task in c.ask(20):
        c.tell(task, oracle(task))
    before = c.status()["items"]
    assert c.add(fresh) == 200
    after = c.status()["items"]
    assert after["total"] == 800 and after["labelled"] == before["labelled"]
    assert 5 < after["held_out"] - before["held_out"] < 40
    c.step()
    assert next(i for i in queued(c)[-1].items if i.arm == "open").candidates > 600
    again = q.campaign(
        np.vstack([X, fresh]),
        q.Choice(range(10)),
        model=LogisticRegression(max_iter=500),
        strategy="margin",
        batch=20,
        holdout=0.1,
        log=c.log,
    )
    assert again.status()["items"]["total"] == 800


def test_resuming_on_other_data_is_refused(make, digits):
    make()
    with pytest.raises(BadInput, match="not those of the log"):
        make_with = digits[0][::-1].copy()
        q.campaign(make_with, q.Choice(range(10)), log=make().log, batch=20, strategy="margin")
    with pytest.raises(BadInput, match="opened with"):
        make(seed=5)


def test_changes_of_rule_are_logged(make, oracle):
    c = make(budget=40)
    c.run(oracle)
    c.change(budget=60, until="target=0.99")
    changes = [event for _, event in c.log.read() if isinstance(event, RecipeChanged)]
    assert {change.name for change in changes} == {"budget", "until"}
    assert c.run(oracle)[-1].bought == 60
    with pytest.raises(BadInput, match="fixed when a campaign opens"):
        c.change(holdout=10)


def test_models_of_every_kind(make, oracle):
    for model in (SVC(), LinearSVC(), LogisticRegression(max_iter=500)):
        c = make(model=model, log=None, budget=60)
        assert c.run(oracle)[-1].labels == 60


def test_a_model_that_lacks_a_need_names_what_would_work(make):
    with pytest.raises(MissingNeed, match=r"Entropy.* needs 'proba'.*margin.*predict_proba"):
        make(model=LinearSVC(), strategy="entropy", log=None)


def test_a_plain_function_is_a_strategy_under_the_same_rules(make, oracle):
    def first_ones(signals, n, rng):
        return np.arange(n)

    c = make(strategy=first_ones, log=None, budget=60)
    c.run(oracle)
    arms = [item.arm for item in queued(c)[1].items]
    assert arms.count("control") == 2
    assert {i.strategy for i in queued(c)[1].items if i.arm == "open"} == {"first_ones"}


@pytest.mark.parametrize(
    "bad", [lambda s, n, r: np.zeros(n, int), lambda s, n, r: np.arange(n) + len(s)]
)
def test_a_broken_strategy_changes_nothing(make, oracle, bad):
    c = make(log=None)
    for task in c.ask(20):
        c.tell(task, oracle(task))
    c.change(strategy=bad)
    position = c.log.position
    with pytest.raises(BadStrategy):
        c.step()
    assert c.log.position == position
    c.change(strategy=Margin())
    assert c.step().queued == 20


def test_seed_labels_train_the_first_model(digits):
    X, y = digits
    labels = [str(v) if i < 30 else None for i, v in enumerate(y)]
    c = q.campaign(
        X, q.Choice(range(10)), model=LogisticRegression(max_iter=500), batch=10, labels=labels
    )
    assert c.history.rounds[0].labels == 30 and c.history.rounds[0].model_version == 0
    assert c.status()["bought"] == 0
    assert {row["arm"] for row in c.labels()} == {"given"}


def test_a_one_class_start_goes_on_with_the_cold_start(make, digits):
    c = make(log=None)
    for task in c.ask(20):
        c.tell(task, "3")
    turn = c.step()
    assert any("only one class is labelled" in note for note in turn.notes)
    assert turn.queued == 20


def test_copies_of_a_hard_item_are_asked_about_once():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(300, 5)), np.zeros((500, 5))])
    X[:150, 0] += 3
    X[150:300, 0] -= 3
    ids = [str(i) for i in range(800)]
    c = q.campaign(X, q.Choice(["l", "r"]), model=LogisticRegression(), batch=20, id=ids)
    asked = []
    for _ in range(6):
        tasks = c.ask(20)
        asked += [int(task.item_id) for task in tasks]
        for task in tasks:
            c.tell(task, "l" if X[int(task.item_id), 0] > 0 else "r")
        c.step()
    open_copies = [
        i for b in queued(c) for i in b.items if i.arm == "open" and int(i.item_id) >= 300
    ]
    assert len(open_copies) <= 1
    assert c.status()["duplicates"] == 499


def test_numbers_and_several_labels_turn_the_same_ring(digits):
    X, y = digits
    number = q.campaign(X, q.Number(0, 9), model=Ridge(), strategy=Random(), batch=20, budget=80)
    ids = dict(zip(number.pool.ids(np.arange(len(X))), y, strict=True))
    last = number.run(lambda task: float(ids[task.item_id]))[-1]
    assert last.labels == 80
    many = q.campaign(X, q.Choices(["even", "big"]), batch=20, budget=80)
    names = {
        i: [n for n, on in (("even", v % 2 == 0), ("big", v > 4)) if on] for i, v in ids.items()
    }
    assert many.run(lambda task: names[task.item_id])[-1].labels == 80


def test_the_default_model_and_strategy_say_what_they_are(digits):
    c = q.campaign(digits[0], q.Choice(range(10)), batch=20)
    status = c.status()
    assert any("model chosen for array data" in note for note in status["notes"])
    assert "Auto" in status["strategy"]
