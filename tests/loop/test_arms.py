"""The strategy against random, from the control slice of one campaign, and who picks after it."""

import itertools

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import MissingNeed
from querist.core.types import ArmCheck, Interval
from querist.loop import turn as turning
from querist.loop.arms import GROWTH, arms_of, check_arms
from querist.strategies import Auto, Margin, Random


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X / 16, [str(k) for k in y]


def opened(digits, strategy, **settings):
    X, _ = digits
    options = {"batch": 60, "start": 20, "budget": 320}
    return q.campaign(
        X,
        q.Choice([str(k) for k in range(10)]),
        model=LogisticRegression(max_iter=200),
        id=[f"d{k}" for k in range(len(X))],
        strategy=strategy,
        **(options | settings),
    )


def run(digits, strategy, **settings):
    c = opened(digits, strategy, **settings)
    c.run(lambda task: digits[1][int(task.item_id[1:])])
    return c


def one_class(signals, n, rng):
    """Whatever the model is surest is its commonest class: teaches next to nothing."""
    common = signals.proba.sum(axis=0).argmax()
    return np.argsort(-signals.proba[:, common])[:n]


class Broken(Auto):
    """The default with a fault in it."""

    def _pick(self, signals, n, rng):
        return self.picks(one_class(signals, n, rng))


def pickers(c):
    """Names of those who picked with a model, by round."""
    found = {}
    for task in c._journal.state.tasks.values():
        if task.why.arm == "open" and task.model_version is not None:
            found.setdefault(task.round, set()).add(task.why.strategy)
    return found


def script(monkeypatch, gaps):
    """Checks that come out as told, one each time the loop looks; the last one over again."""
    told = itertools.chain(gaps, itertools.repeat(gaps[-1]))

    def scripted(parts, ledger, training, holdout, seed):
        gap = next(told)
        return ArmCheck(Interval(gap, gap - 0.05, gap + 0.05), 30, 30, "control", gap < -0.05)

    monkeypatch.setattr(turning, "check_arms", scripted)


STAND_INS = {"Random", "KMeansSampling"}


@pytest.mark.parametrize("holdout", [0, 60])
def test_a_sabotaged_strategy_is_found_out_and_the_advice_is_given(digits, holdout):
    c = run(digits, one_class, control=0.3, holdout=holdout)
    said = [note for note in c.history.rounds[-1].notes if "loses to random" in note]
    assert len(said) == 1, c.history.rounds[-1].notes
    assert "98 % interval" in said[0]
    assert 'strategy="random"' in said[0]
    assert any("loses to random" in note for note in c.status()["notes"])
    assert c.status()["check"]["fallback"] == ""
    assert not any(turn.fallback for turn in c.history.rounds)
    c.change(strategy="random")
    c.step()
    assert c.status()["check"] is None


def test_a_sabotaged_default_falls_back_and_says_so_everywhere(digits):
    c = run(digits, Broken(), control=0.3, holdout=200, budget=700, measure=False)
    rounds = c.history.rounds
    fell = [turn.number for turn in rounds if turn.fallback]
    looks = [turn for turn in rounds if turn.check is not None]
    assert [turn.check.lost for turn in looks[:2]] == [True, True]
    assert fell[0] == looks[1].number
    assert all(pickers(c)[number] == STAND_INS for number in fell[:-1])
    assert all(names == {"Broken"} for n, names in pickers(c).items() if n < fell[0])
    assert "says the same" in looks[0].notes[-1]
    assert "2 checks in a row" in looks[1].notes[-1]
    status = c.status()
    assert status["check"]["fallback"] == rounds[-1].fallback == repr(Broken.fallback)
    tasks = c._journal.state.tasks.values()
    asked = next(t.why.item_id for t in tasks if t.round == fell[0] and t.why.arm == "open")
    assert "had lost to the control slice" in c.history.why(asked)
    control = next(t.why.item_id for t in tasks if t.round == fell[0] and t.why.arm == "control")
    assert "had lost" not in c.history.why(control)


def test_looks_are_as_far_apart_as_labels_grow(digits):
    c = run(digits, "auto", control=0.3, batch=20, measure=False)
    looks = [turn.labels for turn in c.history.rounds if turn.check is not None]
    assert looks[0] < 160
    assert len(looks) > 2
    assert all(after >= GROWTH * before for before, after in itertools.pairwise(looks))
    assert len(looks) < len([turn for turn in c.history.rounds if turn.labels >= looks[0]])


def test_a_good_strategy_is_not_accused(digits):
    c = run(digits, "auto", control=0.3)
    assert not any("loses to random" in n for turn in c.history.rounds for n in turn.notes)
    assert not any(turn.fallback for turn in c.history.rounds)
    assert c.status()["check"]["lost"] is False


def test_two_lost_checks_in_a_row_call_the_stand_in_and_a_level_one_ends_it(digits, monkeypatch):
    script(monkeypatch, [-0.2, 0.0, -0.2, -0.2, -0.04, 0.01])
    c = run(digits, "auto", control=0.3, budget=800, measure=False)
    looked = [
        (turn.check.gap.value, bool(turn.fallback)) for turn in c.history.rounds if turn.check
    ]
    assert looked[:6] == [
        (-0.2, False),
        (0.0, False),
        (-0.2, False),
        (-0.2, True),
        (-0.04, True),
        (0.01, False),
    ]
    rounds, seen = c.history.rounds, pickers(c)
    for turn in rounds[1:-1]:
        assert (seen[turn.number] <= STAND_INS) is bool(turn.fallback), turn.number
    back = next(turn for turn in rounds if turn.check and turn.check.gap.value == 0.01)
    assert any("no longer trails random and picks again" in note for note in back.notes)
    assert not any("random" in note for note in rounds[back.number + 1].notes)


def test_between_two_looks_the_last_one_goes_on_counting(digits, monkeypatch):
    script(monkeypatch, [-0.2])
    c = run(digits, "auto", control=0.3, batch=20, measure=False)
    looks = [turn.number for turn in c.history.rounds if turn.check]
    between = next(turn for turn in c.history.rounds[looks[1] :] if turn.check is None)
    assert between.fallback
    assert any("2 checks in a row" in note for note in between.notes)


def test_a_restart_falls_back_where_the_first_run_would(digits, tmp_path):
    settings = {"control": 0.3, "holdout": 200, "budget": 560, "measure": False}
    whole = run(digits, Broken(), **settings)
    url = f"sqlite:///{tmp_path / 'log.db'}"
    answer = digits[1]
    while True:
        with opened(digits, Broken(), log=url, **settings) as part:
            if part.history.rounds[-1].stop:
                break
            for job in ("holdout", "train"):
                for task in part.ask(10_000, job=job):
                    part.tell(task, answer[int(task.item_id[1:])])
            part.step()
    with opened(digits, Broken(), log=url, **settings) as part:
        assert [t.fallback for t in part.history.rounds] == [
            t.fallback for t in whole.history.rounds
        ]
        assert [t.check for t in part.history.rounds] == [t.check for t in whole.history.rounds]
        assert {row["id"] for row in part.labels()} == {row["id"] for row in whole.labels()}
        assert any(turn.fallback for turn in part.history.rounds)


def test_another_strategy_is_judged_by_its_own_picks(digits, monkeypatch):
    script(monkeypatch, [-0.2])
    c = run(digits, "auto", control=0.3, budget=200, measure=False)
    assert c.history.rounds[-1].fallback
    c.change(strategy="margin", budget=320)
    assert c.status()["check"] is None
    monkeypatch.undo()
    c.run(lambda task: digits[1][int(task.item_id[1:])])
    now = c.history._worker.growth
    training = now.book.training_set(now.ledger.training_rows())
    _, picked, _ = arms_of(now.ledger, training)
    by_id = c._journal.state.by_item
    names = {
        c._journal.state.tasks[by_id[training.ids[k]][-1]].why.strategy for k in picked.tolist()
    }
    assert names == {"Margin"}
    assert not any(task.stood_in for task in list(c._journal.state.tasks.values())[-120:])


def test_picks_of_a_stand_in_are_not_held_against_the_strategy(digits, monkeypatch):
    script(monkeypatch, [-0.2])
    c = run(digits, "auto", control=0.3, budget=600, measure=False)
    now = c.history._worker.growth
    training = now.book.training_set(now.ledger.training_rows())
    _, picked, _ = arms_of(now.ledger, training)
    state = c._journal.state
    tasks = [state.tasks[state.by_item[training.ids[k]][-1]] for k in picked.tolist()]
    assert {task.why.strategy.split(":")[0] for task in tasks} == {"Auto"}
    assert not any(task.stood_in for task in tasks)


def test_the_ranking_is_that_of_the_stand_in(digits, monkeypatch):
    script(monkeypatch, [-0.2])
    c = run(digits, "auto", control=0.3, budget=260, measure=False)
    assert c.status()["check"]["fallback"]
    same = c.history.ranking(20, strategy=Auto.fallback)
    assert c.history.ranking(20) == same
    assert c.history.ranking(20, strategy="auto") != same


def test_a_strategy_whose_stand_in_cannot_work_is_refused():
    class Wants(Margin):
        fallback = q.strategies.get("gsy")

    with pytest.raises(MissingNeed, match="GSy"):
        q.campaign(
            np.random.default_rng(0).normal(size=(60, 3)), q.Choice(["a", "b"]), strategy=Wants()
        )


def test_a_function_may_name_its_stand_in(digits, monkeypatch):
    def surest(signals, n, rng):
        return one_class(signals, n, rng)

    surest.needs, surest.fallback = {"proba"}, "kmeans"
    script(monkeypatch, [-0.2])
    c = run(digits, surest, control=0.3, budget=260, measure=False)
    fell = next(turn for turn in c.history.rounds if turn.fallback)
    assert pickers(c)[fell.number] == {"KMeansSampling"}


def test_a_random_strategy_is_not_looked_at(digits):
    class Fallible(Random):
        fallback = Random()

    c = run(digits, Fallible(), control=0.3, measure=False)
    assert all(turn.check is None for turn in c.history.rounds)


def test_the_arms_are_what_was_asked(digits):
    c = run(digits, "auto", control=0.3, measure=False)
    worker = c.history._worker
    now = worker.growth
    training = now.book.training_set(now.ledger.training_rows())
    start, picked, control = arms_of(now.ledger, training)
    rows = {row["id"]: row["arm"] for row in c.labels()}
    assert {rows[training.ids[k]] for k in control} == {"control"}
    assert {rows[training.ids[k]] for k in [*start, *picked]} == {"open"}
    assert len(start) + len(picked) + len(control) == len(training)
    assert len(start) < 20
    holdout = now.book.training_set(now.ledger.measuring_rows())
    check = check_arms(c.parts, now.ledger, training, holdout, 0)
    assert check is not None
    assert (check.items, check.on) == (len(control), "control")
    assert 0.6 * len(control) < check.n < len(control)


def test_too_few_control_labels_say_nothing(digits):
    c = run(digits, one_class, control=0.05)
    assert not any("loses to random" in n for n in c.history.rounds[-1].notes)
    assert c.status()["check"] is None
