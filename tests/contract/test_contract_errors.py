"""Bad input of the issue's list: what was expected, what came, what to do."""

import csv
import sqlite3

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import querist as q
from querist.core.errors import (
    BadInput,
    BadLabel,
    BadStrategy,
    MissingNeed,
    NewerLog,
    NotServed,
    QueristError,
    TamperedLog,
    UnknownTask,
)

TEXTS = [f"{'win cash' if i % 3 == 0 else 'see you'} {i}" for i in range(60)]
ASK = q.Choice(["spam", "ham"])
X = np.random.default_rng(0).normal(size=(60, 3))


def refused(kind, *words):
    return pytest.raises(kind, match="(?is)" + ".*".join(words))


def truth(task):
    return "spam" if "cash" in str(task.item) else "ham"


def test_unknown_label():
    c = q.campaign(TEXTS, ASK, batch=10)
    with refused(BadLabel, "eggs", "spam"):
        c.tell(c.ask()[0], "eggs")
    assert c.labels() == []


def test_unknown_task():
    with refused(UnknownTask, "nonsense"):
        q.campaign(TEXTS, ASK, batch=10).tell("nonsense", "spam")


@pytest.mark.parametrize("data", [[], np.zeros((0, 3)), (), {}])
def test_empty_pool(data):
    with refused(BadInput, "empty|no items|no rows|at least"):
        q.campaign(data, ASK)


def test_missing_column(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,body\n1,a\n2,b\n")
    with refused(BadInput, "text", "body"):
        q.campaign(path, ASK, text="text")


def test_missing_file(tmp_path):
    with refused((QueristError, FileNotFoundError), "nowhere.csv"):
        q.campaign(tmp_path / "nowhere.csv", ASK)
    with refused((QueristError, FileNotFoundError), "nowhere.csv"):
        q.campaign("nowhere.csv", ASK)


def test_duplicate_ids():
    with refused(BadInput, "a"):
        q.campaign(TEXTS[:3], ASK, id=["a", "a", "b"])


def test_too_few_ids():
    with refused(BadInput, "3", "2"):
        q.campaign(TEXTS[:3], ASK, id=["a", "b"])


def test_nan_features():
    bad = X.copy()
    bad[7, 1] = np.nan
    with refused(BadInput, "nan"):
        c = q.campaign(bad, ASK, model=LogisticRegression(), batch=10)
        c.run(lambda t: "spam", until="budget=20")


def test_one_dimensional_numbers():
    with refused(BadInput, ""):
        q.campaign(np.zeros(5), ASK)


@pytest.mark.parametrize("budget", [5, 0, -1])
def test_budget_below_batch(budget):
    with refused(BadInput, "budget"):
        q.campaign(TEXTS, ASK, batch=10, budget=budget)


@pytest.mark.parametrize(
    "options",
    [
        {"batch": 0},
        {"batch": -3},
        {"batch": 2.5},
        {"batch": "ten"},
        {"control": 1.5},
        {"control": -0.1},
        {"holdout": 60},
        {"holdout": -1},
        {"price": -1},
        {"seed": -1},
        {"seed": "x"},
        {"strategy": "nonsense"},
        {"strategy": 42},
        {"model": "nonsense"},
        {"model": 42},
        {"log": "mongodb://x"},
        {"price": "x"},
        {"start": 0},
        {"lables": {}},
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_nonsense_arguments_are_named(options):
    (name, _), *_rest = options.items()
    with pytest.raises((QueristError, TypeError), match=name):
        q.campaign(TEXTS, ASK, **options)


def test_unknown_stopping_rule():
    with refused(BadInput, "nonsense", "plateau"):
        q.campaign(TEXTS, ASK, until="nonsense")


@pytest.mark.parametrize("answers", [["x"], [{"task": "b0-0"}], [("b0-0",)], [42]])
def test_malformed_bulk_answers(answers):
    with refused(BadInput, "task", "value"):
        q.campaign(TEXTS, ASK, batch=10).tell_many(answers)


def test_no_question():
    with pytest.raises((QueristError, TypeError), match=r"(?i)question|Choice"):
        q.campaign(TEXTS, ["spam", "ham"])


def test_a_string_of_data_that_is_no_file():
    with pytest.raises((QueristError, FileNotFoundError)):
        q.campaign("just a text", ASK)


@pytest.mark.parametrize("n", [0, -1, "x"])
def test_asking_for_nonsense(n):
    c = q.campaign(TEXTS, ASK, batch=10)
    with pytest.raises((QueristError, TypeError)):
        c.ask(n)


def test_predict_before_any_label():
    with refused(QueristError, "label|model"):
        q.campaign(TEXTS, ASK, batch=10).predict(["x"])


def test_zero_labels_step_is_no_crash():
    c = q.campaign(TEXTS, ASK, batch=10)
    assert c.step().labels == 0
    assert len(c.ask(10)) == 10


def test_a_model_that_lacks_what_the_strategy_needs():
    with refused(MissingNeed, "proba", "distance_to_boundary|margin|random"):
        c = q.campaign(X, ASK, model=SVC(), strategy="entropy", batch=10)
        c.run(lambda t: "spam" if X[0, 0] > 0 else "ham", until="budget=20")


def test_broken_csv_row_is_named_by_line(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("id,text\n1,a\n2,b,c,d\n3,c\n")
    with refused(BadInput, "line 3"):
        q.campaign(path, ASK, text="text")


def test_broken_json_line_is_named(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a"}\n{"text": \n')
    with refused(BadInput, "line 2"):
        q.campaign(path, ASK, text="text")


def test_unreadable_image(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    for i in range(12):
        Image.fromarray(np.full((4, 4), i * 20, np.uint8)).save(tmp_path / f"{i}.png")
    (tmp_path / "broken.png").write_bytes(b"not an image")
    with refused(BadInput, "broken.png"):
        c = q.campaign(tmp_path, ASK, batch=5)
        c.run(lambda t: "spam", until="budget=10")


def test_empty_folder(tmp_path):
    with refused(BadInput, ""):
        q.campaign(tmp_path, ASK)


@pytest.mark.parametrize("positions", [[0, 0, 1], [0, 1, 999], [-1, 0, 1]])
def test_a_strategy_that_returns_duplicates_or_foreign_positions(positions):
    def broken(signals, n, rng):
        return np.array(positions)

    with refused(BadStrategy, "broken"):
        c = q.campaign(X, ASK, strategy=broken, batch=3, control=0, model=LogisticRegression())
        c.run(lambda t: "spam" if len(t.item_id) % 2 else "ham", until="budget=20")


def test_holdout_is_refused_by_name():
    c = q.campaign(TEXTS, ASK, id=[f"t{i}" for i in range(60)], holdout=10, batch=10)
    held = c.ask(1, job="holdout", by="x")[0].item_id
    with refused(NotServed, held, "holdout"):
        c.ask(items=[held])


def build(log):
    c = q.campaign(TEXTS, ASK, batch=10, log=log)
    for task in c.ask(5):
        c.tell(task, truth(task))
    return c


def test_tampered_log(tmp_path):
    path = tmp_path / "a.db"
    del_me = build(f"sqlite:///{path}")
    del del_me
    with sqlite3.connect(path) as db:
        table = next(
            name
            for (name,) in db.execute("select name from sqlite_master where type='table'")
            if any(
                "spam" in str(row) and "told" in str(row)
                for row in db.execute(f'select * from "{name}"')
            )
        )
        columns = [row[1] for row in db.execute(f'pragma table_info("{table}")')]
        for column in columns:
            db.execute(
                f'update "{table}" set "{column}" = replace("{column}", \'"spam"\', \'"ham"\') '
                f"where cast(\"{column}\" as text) like '%told%' or 1"
            )
    db.close()
    with refused(TamperedLog, ""):
        from querist.logs import open_log

        log = open_log(f"sqlite:///{path}")
        log.verify()


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "a.db"
    path.write_text("hello " * 1000)
    with pytest.raises(QueristError, match=r"a\.db"):
        build(f"sqlite:///{path}")


def test_log_of_another_question(tmp_path):
    log = f"sqlite:///{tmp_path / 'a.db'}"
    build(log)
    with refused(QueristError, "question|labels"):
        q.campaign(TEXTS, q.Choice(["cat", "dog"]), batch=10, log=log)


def test_log_of_other_data(tmp_path):
    log = f"sqlite:///{tmp_path / 'a.db'}"
    build(log)
    with pytest.raises(QueristError):
        q.campaign([f"other {i}" for i in range(60)], ASK, batch=10, log=log)


def test_errors_share_one_base_and_the_builtin_ones():
    assert issubclass(BadInput, QueristError)
    assert issubclass(BadLabel, ValueError)
    assert issubclass(NewerLog, QueristError)


def test_a_csv_with_an_empty_label_column_opens(tmp_path):
    path = tmp_path / "x.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["text", "label"]] + [[t, ""] for t in TEXTS])
    c = q.campaign(path, ASK, text="text", label="label", batch=10)
    assert c.labels() == []
