"""Bad input at every door: the error says what was wanted, what came and what to do, and the
campaign goes on afterwards as if nothing had been said."""

import csv
import sqlite3

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import querist as q
from querist.core.errors import (
    BadInput,
    BadLabel,
    BadStrategy,
    LogError,
    MissingNeed,
    NewerLog,
    NotServed,
    TamperedLog,
    UnknownTask,
)
from querist.core.events import event_to_json, link
from querist.logs.sqlite import SQLiteLog

QUESTION = q.Choice(["spam", "ham"])
TEXTS = [f"{'win cash' if k % 3 == 0 else 'see you'} {k}" for k in range(60)]


def truth(task):
    return "spam" if "cash" in task.item else "ham"


def rows_of(n, d=3):
    X = np.random.default_rng(0).normal(size=(n, d))
    return X, np.where(X[:, 0] > 0, "spam", "ham")


@pytest.fixture
def running():
    """A campaign with one answered round and a queue."""
    c = q.campaign(TEXTS, QUESTION, batch=10, seed=1)
    for task in c.ask(10):
        c.tell(task, truth(task))
    c.step()
    return c


def snapshot(c):
    return c.status(), c.labels(), c.log.position


def goes_on(c, answer=truth):
    """Ask, tell and step still work."""
    before = c.status()["labels"]
    for task in c.ask(5):
        c.tell(task, answer(task))
    assert c.step().labels == before + 5 == c.status()["labels"]


# --- answers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["eggs", "", None, 3, ["spam"], {"label": "spam"}, float("nan")])
def test_an_unknown_label_names_the_allowed_ones(running, value):
    (task,) = running.ask()
    before = snapshot(running)
    with pytest.raises(BadLabel, match="spam, ham"):
        running.tell(task, value)
    assert snapshot(running) == before
    running.tell(task, truth(task))
    goes_on(running)


def test_many_answers_are_all_or_none(running):
    one, two = running.ask(2)
    before = snapshot(running)
    with pytest.raises(BadLabel):
        running.tell_many([{"task": one, "value": "spam"}, {"task": two, "value": "eggs"}])
    assert snapshot(running) == before
    goes_on(running)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: c.tell("b9-9", "spam"), "no task and no item goes by the id 'b9-9'"),
        (lambda c: c.skip("b9-9"), "no task and no item"),
        (lambda c: c.skip(untouched(c)), "never asked"),
        (lambda c: c.retract(untouched(c)), "has no answer"),
        (lambda c: c.history.why("nobody"), "no item goes by the id 'nobody'"),
        (lambda c: c.ask(items=["nobody"]), "no item goes by the id 'nobody'"),
    ],
)
def test_unknown_tasks_and_items(running, call, said):
    before = snapshot(running)
    with pytest.raises(UnknownTask, match=said):
        call(running)
    assert snapshot(running) == before
    goes_on(running)


def untouched(c):
    """An item nobody was asked about."""
    return next(i for i in c.pool.ids(np.arange(60)) if "not asked so far" in c.history.why(i))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"n": 0}, "1 or more; got 0"),
        ({"n": 2.5}, "1 or more; got 2.5"),
        ({"lease": 0}, "above 0; got 0"),
        ({"lease": float("nan")}, "above 0"),
        ({"job": "tea"}, "holdout"),
    ],
)
def test_asking_wrongly(running, settings, said):
    before = snapshot(running)
    with pytest.raises(BadInput, match=said):
        running.ask(**settings)
    assert snapshot(running) == before
    goes_on(running)


def test_holdout_items_cannot_be_asked_for_training():
    c = q.campaign(TEXTS, QUESTION, batch=10, holdout=10)
    kept = next(i for i in c.pool.ids(np.arange(60)) if "holdout" in c.history.why(i))
    before = snapshot(c)
    with pytest.raises(NotServed, match="job='holdout'"):
        c.ask(items=[kept])
    assert snapshot(c) == before
    goes_on(c)


# --- data ------------------------------------------------------------------------------------


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    ("data", "columns", "said"),
    [
        ([], {}, "the pool is empty"),
        (np.zeros((0, 3)), {}, "empty"),
        (TEXTS, {"id": ["a"] * 60}, "'a' stands in row 0 and row 1"),
        (TEXTS, {"id": ["a", "b"]}, r"one id per row \(60\), but 2 came"),
        ([[1.0, np.nan], [2.0, 3.0]], {}, "row 0"),
        ([{"a": 1, "b": "x"}], {"text": "body"}, "body.*a, b"),
        (object(), {}, "a pool opens lists of texts"),
        ("nowhere.csv", {}, "no file or folder at 'nowhere.csv'"),
    ],
)
def test_data_that_cannot_be_a_pool(data, columns, said):
    with pytest.raises(BadInput, match=said):
        q.campaign(data, QUESTION, **columns)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["id,body", "a,one", "b,two,three", "c,four"], "line 3: expected 2 cells .* but 3 came"),
        (["id,body", "a,one", "a,two"], "'a' stands in line 2 and line 3"),
        (["id,body", "a,one", ",two"], "line 3 has none"),
        (["id,text", "a,one"], "body"),
        (["id,body"], "empty"),
    ],
)
def test_a_broken_file_is_named_by_its_line(tmp_path, lines, said):
    path = write(tmp_path / "pool.csv", *lines)
    with pytest.raises(BadInput, match=said):
        q.campaign(path, QUESTION, id="id", text="body", log=f"sqlite:///{tmp_path}/c.db")
    log = SQLiteLog(tmp_path / "c.db")
    assert log.position == 0  # the mended file may use the same log
    log.close()
    write(path, "id,body", *(f"k{k},{line}" for k, line in enumerate(TEXTS)))
    with q.campaign(path, QUESTION, id="id", text="body", log=f"sqlite:///{tmp_path}/c.db") as c:
        assert c.status()["items"]["total"] == 60


def test_an_unreadable_image_is_named(tmp_path):
    for k in range(4):
        Image.new("RGB", (4, 4), (k, 0, 0)).save(tmp_path / f"{k}.png")
    (tmp_path / "2.png").write_bytes(b"no picture")
    with pytest.raises(BadInput, match=r"2\.png"):
        q.campaign(tmp_path, QUESTION)
    Image.new("RGB", (4, 4), (2, 0, 0)).save(tmp_path / "2.png")
    assert len(q.campaign(tmp_path, QUESTION).pool) == 4


def test_items_that_do_not_fit_are_not_added(running):
    before = snapshot(running)
    for data, said in (
        ([[1.0, 2.0]], "text"),
        ([], "empty"),
        ("nowhere.csv", "no file"),
    ):
        with pytest.raises(BadInput, match=said):
            running.add(data)
        assert snapshot(running) == before
    assert running.add(["one more text"]) == 1
    goes_on(running)


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch": 50, "budget": 20}, "budget 20 is below batch 50: lower batch or raise budget"),
        ({"batch": 0}, "batch is a count of labels, 1 or more, but got 0"),
        ({"batch": 2.5}, "got 2.5"),
        ({"price": -1}, "0 or more, but got -1"),
        ({"control": 1.5}, "0 <= control < 1"),
        ({"holdout": 60}, "leave nothing of the 60 items"),
        ({"holdout": -1}, "not negative"),
        ({"strategy": "margn"}, "did you mean 'margin'"),
        ({"strategy": 7}, "7"),
        ({"until": "soon"}, "soon"),
        ({"until": "target=many"}, "many"),
        ({"model": "SVC"}, "fit and predict"),
        ({"distinct": "maybe"}, "maybe"),
        ({"log": "mysql://x"}, "sqlite://"),
        ({"labels": {"nobody": "spam"}}, "nobody"),
        ({"labels": ["spam"]}, "1 values but the data hold 60 items"),
        ({"labels": ["eggs", *[None] * 59]}, "spam, ham"),
    ],
)
def test_settings_that_cannot_work(settings, said):
    with pytest.raises((BadInput, BadLabel, UnknownTask), match=said):
        q.campaign(TEXTS, QUESTION, **settings)


@pytest.mark.parametrize("labels", [[], ["spam"], ["spam", "spam"], "spam"])
def test_questions_that_ask_nothing(labels):
    with pytest.raises(BadInput):
        q.Choice(labels)


def test_a_change_that_cannot_work_changes_nothing(running):
    before = snapshot(running)
    for settings in ({"budget": 5}, {"seed": 2}, {"batch": 0}, {"until": "soon"}, {"tea": 1}):
        with pytest.raises(BadInput):
            running.change(**settings)
        assert snapshot(running) == before, settings
    goes_on(running)


def test_a_model_without_what_the_strategy_needs_names_strategies_that_work():
    X, y = rows_of(80)
    with pytest.raises(MissingNeed, match=r"needs 'proba'.*distance_to_boundary.*predict_proba"):
        q.campaign(
            X, QUESTION, model=make_pipeline(StandardScaler(), LinearSVC()), strategy="entropy"
        )
    c = q.campaign(X, QUESTION, model=LinearSVC(), strategy="distance_to_boundary", batch=10)
    answers = dict(zip(c.pool.ids(np.arange(80)), y, strict=True))
    goes_on(c, lambda task: answers[task.item_id])
    before = snapshot(c)
    with pytest.raises(MissingNeed, match="Strategies that work"):
        c.change(strategy="entropy")
    assert snapshot(c) == before
    goes_on(c, lambda task: answers[task.item_id])


def twice(signals, n, rng):
    return np.zeros(n, dtype=int)


def foreign(signals, n, rng):
    return np.arange(n) + len(signals)


def floats(signals, n, rng):
    return np.linspace(0, 1, n)


def too_many(signals, n, rng):
    return np.arange(n + 1)


@pytest.mark.parametrize("strategy", [twice, foreign, floats, too_many])
def test_a_strategy_that_breaks_its_contract_leaves_the_campaign_as_it_was(running, strategy):
    for task in running.ask(10):
        running.tell(task, truth(task))
    running.change(strategy=strategy)
    before = snapshot(running)
    with pytest.raises(BadStrategy, match=strategy.__name__):
        running.step()
    assert snapshot(running) == before
    running.change(strategy="margin")
    assert running.step().labels == 20
    goes_on(running)


class Fragile(LogisticRegression):
    """A model that fails while `broken` is set."""

    broken = False

    def fit(self, X, y, sample_weight=None):
        if Fragile.broken:
            raise RuntimeError("out of luck")
        return super().fit(X, y, sample_weight)


def test_a_model_that_fails_leaves_the_campaign_as_it_was(monkeypatch):
    X, y = rows_of(80)
    c = q.campaign(X, QUESTION, model=Fragile(), batch=10)
    answers = dict(zip(c.pool.ids(np.arange(80)), y, strict=True))
    for task in c.ask(10):
        c.tell(task, answers[task.item_id])
    before = snapshot(c)
    monkeypatch.setattr(Fragile, "broken", True)
    with pytest.raises(Exception, match="out of luck"):
        c.step()
    assert snapshot(c) == before
    monkeypatch.setattr(Fragile, "broken", False)
    assert c.step().labels == 10
    goes_on(c, lambda task: answers[task.item_id])


# --- logs ------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path):
    """Path of the log of a campaign that was left after one round."""
    path = tmp_path / "c.db"
    with q.campaign(TEXTS, QUESTION, batch=10, seed=1, log=f"sqlite:///{path}") as c:
        for task in c.ask(10):
            c.tell(task, truth(task))
        c.step()
    return path


def reopen(path, texts=TEXTS, question=QUESTION, **settings):
    return q.campaign(
        texts, question, **{"batch": 10, "seed": 1, "log": f"sqlite:///{path}", **settings}
    )


def rows(path):
    log = SQLiteLog(path)
    found = [event_to_json(event) for _, event in log.read()]
    log.close()
    return found


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"texts": TEXTS[:40]}, "knows 60 items but the data hold 40"),
        ({"texts": TEXTS[::-1]}, "items 0 to 59 of the data are not those of the log"),
        ({"texts": ["new", *TEXTS]}, "not those of the log"),
        ({"question": q.Choice(["a", "b"])}, "use the question of the log"),
        ({"seed": 2}, "seed=1, but seed=2 came"),
        ({"control": 0.3}, "control"),
        ({"holdout": 5}, "holdout"),
        ({"batch": 50, "budget": 20}, "budget 20"),
    ],
)
def test_a_log_opened_with_other_data_or_roles(stored, other, said):
    before = rows(stored)
    with pytest.raises(BadInput, match=said):
        reopen(stored, **other)
    assert rows(stored) == before
    with reopen(stored) as c:
        goes_on(c)


def append_row(path, payload):
    with sqlite3.connect(path) as log:
        last, digest = log.execute(
            "SELECT position, hash FROM events ORDER BY position DESC LIMIT 1"
        ).fetchone()
        new = link(digest, payload)
        log.execute("INSERT INTO events VALUES (?, ?, ?)", (last + 1, payload, new))
        log.execute("UPDATE meta SET position = ?, hash = ?", (last + 1, new))
    log.close()


@pytest.mark.parametrize(
    "payload", ['{"kind":"promoted","v":1,"at":0.0}', '{"kind":"told","v":99,"at":0.0}']
)
def test_a_log_of_a_newer_version(stored, payload):
    append_row(stored, payload)
    with pytest.raises(NewerLog, match="pip install -U querist"):
        reopen(stored)


def test_a_row_that_is_no_event(stored):
    append_row(stored, '{"kind":"told","v":1,"colour":"red"}')
    with pytest.raises(LogError, match="does not fit"):
        reopen(stored)


def test_a_tampered_log_is_named_by_its_row(stored):
    with sqlite3.connect(stored) as log:
        for (name,) in log.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            log.execute(f"DROP TRIGGER {name}")
        (at,) = log.execute(
            "SELECT position FROM events WHERE payload LIKE '%\"told\"%' LIMIT 1"
        ).fetchone()
        log.execute(
            "UPDATE events SET payload = replace(replace(replace(payload, 'spam', 'X'), 'ham', "
            "'spam'), 'X', 'ham') WHERE position = ?",
            (at,),
        )
    log.close()
    log = SQLiteLog(stored)
    with pytest.raises(TamperedLog, match=f"row {at} breaks the hash chain"):
        log.verify()
    log.close()


def test_not_a_log_at_all(tmp_path):
    path = tmp_path / "c.db"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows([["id", "text"], ["a", "b"]])
    content = path.read_bytes()
    with pytest.raises(LogError, match=r"c\.db"):
        reopen(path)
    assert path.read_bytes() == content
