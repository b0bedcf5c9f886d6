"""One log: resume, several processes, audit, data versions."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import Conflict, QueristError
from querist.logs import open_log

TEXTS = [f"{'win cash prize' if i % 3 == 0 else 'see you at lunch'} {i}" for i in range(150)]
ASK = q.Choice(["spam", "ham"])


def truth(task):
    return "spam" if "cash" in task.item else "ham"


def campaign(log, **options):
    return q.campaign(TEXTS, ASK, log=log, **({"batch": 10} | options))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'spam.db'}"


def test_the_same_lines_resume(url):
    c = campaign(url)
    tasks = c.ask(10)
    for task in tasks[:4]:
        c.tell(task, truth(task))
    del c
    again = campaign(url)
    assert len(again.labels()) == 4
    for task in tasks[4:]:
        again.tell(task.task_id, truth(task))
    assert again.step().labels == 10


def test_resumed_and_straight_runs_pick_the_same(tmp_path):
    straight = campaign(None, budget=60)
    straight.run(truth)
    url = f"sqlite:///{tmp_path / 'b.db'}"
    for until in ("budget=20", "budget=40", "budget=60"):
        campaign(url, budget=60).run(truth, until=until)
    assert [r["id"] for r in campaign(url, budget=60).labels()] == [
        r["id"] for r in straight.labels()
    ]


def test_two_campaigns_on_one_log_never_share_a_task(url):
    one, two = campaign(url), campaign(url)
    a, b = one.ask(4, by="ann"), two.ask(4, by="bob")
    assert not {t.item_id for t in a} & {t.item_id for t in b}
    for c, tasks in ((two, a), (one, b)):
        for task in tasks:
            c.tell(task, truth(task))
    assert len(one.labels()) == len(two.labels()) == 8


def test_two_processes_never_share_a_task(url):
    campaign(url, batch=40)
    code = (
        "import sys, querist as q; from pathlib import Path; import json;"
        "texts = json.loads(Path(sys.argv[2]).read_text());"
        "c = q.campaign(texts, q.Choice(['spam','ham']), log=sys.argv[1], batch=40);"
        "print(json.dumps([t.item_id for _ in range(10) for t in c.ask(1, by=sys.argv[3])]))"
    )
    path = Path(url.removeprefix("sqlite:///")).with_name("texts.json")
    path.write_text(json.dumps(TEXTS))
    running = [
        subprocess.Popen([sys.executable, "-c", code, url, str(path), by], stdout=subprocess.PIPE)
        for by in ("ann", "bob")
    ]
    taken = [json.loads(p.communicate(timeout=120)[0]) for p in running]
    assert all(p.returncode == 0 for p in running)
    assert len(set(taken[0] + taken[1])) == 20


def test_only_one_of_two_steps_counts(url):
    one, two = campaign(url), campaign(url)
    for task in one.ask(10):
        one.tell(task, truth(task))
    one.step()
    two.step()
    queued = two.status()["items"]["queued"]
    assert queued <= 20
    assert len({t.item_id for t in two.ask(100)}) == queued


@pytest.mark.parametrize("form", ["url", "path", "text-path", "object"])
def test_a_log_in_several_forms(tmp_path, form):
    path = tmp_path / "x.db"
    log = {
        "url": f"sqlite:///{path}",
        "path": path,
        "text-path": str(path),
        "object": open_log(f"sqlite:///{path}"),
    }[form]
    c = campaign(log)
    c.tell(c.ask()[0], "spam")
    assert path.exists()


def test_memory_logs():
    for log in (None, "memory://", open_log("memory://")):
        c = campaign(log)
        c.tell(c.ask()[0], "spam")
        assert len(c.labels()) == 1


def test_the_log_reads_from_a_position(url):
    c = campaign(url)
    c.tell(c.ask()[0], "spam")
    log = open_log(url)
    everything = list(log.read())
    positions = [position for position, _ in everything]
    assert positions == sorted(positions)
    assert list(log.read(positions[-2])) == everything[-1:]
    kinds = [event.kind for _, event in everything]
    assert "opened" in kinds
    assert {"queued", "asked", "told"} <= set(kinds)
    told = everything[-1][1]
    assert (told.value, told.by) == ("spam", "me")
    with pytest.raises(AttributeError):
        told.value = "ham"


def test_expect_settles_races(url):
    c = campaign(url)
    c.tell(c.ask()[0], "spam")
    log = open_log(url)
    _, event = list(log.read())[-1]
    with pytest.raises(Conflict):
        log.append([event], expect=1)


def test_each_round_names_the_data_it_was_trained_on_and_can_be_rebuilt(url):
    c = campaign(url, model=None, budget=40)
    c.run(truth)
    versions = [r.data_version for r in c.history.rounds if r.labels]
    assert len(set(versions)) == len(versions)
    again = campaign(url, budget=40)
    for r in again.history.rounds:
        if r.labels:
            rebuilt = again.history.training_set(r.number)
            assert len(rebuilt) == r.labels
    assert [r.data_version for r in again.history.rounds if r.labels] == versions


def test_any_past_model_is_loadable_and_scorable(url):
    c = q.campaign(TEXTS, ASK, log=url, batch=10, budget=40)
    c.run(truth)
    for r in c.history.rounds:
        if r.model_version:
            scores = c.history.score(r.number, TEXTS[:50], [
                "spam" if "cash" in t else "ham" for t in TEXTS[:50]])  # fmt: skip
            assert 0 <= scores["accuracy"].value <= 1


def test_a_rerun_gives_equal_numbers():
    X = np.random.default_rng(0).normal(size=(200, 4))

    def run():
        c = q.campaign(X, q.Choice([0, 1]), id=range(200), batch=20, budget=100, holdout=40,
                       model=LogisticRegression())  # fmt: skip
        c.run(lambda t: int(X[int(t.item_id), 0] > 0))
        return [(r.labels, r.metrics, r.data_version) for r in c.history.rounds]

    assert repr(run()) == repr(run())


def test_the_run_record_names_code_versions_and_seed(url):
    campaign(url)
    opened = next(e for _, e in open_log(url).read() if e.kind == "opened")
    said = str(vars(opened)) if hasattr(opened, "__dict__") else str(opened)
    for word in ("querist", "numpy", "scikit-learn", "seed"):
        assert word in said


def test_a_log_is_verified_by_its_chain(url):
    campaign(url)
    log = open_log(url)
    assert log.verify() == len(list(log.read()))


def test_changed_settings_of_a_resumed_campaign_are_logged_or_refused(url):
    campaign(url, budget=60)
    try:
        c = campaign(url, budget=80)
    except QueristError as error:
        assert "budget" in str(error)
    else:
        assert c.status()["budget"] == 80
        assert any("change" in e.kind for _, e in c.log.read())
    with pytest.raises(QueristError, match="seed"):
        campaign(url, budget=60, seed=7)
