"""A campaign as a user of the library meets it: data in, tasks out, answers in, rounds."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC

import querist as q
from querist import strategies as st

TEXTS = [f"{'win cash prize now' if i % 3 == 0 else 'see you at lunch'} {i}" for i in range(150)]
ASK = q.Choice(["spam", "ham"])


def truth(task):
    return "spam" if "cash" in task.item else "ham"


def texts(**options):
    return q.campaign(TEXTS, ASK, **({"batch": 10} | options))


def test_the_loop_by_hand():
    c = texts()
    tasks = c.ask(10, by="ann")
    assert isinstance(tasks, list)
    assert len(tasks) == 10
    assert len({t.item_id for t in tasks}) == 10
    for task in tasks:
        assert task.item in TEXTS
        assert isinstance(task.view, str)
        assert c.tell(task, truth(task), by="ann", seconds=1.5) is None
    r = c.step()
    assert r.labels == 10
    assert c.predict(["win cash prize"]) == ["spam"]
    assert len(c.labels()) == 10


def test_ask_gives_one_task_by_default_and_fewer_when_fewer_wait():
    c = texts()
    assert len(c.ask()) == 1
    rest = c.ask(1000)
    assert 0 < len(rest) < 1000
    assert c.ask(5) == []


def test_two_people_never_get_the_same_task():
    c = texts()
    ann, bob = c.ask(5, by="ann"), c.ask(5, by="bob")
    assert not {t.item_id for t in ann} & {t.item_id for t in bob}


def test_labels_tell_id_value_confidence_votes_arm_and_probability():
    c = texts()
    for task in c.ask(10):
        c.tell(task, truth(task))
    for row in c.labels():
        assert {"id", "value", "confidence", "votes", "arm", "probability"} <= set(row)
        assert row["value"] in ("spam", "ham")
        assert row["votes"] == 1
        assert 0 < row["confidence"] <= 1
        assert row["probability"] is None or 0 < row["probability"] <= 1
        assert row["probability"] is not None or row["arm"] != "control"
    json.dumps(c.labels())


def test_status_is_plain_data_and_counts_a_partition():
    c = texts(holdout=20)
    for task in c.ask(4):
        c.tell(task, truth(task))
    status = c.status()
    json.dumps(status)
    items = status["items"]
    assert items["total"] == len(TEXTS)
    assert items["held_out"] == 20
    assert status["labels"] == items["labelled"] == 4
    assert sum(items[name] for name in items if name != "total") == len(TEXTS)
    for name in ("labels", "bought", "spent", "round", "metrics", "stop", "strategy", "notes"):
        assert name in status


def test_answers_may_come_out_of_order_in_part_and_in_bulk():
    c = texts()
    tasks = c.ask(10)
    c.tell_many([{"task": t, "value": truth(t), "by": "ann"} for t in reversed(tasks[:6])])
    rows = {row["id"]: row["value"] for row in c.labels()}
    assert rows == {t.item_id: truth(t) for t in tasks[:6]}


@pytest.mark.parametrize("form", ["task_id", "triples", "pairs"])
def test_bulk_answers_take_other_natural_forms(form):
    c = texts()
    tasks = c.ask(3)
    c.tell_many(
        {
            "task_id": [{"task_id": t.task_id, "value": truth(t)} for t in tasks],
            "triples": [(t, truth(t), "ann") for t in tasks],
            "pairs": [(t, truth(t)) for t in tasks],
        }[form]
    )
    assert len(c.labels()) == 3


def test_tell_takes_the_task_or_its_id():
    c = texts()
    first, second = c.ask(2)
    c.tell(first.task_id, "spam")
    c.tell(second, "ham")
    assert len(c.labels()) == 2


def test_telling_twice_changes_nothing():
    c = texts()
    task = c.ask()[0]
    for _ in range(3):
        c.tell(task, "spam")
    assert [row["votes"] for row in c.labels()] == [1]


def test_skip_and_retract():
    c = texts()
    first, second = c.ask(2, by="ann")
    c.skip(first, "cannot tell", by="ann")
    assert c.labels() == []
    assert first.item_id not in {t.item_id for t in c.ask(100, by="ann")}
    c.tell(second, "spam", by="ann")
    c.retract(second, by="ann")
    assert c.labels() == []


def test_a_label_may_be_added_unasked():
    c = q.campaign(TEXTS, ASK, id=[f"t{i}" for i in range(150)], batch=10)
    asked = {t.item_id for t in c.ask(100)}
    free = next(i for i in (f"t{i}" for i in range(150)) if i not in asked)
    c.tell(free, "spam", by="boss")
    assert [row["id"] for row in c.labels()] == [free]


@pytest.mark.parametrize("budget", [40, 40.0, np.int64(40)])
def test_run_stops_at_exactly_the_budget(budget):
    c = texts(budget=budget, batch=15)
    rounds = c.run(truth)
    assert rounds[-1].labels == 40 == len(c.labels())
    assert any("budget" in v.reason for v in rounds[-1].verdicts.values())


def test_money_is_never_overspent():
    c = texts(price=0.2)
    rounds = c.run(truth, until="money=7")
    assert rounds[-1].spent <= 7
    assert len(c.labels()) == 35


@pytest.mark.parametrize("style", ["task", "text"])
def test_run_takes_any_function_of_the_task(style):
    answers = {text: "spam" if "cash" in text else "ham" for text in TEXTS}
    oracle = truth if style == "task" else (lambda task: answers[task.item])
    c = texts(budget=20)
    assert c.run(oracle)[-1].labels == 20


def test_until_takes_text_rule_and_mixture():
    from querist.stopping import Budget, Target

    for until in (
        "budget=20",
        Budget(20),
        Budget(20) | Target(0.9999),
        [Budget(20)],
        ["budget=20", Target(0.9999)],
    ):
        c = texts()
        assert c.run(truth, until=until)[-1].labels <= 20


def test_equal_seeds_give_equal_picks_and_other_seeds_others():
    def picks(seed):
        c = texts(seed=seed, budget=40)
        c.run(truth)
        return [row["id"] for row in c.labels()]

    assert picks(1) == picks(1)
    assert picks(1) != picks(2)


# ---- kinds of data -------------------------------------------------------------------------


RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 4))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def by_row(task):
    return int(Y[int(task.item_id)])


def turn(data, oracle=by_row, question=None, **options):
    c = q.campaign(
        data,
        question or q.Choice([0, 1]),
        **({"batch": 20, "budget": 60, "id": [str(i) for i in range(160)]} | options),
    )
    rounds = c.run(oracle)
    assert rounds[-1].labels == options.get("budget", 60)
    return c


def test_an_array_and_integer_labels():
    c = turn(X)
    assert {row["value"] for row in c.labels()} == {0, 1}
    assert np.mean(np.asarray(c.predict(X)) == Y) > 0.75


def test_a_sparse_matrix():
    c = turn(sparse.csr_matrix(X))
    assert len(c.predict(sparse.csr_matrix(X[:3]))) == 3


def test_a_list_of_lists():
    turn(X.tolist())


def test_a_pandas_frame_with_mixed_types_and_gaps():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["city"] = ["Rome" if v > 0 else "Oslo" for v in X[:, 1]]
    frame.loc[::7, "a"] = np.nan
    frame.loc[::11, "city"] = None
    turn(frame)


def test_a_pandas_frame_with_a_text_column():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": range(150), "body": TEXTS})
    c = q.campaign(frame, ASK, id="id", text="body", batch=10, budget=20)
    c.run(lambda t: "spam" if "cash" in str(t.item) else "ham")
    assert {row["id"] for row in c.labels()} <= {str(i) for i in range(150)}


def test_a_pandas_series_of_texts():
    pd = pytest.importorskip("pandas")
    c = q.campaign(pd.Series(TEXTS), ASK, batch=10, budget=20)
    assert c.run(lambda t: "spam" if "cash" in str(t.item) else "ham")[-1].labels == 20


def test_a_numpy_array_or_tuple_of_texts():
    for data in (np.array(TEXTS), np.array(TEXTS, dtype=object), tuple(TEXTS)):
        c = q.campaign(data, ASK, batch=10, budget=20)
        assert c.run(lambda t: "spam" if "cash" in str(t.item) else "ham")[-1].labels == 20


@pytest.mark.parametrize("labels", [np.array([0.0, 1.0]), [True, False], np.unique(Y)])
def test_labels_come_back_as_they_were_given(labels):
    kind = type(np.asarray(labels)[0].item())
    c = turn(X, oracle=lambda t: kind(Y[int(t.item_id)]), question=q.Choice(labels))
    assert {type(row["value"]) for row in c.labels()} == {kind}
    assert {type(value) for value in c.predict(X[:9])} == {kind}


def test_a_dict_of_columns_and_a_dict_of_texts_by_id():
    turn({name: X[:, i] for i, name in enumerate("abcd")})
    c = q.campaign({f"m{i}": text for i, text in enumerate(TEXTS)}, ASK, batch=10, budget=20)
    c.run(truth)
    assert {row["id"] for row in c.labels()} <= {f"m{i}" for i in range(150)}


def test_a_list_of_dicts():
    rows = [{"id": f"r{i}", "text": text, "n": i} for i, text in enumerate(TEXTS)]
    c = q.campaign(rows, ASK, batch=10, budget=20)
    c.run(lambda t: "spam" if "cash" in t.item["text"] else "ham")
    assert len(c.labels()) == 20


def test_an_arrow_table():
    pa = pytest.importorskip("pyarrow")
    turn(pa.table({name: X[:, i] for i, name in enumerate("abcd")}))


class Columns:
    """What querist needs of a Hugging Face Dataset: column names, a length and rows."""

    def __init__(self, columns):
        self._columns = columns
        self.column_names = list(columns)
        self.features = dict.fromkeys(columns)
        self.num_rows = len(next(iter(columns.values())))

    def __len__(self):
        return self.num_rows

    def __getitem__(self, key):
        if isinstance(key, str):
            return self._columns[key]
        if isinstance(key, (int, np.integer)):
            return {name: values[key] for name, values in self._columns.items()}
        if isinstance(key, slice):
            return {name: values[key] for name, values in self._columns.items()}
        return {name: [values[i] for i in key] for name, values in self._columns.items()}

    def select(self, rows):
        return Columns({n: [v[i] for i in rows] for n, v in self._columns.items()})


def test_a_hugging_face_dataset_by_its_shape():
    data = Columns({"text": TEXTS})
    c = q.campaign(data, ASK, batch=10, budget=20)
    c.run(lambda t: "spam" if "cash" in str(t.item) else "ham")
    assert len(c.labels()) == 20


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("as_path", [str, Path])
def test_files(tmp_path, kind, as_path):
    pa = pytest.importorskip("pyarrow")
    path = tmp_path / f"mails.{kind}"
    table = pa.table({"id": [f"m{i}" for i in range(150)], "text": TEXTS})
    if kind == "csv":
        import pyarrow.csv as writer

        writer.write_csv(table, path)
    elif kind == "parquet":
        import pyarrow.parquet as writer

        writer.write_table(table, path)
    else:
        path.write_text("\n".join(json.dumps(row) for row in table.to_pylist()))
    c = q.campaign(as_path(path), ASK, id="id", text="text", batch=10, budget=20)
    c.run(lambda t: "spam" if "cash" in str(t.item) else "ham")
    assert all(row["id"].startswith("m") for row in c.labels())


def test_a_folder_of_images(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    for i in range(60):
        pixels = np.full((8, 8), 240 if i % 2 else 15, np.uint8)
        pixels[i % 8, i // 8] = 128
        Image.fromarray(pixels).save(tmp_path / f"{i:03}.png")
    c = q.campaign(tmp_path, q.Choice(["light", "dark"]), batch=10, budget=20)
    c.run(lambda t: "light" if int(Path(t.item).stem) % 2 else "dark")
    assert len(c.labels()) == 20


# ---- models --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "strategy"),
    [
        (LogisticRegression(), "entropy"),
        (SVC(gamma="auto"), "margin"),
        (SVC(gamma="auto"), "distance_to_boundary"),
        (LinearSVC(), "distance_to_boundary"),
        (RandomForestClassifier(20, random_state=0), "least_confidence"),
        (make_pipeline(StandardScaler(), LogisticRegression()), st.DiverseBatch()),
        (MLPClassifier((8,), max_iter=2000, random_state=0), "margin"),
        (LogisticRegression(), st.Mix({st.Margin(): 0.9, st.Random(): 0.1})),
        (LogisticRegression(), 0.7 * st.Entropy() + 0.3 * st.Density()),
        (LogisticRegression(), st.Entropy() >> st.Top(50) >> st.KCenter()),
        (LogisticRegression(), st.QueryByCommittee(3)),
        (
            LogisticRegression(),
            st.QueryByCommittee([LogisticRegression(), RandomForestClassifier(10)]),
        ),
        (LogisticRegression(), st.KMeansSampling()),
    ],
)
def test_models_and_strategies_go_round(model, strategy):
    c = turn(X, model=model, strategy=strategy)
    assert np.mean(np.asarray(c.predict(X)).astype(int) == Y) > 0.75


def test_a_lambda_is_a_strategy_and_keeps_control_and_log():
    c = turn(X, model=LogisticRegression(), strategy=lambda signals, n, rng: np.arange(n))
    assert {"control"} < {row["arm"] for row in c.labels()}


def test_a_function_that_reads_probabilities_starts_without_a_model():
    def unsure(signals, n, rng):
        return np.argsort(signals.proba.max(axis=1))[:n]

    turn(X, model=LogisticRegression(), strategy=unsure)
    turn(X, strategy=lambda signals, n, rng: np.argsort(signals.proba.max(axis=1))[:n].tolist())


def test_a_column_transformer_on_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"))
    frame["city"] = ["Rome" if v > 0 else "Oslo" for v in X[:, 1]]
    model = make_pipeline(
        ColumnTransformer(
            [("n", StandardScaler(), list("abcd")), ("c", OneHotEncoder(), ["city"])]
        ),
        LogisticRegression(),
    )
    turn(frame, model=model, strategy="margin")


def test_a_text_pipeline():
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10))
    c = texts(model=model, strategy="margin", budget=30)
    c.run(truth)
    assert c.predict(["cash prize", "lunch"]) == ["spam", "ham"]


@pytest.mark.parametrize("model", [RandomForestRegressor(20, random_state=0), Ridge(), None])
def test_a_regression(model):
    c = turn(
        X,
        oracle=lambda t: float(X[int(t.item_id)].sum()),
        question=q.Number(),
        model=model,
        strategy="random" if model is not None else "auto",
    )
    assert len(c.predict(X[:3])) == 3
    assert all(isinstance(v, float) for v in c.predict(X[:3]))


def test_several_labels_an_item():
    def both(task):
        row = X[int(task.item_id)]
        return [name for name, v in zip("ab", row[:2], strict=True) if v > 0]

    c = turn(X, oracle=both, question=q.Choices(["a", "b"]))
    assert all(set(v) <= {"a", "b"} for v in c.predict(X[:5]))


def test_all_classes_are_known_though_a_fit_saw_fewer():
    c = q.campaign(X, q.Choice(["no", "yes", "never"]), batch=20, budget=60,
                   model=LogisticRegression(), strategy="entropy", id=range(160))  # fmt: skip
    rounds = c.run(lambda t: "yes" if Y[int(t.item_id)] else "no")
    assert rounds[-1].labels == 60


def test_a_one_class_start_does_not_crash():
    c = q.campaign(X, q.Choice([0, 1]), batch=10, budget=40, model=LogisticRegression(),
                   strategy="margin", id=range(160))  # fmt: skip
    for task in c.ask(10):
        c.tell(task, 1)
    r = c.step()
    assert r.labels == 10
    assert c.run(by_row)[-1].labels == 40


def test_the_default_names_what_it_chose():
    notes = " ".join(texts().status()["notes"])
    assert "TF-IDF" in notes or "tf-idf" in notes.lower()
    assert "strategy chosen: auto" in notes


def test_yours_stays_untouched():
    model = LogisticRegression()
    turn(X, model=model)
    assert not hasattr(model, "coef_")


# ---- roles, control, history ---------------------------------------------------------------


def test_control_items_come_blind_inside_every_batch():
    c = texts(batch=20, budget=100, control=0.2)
    c.run(truth)
    arms = [row["arm"] for row in c.labels()]
    assert 0.1 <= arms.count("control") / len(arms) <= 0.35
    fields = set(vars(c.ask()[0])) if c.ask() else {"task_id", "item_id", "item", "view"}
    assert fields == {"task_id", "item_id", "item", "view"}


def test_no_control_when_none_is_asked():
    c = texts(batch=20, budget=60, control=0)
    c.run(truth)
    assert "control" not in {row["arm"] for row in c.labels()}


def test_holdout_is_never_served_by_the_policy():
    c = q.campaign(TEXTS, ASK, id=[f"t{i}" for i in range(150)], batch=10, holdout=30)
    tasks = c.ask(100, job="holdout")
    held = {t.item_id for t in tasks}
    assert len(held) == 30
    for task in tasks:
        c.tell(task, truth(task), by="bob")
    rounds = c.run(truth, until="budget=100")
    trained = {row["id"] for row in c.labels() if row["arm"] != "holdout"}
    assert not held & trained
    assert rounds[-1].measured_on == "holdout"
    with pytest.raises(q.errors.QueristError, match="holdout"):
        c.ask(items=[next(iter(held))])


def test_holdout_may_be_a_share():
    c = texts(holdout=0.2)
    assert 15 <= len(c.ask(150, job="holdout")) <= 45


def test_500_copies_of_one_hard_item_are_asked_about_once():
    hard = np.zeros((500, 4)) + RNG.normal(size=(500, 4)) * 1e-6
    data = np.vstack([X, hard])
    c = q.campaign(data, q.Choice([0, 1]), id=range(660), batch=30, budget=90, control=0,
                   model=LogisticRegression(), strategy="margin")  # fmt: skip
    c.run(lambda t: int(Y[int(t.item_id)]) if int(t.item_id) < 160 else 0)
    assert sum(int(row["id"]) >= 160 for row in c.labels()) <= 6


def test_exact_duplicates_are_found_at_ingest_and_reported():
    c = q.campaign(TEXTS + TEXTS[:5], ASK, batch=10)
    assert c.status()["duplicates"] == 5


def test_items_may_be_added_while_it_runs():
    c = texts(budget=60)
    for task in c.ask(10):
        c.tell(task, truth(task))
    c.step()
    assert c.add([f"brand new lunch {i}" for i in range(20)]) == 20
    assert c.status()["items"]["total"] == 170
    assert c.run(truth)[-1].labels == 60


def test_metrics_come_with_intervals_every_round():
    c = texts(holdout=40, budget=100)
    last = c.run(truth)[-1]
    for name in ("accuracy", "f1_macro", "recall_macro", "log_loss"):
        interval = last.metrics[name]
        assert interval.low <= interval.value <= interval.high
    assert any("f1" in name and "spam" in name for name in last.metrics)
    assert any("calibration" in name for name in last.metrics)
    assert len(last.data_version) >= 16


def test_history_comes_as_csv_and_json_and_says_why():
    c = texts(budget=40)
    c.run(truth)
    assert "accuracy" in c.history.to_csv().splitlines()[0] or "labels" in c.history.to_csv()
    json.loads(c.history.to_json())
    for row in c.labels():
        said = c.history.why(row["id"])
        assert row["id"] in said
        assert "Labelled" in said
        assert "round" in said
        assert ("control" in said) == (row["arm"] == "control")


def test_goals_and_the_change_of_a_rule_are_logged():
    c = texts(until="target=0.99", budget=60)
    c.change(until="plateau")
    kinds = [event.kind for _, event in c.log.read()]
    assert any("change" in kind for kind in kinds)


def test_every_queued_item_records_why():
    c = texts(budget=40)
    c.run(truth)
    rounds = [e for _, e in c.log.read() if e.kind == "queued"]
    assert {e.model_version for e in rounds} >= {None, 1}
    for item in (i for e in rounds for i in e.items):
        for name in ("arm", "strategy", "score", "rank", "probability", "candidates"):
            assert hasattr(item, name)
        assert item.candidates > 0
        assert (item.arm == "control") <= (item.probability is not None)
