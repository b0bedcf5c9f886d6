"""A class added while a campaign runs: everything so far stays, the next round knows it."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

import querist as q
from querist.core.errors import BadInput, BadLabel
from querist.logs.memory import MemoryLog
from querist.loop import folder as folders

TEXTS = [
    f"{('win cash now', 'see you at lunch', 'your invoice is due')[k % 3]} number {k}"
    for k in range(120)
]
LINEAR = make_pipeline(TfidfVectorizer(), LogisticRegression())


def old(item_id):
    """The label before there is a class for invoices."""
    return "spam" if int(item_id[1:]) % 3 == 0 else "ham"


def new(item_id):
    return ("spam", "ham", "invoice")[int(item_id[1:]) % 3]


def open_texts(log=None, question=None, **settings):
    asked = question or q.Choice(["spam", "ham"])
    options = {"id": [f"m{k}" for k in range(120)], "batch": 15, "control": 0.4, **settings}
    return q.campaign(TEXTS, asked, log=log, **options)


def label(c, says, n=15):
    for task in c.ask(n):
        c.tell(task, says(task.item_id))


@pytest.mark.parametrize("strategy", ["auto", "margin", "badge", "distance_to_boundary"])
def test_model_metrics_and_history_survive(strategy):
    log = MemoryLog()
    c = open_texts(log, strategy=strategy)
    for _ in range(2):
        label(c, old)
        c.step()
    rounds, labels, before = list(c.history.rounds), c.labels(), c.history.training_set(2)
    said = c.predict(TEXTS[:6])
    c.desk.add_class("invoice", "owner")
    assert c.history.rounds == rounds and c.labels() == labels
    assert c.history.training_set(2).version == before.version
    assert (c.history.training_set(2).targets == before.targets).all()
    assert c.predict(TEXTS[:6]) == said
    assert c.status()["classes"] == {**c.status()["classes"], "invoice": 0}
    assert c.parts.question.labels == ("spam", "ham", "invoice")
    for task in c.ask(15):  # the batch of before may be answered with it at once
        c.tell(task, new(task.item_id))
    turn = c.step()
    assert turn.model_version == 3 and turn.metrics
    assert c.status()["classes"]["invoice"] > 0
    proba = c.model.predict(TEXTS, frozenset({"proba"})).proba
    assert proba.shape == (120, 3) and proba[2, 2] > proba[0, 2] > 0
    assert c.history.model(2).predict(TEXTS[:3], frozenset({"value"})).value.tolist()
    assert c.history.why("m1") and c.history.to_csv()
    again = open_texts(log, strategy=strategy)  # the question of the script is of before
    assert again.parts.question.labels == ("spam", "ham", "invoice")
    assert again.history.training_set(1).version == c.history.training_set(1).version
    assert again.predict(TEXTS[:6]) == c.predict(TEXTS[:6])


def test_other_processes_follow():
    log = MemoryLog()
    one, two = open_texts(log), open_texts(log)
    task = one.ask(by="ann")[0]
    with pytest.raises(BadLabel):
        one.tell(task, "invoice", by="ann")
    two.desk.add_class("invoice", "owner")
    one.tell(task, "invoice", by="ann")
    label(one, new, 14)
    assert one.step().labels == two.step().labels == 15
    assert "invoice" in set(one.predict(TEXTS)) and "invoice" in set(two.predict(TEXTS))
    with pytest.raises(BadInput, match="already"):
        one.desk.add_class("invoice", "ann")


def test_a_queue_is_filled_up_with_the_model_of_before():
    c = open_texts(model=make_pipeline(TfidfVectorizer(), LinearSVC()), strategy="margin")
    label(c, old)
    c.step()
    c.desk.add_class("invoice", "owner")
    for task in c.ask(15):
        c.skip(task, "unclear")
    turn = c.step()  # nothing new to train on
    assert turn.number == 1 and len(c.ask(15, by="bob")) == 15


def test_several_labels_an_item():
    asked = q.Choices(["cash", "lunch"])
    c = open_texts(question=asked)
    for task in c.ask(15):
        c.tell(task, [w for w in ("cash", "lunch") if w in task.item])
    c.step()
    c.desk.add_class("invoice", "owner")
    assert c.history.training_set(1).targets.shape == (15, 3)
    for _ in range(4):
        for task in c.ask(15):
            c.tell(task, [w for w in ("cash", "lunch", "invoice") if w in task.item])
        c.step()
    assert ["invoice"] in c.predict(TEXTS[:6])


@pytest.mark.parametrize("warm", [True, False])
def test_numbers_as_labels_and_models_that_go_on_from_the_last(warm):
    from querist.models import wrap

    X = np.random.default_rng(0).normal(size=(90, 2)) + np.repeat(np.eye(3)[:, :2] * 8, 30, axis=0)
    truth = np.repeat([0, 1, 2], 30)
    asked = q.Choice([0, 1])
    model = wrap(SGDClassifier(loss="log_loss"), asked, warm=warm)
    log = MemoryLog()
    c = q.campaign(X, asked, model=model, batch=12, log=log, strategy="random")
    for task in c.ask(12):
        c.tell(task, int(truth[c.pool.rows([task.item_id])[0]] == 1))
    c.step()
    c.desk.add_class("2", "owner")
    for task in c.ask(12):
        c.tell(task, int(truth[c.pool.rows([task.item_id])[0]]))
    c.step()
    assert set(map(str, c.predict(X))) <= {"0", "1", "2"} and "2" in set(map(str, c.predict(X)))
    assert {type(value) for value in c.predict(X)} <= {int, str}


def test_costs_of_mistakes_grow_with_the_classes():
    log = MemoryLog()
    c = open_texts(log, mistakes="spam,ham=10", model=LINEAR)
    label(c, old)
    c.step()
    c.desk.add_class("invoice", "owner")
    costs = ((0.0, 10.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0))
    assert c.parts.recipe.mistakes == costs
    c.predict(TEXTS[:3])  # with the model of before
    label(c, new)
    assert "cost" in c.step().metrics
    for mistakes in ("spam,ham=10", [[0, 10], [1, 0]]):
        position = log.position
        again = open_texts(log, mistakes=mistakes, model=LINEAR)
        assert again.parts.recipe.mistakes == costs and log.position == position


@pytest.mark.parametrize("name", ["", "  ", " x", "x ", 5, None, "spam", "SPAM"])
def test_what_is_no_new_class_is_refused(name):
    log = MemoryLog()
    c = open_texts(log)
    position = log.position
    with pytest.raises(BadInput, match="label"):
        c.desk.add_class(name, "owner")
    assert log.position == position
    with pytest.raises(BadInput, match="with labels"):
        q.campaign([[1.0], [2.0], [3.0]], q.Number()).desk.add_class("x", "owner")


def test_a_folder_opens_with_its_classes_whatever_its_file_says(tmp_path):
    source = tmp_path / "t.csv"
    source.write_text("id,text\n" + "".join(f"m{k},{t}\n" for k, t in enumerate(TEXTS)))
    folder = tmp_path / "c"
    with folders.create_folder(
        folder,
        source,
        q.Choice(["spam", "ham"]),
        columns={"id": "id", "text": "text"},
        settings={"batch": 15, "mistakes": "spam,ham=10"},
    ):
        pass
    file = (folder / folders.CONFIG).read_text()
    desk = folders.open_desk(folder)
    desk.add_class("invoice", "owner")
    assert folders.read_config(folder)["question"]["labels"] == ["spam", "ham", "invoice"]
    (folder / folders.CONFIG).write_text(file)  # as if the write to the file had been cut off
    again = folders.open_desk(folder)
    assert again.question.labels == ("spam", "ham", "invoice")
    again.tell([{"task": "m2", "value": "invoice"}])
    with folders.open_folder(folder) as c:
        assert c.status()["classes"]["invoice"] == 1
        assert c.desk.why("m2") == c.history.why("m2") == again.why("m2")


def test_a_class_whose_write_failed_is_no_class(tmp_path):
    c = open_texts(f"sqlite:///{tmp_path}/log.db")
    with pytest.raises(OSError), c.desk.journal.together():
        c.desk.add_class("invoice", "owner")
        assert c.desk.question.labels == ("spam", "ham", "invoice")
        raise OSError("the disk is full")
    assert c.desk.question.labels == ("spam", "ham")
    [task] = c.ask()
    with pytest.raises(BadLabel):
        c.tell(task, "invoice")
    c.desk.add_class("invoice", "owner")
    c.tell(task, "invoice")
    c.log.close()
