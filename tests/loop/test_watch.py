"""The work beside a campaign: when it steps, when it waits, and that the queue never runs dry."""

import threading
import time

import pytest

import querist as q
from querist.loop import folder as folders
from querist.loop.watch import _deepen, is_due, keep_stepping

LABELS = q.Choice(["spam", "ham"])


def text(k):
    return f"{'win cash now' if k % 3 == 0 else 'see you at lunch'} number {k}"


def truth(item_id):
    return "spam" if int(item_id[1:]) % 3 == 0 else "ham"


@pytest.fixture
def make(tmp_path):
    def folder_of(n=200, **settings):
        source = tmp_path / "texts.csv"
        source.write_text("id,text\n" + "".join(f"m{k},{text(k)}\n" for k in range(n)))
        columns = {"id": "id", "text": "text"}
        options = {"batch": 10, "strategy": "margin", **settings}
        with folders.create_folder(
            tmp_path / "c", source, LABELS, columns=columns, settings=options
        ):
            return tmp_path / "c"

    return folder_of


class Working:
    """`keep_stepping` on a thread; what it says is kept."""

    def __init__(self, folder, workers=1):
        self.lines = []
        self.stop = threading.Event()
        self.threads = [
            threading.Thread(
                target=keep_stepping,
                args=(folder,),
                kwargs={"stop": self.stop, "every": 0.05, "say": self.lines.append},
            )
            for _ in range(workers)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive()


def until(desk, holds):
    """Wait until something holds of the state."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        desk.journal.sync()
        if holds(desk.journal.state):
            return True
        time.sleep(0.02)
    return False


def label(desk, n, by="ann"):
    tasks = desk.ask(n, by, 600, "train")
    desk.tell([{"task": t, "value": truth(t.item_id), "by": by} for t in tasks])
    return len(tasks)


def test_a_batch_of_labels_makes_a_round_and_less_makes_none(make):
    folder = make()
    desk = folders.open_desk(folder)
    with Working(folder) as work:
        assert until(desk, lambda s: len(s.queues["train"]) == 20)  # the first batch is as deep
        label(desk, 9)
        time.sleep(0.5)
        desk.journal.sync()
        assert len(desk.journal.state.rounds) == 1
        label(desk, 1)
        assert until(desk, lambda s: len(s.rounds) == 2 and s.rounds[-1].labels == 10)
        assert until(desk, lambda s: len(s.queues["train"]) == 20)
    assert work.lines[0].startswith("round 1: 10 labels") and "20 tasks queued" in work.lines[0]


@pytest.mark.parametrize("rounds", [0, 1])
def test_an_idle_person_who_holds_tasks_stops_nobody(make, rounds):
    folder = make(batch=20)
    desk = folders.open_desk(folder)
    with Working(folder):
        assert until(desk, lambda s: len(s.queues["train"]) == 40)
        for _ in range(rounds):
            label(desk, 20, "bob")
            assert until(desk, lambda s: len(s.rounds) == 2 and len(s.queues["train"]) == 40)
        held = desk.ask(22, "idle", 600, "train")
        assert len(held) == 22
        label(desk, 1, "bob")  # one label, and less than a batch waits
        assert until(desk, lambda s: len(s.queues["train"]) >= 30)
        assert len(desk.ask(30, "bob", 600, "train")) == 30


def test_the_queue_never_runs_dry_under_a_fast_annotator(make):
    folder = make(n=1500, batch=40)
    desk = folders.open_desk(folder)
    least = []
    with Working(folder) as work:
        assert until(desk, lambda s: len(s.queues["train"]) == 80)
        for _ in range(180):
            assert label(desk, 1) == 1
            least.append(len(desk.journal.state.queues["train"]))
            time.sleep(0.04)
        assert until(desk, lambda s: s.rounds[-1].labels > 140)
    assert min(least) > 0
    rounds = desk.journal.state.rounds
    assert len(rounds) >= 4, work.lines
    assert max(turn.labels for turn in rounds) >= 120


@pytest.fixture
def slow_fits(monkeypatch):
    """Models that take two seconds to train; how many labels each was trained on."""
    from querist.loop import turn

    sizes, fit = [], turn.fit

    def slow(parts, pool, training, number, before):
        time.sleep(2.0)
        sizes.append(len(training))
        return fit(parts, pool, training, number, before)

    monkeypatch.setattr(turn, "fit", slow)
    return sizes


def test_four_people_find_tasks_while_a_slow_model_trains(make, slow_fits):
    folder = make(n=1500, batch=20)
    desk, given, empty = folders.open_desk(folder), [], []
    with Working(folder) as work:
        assert until(desk, lambda s: len(s.queues["train"]) == 40)
        end = time.monotonic() + 60

        def person(by):
            while len(given) < 240 and time.monotonic() < end:
                tasks = desk.ask(1, by, 600, "train")
                given.extend(task.item_id for task in tasks)
                if not tasks:
                    empty.append(time.monotonic())
                time.sleep(0.08)  # far quicker than people are
                desk.tell([{"task": t, "value": truth(t.item_id), "by": by} for t in tasks])

        people = [
            threading.Thread(target=person, args=(by,)) for by in ("ann", "bob", "cat", "dan")
        ]
        for one in people:
            one.start()
        for one in people:
            one.join()
    assert slow_fits and not [line for line in work.lines if "cannot" in line], work.lines
    assert not empty, f"{len(empty)} of {len(empty) + len(given)} asks found nothing"
    assert len(given) == len(set(given)) >= 240
    state = desk.journal.state
    served = [state.tasks[t].why for tasks in state.by_item.values() for t in tasks]
    assert all(why.probability is not None for why in served)
    asked = [state.tasks[state.by_item[item_id][-1]].why for item_id in given]
    control = sum(why.arm == "control" for why in asked)
    assert 0.07 < control / len(asked) < 0.14


def test_a_pause_and_a_stop_are_waited_out(make):
    folder = make(budget=20)
    desk = folders.open_desk(folder)
    with Working(folder) as work:
        assert until(desk, lambda s: s.recipe["depth"] == 2)
        desk.change("paused", True, "owner")
        assert until(desk, lambda s: any(line.startswith("paused") for line in work.lines))
        desk.tell([{"task": f"m{k}", "value": truth(f"m{k}")} for k in range(12)])
        time.sleep(0.5)
        desk.journal.sync()
        assert len(desk.journal.state.rounds) == 1
        desk.change("paused", False, "owner")
        assert until(desk, lambda s: len(s.rounds) == 2)
        until(desk, lambda s: len(s.queues["train"]) > 0)
        label(desk, 20)
        assert until(desk, lambda s: s.rounds[-1].stop)
        assert until(desk, lambda s: any(line.startswith("stopped") for line in work.lines))
        before = len(desk.journal.state.rounds)
        desk.change("budget", 50, "owner")
        assert until(desk, lambda s: len(s.queues["train"]) > 0)
        assert label(desk, 10) == 10
        assert until(desk, lambda s: len(s.rounds) > before)
    assert [line for line in work.lines if line.startswith("paused")]
    assert len([line for line in work.lines if line.startswith("stopped")]) == 1


def test_several_workers_share_a_folder(make):
    folder = make()
    desk = folders.open_desk(folder)
    with Working(folder, workers=3) as work:
        for _ in range(4):
            assert until(desk, lambda s: len(s.queues["train"]) >= 10)
            label(desk, 10)
        assert until(desk, lambda s: s.rounds[-1].labels == 40)
    numbers = [turn.number for turn in desk.journal.state.rounds]
    assert numbers == list(range(len(numbers)))
    assert not [line for line in work.lines if "cannot" in line or "failed" in line]
    desk.journal.log.verify()


def test_a_failing_estimator_is_told_and_waits_for_news(make, monkeypatch):
    from sklearn.dummy import DummyClassifier

    fits = []

    def fit(self, X, y, **_):
        fits.append(len(y))
        raise ZeroDivisionError("no luck")

    folder = make(model="sklearn.dummy:DummyClassifier", strategy="random")
    monkeypatch.setattr(DummyClassifier, "fit", fit)
    desk = folders.open_desk(folder)
    with Working(folder) as work:
        assert until(desk, lambda s: s.recipe["depth"] == 2)
        label(desk, 10)
        assert until(desk, lambda s: bool(fits))
        desk.note("m1", "still here", "ann")  # nothing to train on
        time.sleep(0.5)
        tried = len(fits)
        desk.tell([{"task": "m150", "value": "ham"}])
        assert until(desk, lambda s: len(fits) > tried)
        assert tried <= 2
    assert any("training failed" in line and "no luck" in line for line in work.lines)


def test_people_go_on_where_no_model_can_be_trained(make, monkeypatch):
    from querist.loop import turn

    def fit(*_):
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(turn, "fit", fit)
    desk = folders.open_desk(make(batch=20))
    with Working(desk.journal.log.path.parent) as work:
        assert until(desk, lambda s: len(s.queues["train"]) == 40)
        for _ in range(4):
            assert until(desk, lambda s: len(s.queues["train"]) >= 20)
            assert label(desk, 20) == 20
    assert any("training failed" in line for line in work.lines)
    assert len(desk.journal.state.rounds) == 1


def test_a_crowd_that_takes_the_queue_at_once_finds_more_and_a_deeper_one(make):
    desk = folders.open_desk(make(n=600, batch=20))
    with Working(desk.journal.log.path.parent):
        assert until(desk, lambda s: len(s.queues["train"]) == 40)
        for k in range(20):  # they open the page, and nobody has answered yet
            assert until(desk, lambda s: len(s.queues["train"]) >= 12)
            assert len(desk.ask(12, f"person {k}", 600, "train")) == 12
    state = desk.journal.state
    assert (len(state.rounds), state.bought) == (1, 0)
    assert state.recipe["depth"] > 2
    assert {change.by for change in state.changes} == {"work"}


def test_another_strategy_and_new_items_are_taken_up(make, tmp_path):
    folder = make()
    desk = folders.open_desk(folder)
    with Working(folder):
        assert until(desk, lambda s: s.recipe["depth"] == 2)
        folders.change_folder(folder, {"strategy": "entropy"}, "owner")
        label(desk, 10)
        assert until(desk, lambda s: len(s.rounds) == 2)
        state = desk.journal.state
        asked = {item.strategy for item in state.batches[-1].items if item.arm == "open"}
        assert asked == {"Entropy"} and "Entropy" in state.recipe["strategy"]
        more = tmp_path / "more.csv"
        more.write_text("id,text\n" + "".join(f"n{k},fresh {k}\n" for k in range(5)))
        folders.add_to_folder(folder, more)
        desk = folders.open_desk(folder)
        label(desk, 10)
        assert until(desk, lambda s: len(s.rounds) == 3)
    assert folders.read_config(folder)["recipe"]["strategy"] == "entropy"


def test_a_completed_holdout_is_measured_at_once(make):
    folder = make(holdout=12)
    desk = folders.open_desk(folder)
    with Working(folder):
        assert until(desk, lambda s: s.recipe["depth"] == 2)
        label(desk, 10)
        assert until(desk, lambda s: len(s.rounds) == 2 and len(s.queues["train"]) == 20)
        tasks = desk.ask(50, "ann", 600, "holdout")
        assert len(tasks) == 12
        desk.tell([{"task": t, "value": truth(t.item_id), "by": "ann"} for t in tasks])
        assert until(desk, lambda s: s.rounds[-1].measured_on == "holdout")
    assert desk.journal.state.rounds[-1].holdout == 12


def test_an_owner_who_settled_the_depth_is_obeyed(make):
    folder = make()
    desk = folders.open_desk(folder)
    desk.change("depth", 3, "owner")
    desk.change("depth", 1, "owner")
    with Working(folder):
        label(desk, 10)
        assert until(desk, lambda s: len(s.rounds) == 2)
    desk.journal.sync()
    assert desk.journal.state.recipe["depth"] == 1
    assert {change.by for change in desk.journal.state.changes} == {"owner"}


def test_the_queue_deepens_with_what_is_answered_while_a_model_trains(make):
    with folders.open_folder(make()) as c:
        for told, waiting, depth in [(0, 10, 1), (3, 10, 2), (4, 20, 2), (6, 20, 3), (30, 30, 13)]:
            _deepen(c, told, waiting)
            assert c.parts.recipe.depth == depth
        c.desk.change("depth", 2, "owner")
        _deepen(c, 500, 20)
        assert c.parts.recipe.depth == 2


def test_nothing_is_due_while_a_batch_waits_and_nothing_is_new(make):
    with folders.open_folder(make()) as c:
        assert not is_due(c._worker)
        tasks = c.ask(10)
        assert is_due(c._worker)  # nothing waits
        c.desk.release(None, "me")
        c.tell(tasks[0], truth(tasks[0].item_id))
        assert is_due(c._worker)  # less than a batch waits, and a label came


def test_waiting_costs_next_to_nothing(make):
    folder = make()
    desk = folders.open_desk(folder)
    with Working(folder) as work:
        assert until(desk, lambda s: len(s.queues["train"]) == 20)  # opened, and settled
        time.sleep(1)
        begun = time.process_time()
        time.sleep(2)
        spent = time.process_time() - begun
    assert work.lines == []
    assert spent < 0.5
