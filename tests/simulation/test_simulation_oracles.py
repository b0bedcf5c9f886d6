from __future__ import annotations

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from rich.console import Console
from sklearn.datasets import load_wine
from sklearn.naive_bayes import GaussianNB

import querist as q
from querist.core.errors import BadInput, UnknownTask
from querist.simulation.oracles import Annotators, FileOracle, Noisy, Remote, Terminal, Truth

CLASSES = ["a", "b", "c"]
LABELS = [CLASSES[i % 3] for i in range(3000)]


def task(item_id, item="text", view="choice"):
    return q.Task(f"t{item_id}", str(item_id), item, view)


def test_truth_of_a_mapping_and_of_rows():
    assert Truth({"x": "spam"})(task("x")) == "spam"
    assert Truth(np.array([4, 5]))(task(1)) == 5
    with pytest.raises(UnknownTask, match=r"'9'.*look like '0'"):
        Truth(["a"])(task(9))


def test_noise_has_its_rate_spreads_over_the_wrong_labels_and_is_kept_by_item():
    noisy = Noisy(LABELS, 0.3, seed=4)
    said = [noisy(task(i)) for i in range(3000)]
    wrong = np.array([one != other for one, other in zip(said, LABELS, strict=True)])
    assert abs(wrong.mean() - 0.3) < 0.03
    of_a = [said[i] for i in np.flatnonzero(wrong) if LABELS[i] == "a"]
    assert 0.4 < of_a.count("b") / len(of_a) < 0.6 and set(of_a) == {"b", "c"}
    assert [noisy(task(i)) for i in reversed(range(3000))] == said[::-1]
    assert [Noisy(LABELS, 0.3, seed=5)(task(i)) for i in range(3000)] != said


def test_noise_may_depend_on_the_item():
    hard = Noisy(LABELS, lambda asked: 0.9 if int(asked.item_id) < 1000 else 0.0)
    wrong = [hard(task(i)) != LABELS[i] for i in range(3000)]
    assert np.mean(wrong[:1000]) > 0.85 and not any(wrong[1000:])


def test_noise_over_another_oracle():
    flipped = Noisy(lambda asked: "ham", 1.0, labels=["spam", "ham"])
    assert flipped(task(0)) == "spam"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Noisy(["a", "b"], 1.5), "share between 0 and 1"),
        (lambda: Noisy(["a", "a"], 0.1), "two possible labels"),
        (lambda: Noisy(["a", "b"], lambda asked: 2)(task(0)), "share between 0 and 1"),
        (lambda: Annotators(["a", "b"], {}), "at least one person"),
        (lambda: Annotators(["a", "b"], {"ann": (0, 1)}).answer("bob", task(0)), "there are: ann"),
        (lambda: FileOracle("/nowhere/answers.csv"), "no file of answers"),
        (lambda: Remote("ftp://example.org"), "http or https"),
    ],
)
def test_what_is_refused(make, said):
    with pytest.raises(BadInput, match=said):
        make()


def test_annotators_differ_in_errors_and_pace():
    team = Annotators(LABELS, {"ann": (0.05, 4.0), "bob": (0.4, 1.0)}, seed=1)
    answers = {name: [team.answer(name, task(i)) for i in range(2000)] for name in team.people}
    errors = {
        n: np.mean([v != LABELS[i] for i, (v, _) in enumerate(a)]) for n, a in answers.items()
    }
    assert abs(errors["ann"] - 0.05) < 0.02 and abs(errors["bob"] - 0.4) < 0.04
    pace = {name: np.median([seconds for _, seconds in a]) for name, a in answers.items()}
    assert abs(pace["ann"] / 4 - 1) < 0.1 and abs(pace["bob"] - 1) < 0.1
    turns = [team.whose(task(i)) for i in range(2000)]
    assert 0.4 < turns.count("ann") / 2000 < 0.6
    assert team(task(7)) == team.answer(team.whose(task(7)), task(7))[0]


def test_people_err_on_their_own():
    team = Annotators(LABELS, {"ann": (0.5, 1.0), "bob": (0.5, 1.0)})
    wrong = np.array(
        [[team.answer(n, task(i))[0] != LABELS[i] for n in team.people] for i in range(2000)]
    )
    assert abs(np.corrcoef(wrong.T)[0, 1]) < 0.1


def test_a_file_of_answers(tmp_path):
    path = tmp_path / "answers.csv"
    path.write_text("id,label,note\n0,spam,x\n1,,x\n", encoding="utf-8")
    oracle = FileOracle(path)
    assert [oracle(task(i)) for i in range(3)] == ["spam", None, None]
    with pytest.raises(BadInput, match="no column 'answer'; its columns are id, label, note"):
        FileOracle(path, label="answer")


def terminal(question, typed, monkeypatch):
    console = Console(file=io.StringIO(), width=200)
    lines = iter(typed)
    monkeypatch.setattr("builtins.input", lambda *_: next(lines))
    return Terminal(question, console), console.file


def test_a_person_at_the_terminal(monkeypatch):
    oracle, screen = terminal(q.Choice(["spam", "ham"]), ["maybe", "2", "spam", ""], monkeypatch)
    assert [oracle(task(i, "[win] cash")) for i in range(3)] == ["ham", "spam", None]
    assert "[win] cash" in screen.getvalue()
    assert "'maybe' is not an allowed label" in screen.getvalue()


def test_a_person_gives_numbers_and_several_labels(monkeypatch):
    oracle, _ = terminal(q.Choices(["x", "y", "z"]), ["3, x"], monkeypatch)
    assert oracle(task(0, view="choices")) == ["x", "z"]
    oracle, screen = terminal(q.Number(low=0), ["-1", "2.5"], monkeypatch)
    assert oracle(task(0, {"age": 4}, "number")) == 2.5 and '{"age": 4}' in screen.getvalue()


class Service(BaseHTTPRequestHandler):
    """Answers with the label of the row; breaks once when asked for row 3."""

    asked: list = []  # noqa: RUF012  # the server makes a new handler for every request

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent["token"] = self.headers["Authorization"]
        self.asked.append(sent)
        again = sum(one["item_id"] == "3" for one in self.asked) == 1
        status = {"3": 503 if again else 200, "4": 404}.get(sent["item_id"], 200)
        body = b"nonsense" if sent["item_id"] == "5" else json.dumps({"value": "ham"}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def service():
    Service.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answer"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_remote_service(service):
    oracle = Remote(service, headers={"Authorization": "Bearer x"})
    assert oracle(task(1, {"text": "hi"})) == "ham"
    assert Service.asked[0] == {
        "task_id": "t1",
        "item_id": "1",
        "item": {"text": "hi"},
        "view": "choice",
        "token": "Bearer x",
    }
    assert oracle(task(3)) == "ham" and len(Service.asked) == 3
    with pytest.raises(BadInput, match="404"):
        oracle(task(4))
    with pytest.raises(BadInput, match="nonsense"):
        oracle(task(5))


def test_a_service_that_is_not_there():
    with pytest.raises(BadInput, match="no answer for task 't1' in 2 tries"):
        Remote("http://127.0.0.1:9/", tries=2)(task(1))


def test_one_loop_with_any_oracle(tmp_path, service, monkeypatch):
    X, y = load_wine(return_X_y=True)
    names = np.where(y == 0, "spam", "ham")
    path = tmp_path / "answers.csv"
    path.write_text("id,label\n" + "".join(f"{i},{n}\n" for i, n in enumerate(names)), "utf-8")
    truth = dict(enumerate(names))
    typed = iter(lambda: "", None)
    monkeypatch.setattr("builtins.input", lambda *_: next(typed))
    oracles = {
        "simulated": Noisy(names, 0.1),
        "file": FileOracle(path),
        "service": Remote(service),
        "person": Terminal(q.Choice(["spam", "ham"]), Console(file=io.StringIO())),
        "function": lambda asked: truth[int(asked.item_id)],
    }
    labels = {
        name: len(
            q.simulate(
                X,
                names,
                model=GaussianNB(),
                strategy="random",
                start=[0, 100],
                batch=4,
                budget=10,
                oracle=oracle,
            ).picked
        )
        for name, oracle in oracles.items()
    }
    # the person passes on everything, so the run ends with the labels it was given
    assert labels == {"simulated": 10, "file": 10, "service": 10, "person": 2, "function": 10}
