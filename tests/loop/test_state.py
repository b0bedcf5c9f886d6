"""The fold: whatever happens, replaying the log gives the state the process had."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import QueristError
from querist.core.events import event_from_json
from querist.logs.memory import MemoryLog
from querist.loop.journal import Journal
from querist.loop.state import State

X = np.random.default_rng(0).normal(size=(60, 3))
IDS = [f"i{k}" for k in range(60)]

acts = some.lists(
    some.tuples(
        some.sampled_from(
            [
                "ask",
                "tell",
                "skip",
                "retract",
                "step",
                "volunteer",
                "request",
                "release",
                "renew",
                "undo",
                "note",
                "judge",
            ]
        ),
        some.integers(0, 59),
        some.sampled_from(["ann", "bob"]),
        some.sampled_from(["a", "b"]),
    ),
    max_size=40,
)


def summary_of(state: State):
    return {
        "votes": state.votes,
        "waiting": {job: list(queue.waiting()) for job, queue in state.queues.items()},
        "held": {job: sorted(queue.held) for job, queue in state.queues.items()},
        "tasks": {t: (task.done, task.held_by, task.skipped_by) for t, task in state.tasks.items()},
        "last": {t: (task.last_by, task.until) for t, task in state.tasks.items()},
        "keys": state.keys,
        "notes": state.notes,
        "bought": state.bought,
        "rounds": state.rounds,
        "position": state.position,
    }


def act(campaign, kind, number, by, value):
    if kind == "ask":
        campaign.ask(3, by=by)
    elif kind == "tell":
        for task in campaign.ask(2, by=by):
            campaign.tell(task, value, by=by)
    elif kind == "skip":
        for task in campaign.ask(1, by=by):
            campaign.skip(task, "unclear", by=by)
    elif kind == "retract":
        campaign.retract(IDS[number], by=by)
    elif kind == "volunteer":
        campaign.tell(IDS[number], value, by=by)
    elif kind == "release":
        campaign.desk.release(None, by)
    elif kind == "renew":
        campaign.desk.renew(list(campaign.desk.journal.state.tasks), by, 600)
    elif kind == "undo":
        campaign.desk.retract(IDS[number], by, lease=600)
    elif kind == "note":
        campaign.desk.note(IDS[number], value, by)
    elif kind == "judge":
        tasks = [*campaign.desk.journal.state.tasks][number % 8 :]
        campaign.desk.judge({"task": t, "value": value, "by": by, "key": t} for t in tasks[:4])
    elif kind == "request":
        campaign.ask(items=[IDS[number]], by=by)
    else:
        campaign.step()


@settings(max_examples=40)
@given(acts, some.sampled_from([1.0, 2.0]))
def test_replay_equals_what_was_lived(done, overlap):
    log = MemoryLog()
    c = q.campaign(
        X,
        q.Choice(["a", "b"]),
        model=LogisticRegression(),
        strategy="margin",
        batch=8,
        holdout=5,
        id=IDS,
        log=log,
        overlap=overlap,
    )
    for step in done:
        try:
            act(c, *step)
        except QueristError:
            continue  # refused: nothing may have changed, which the comparison below shows
        counts = c.status()["items"]
        assert sum(v for k, v in counts.items() if k != "total") == counts["total"] == 60
    lived, replayed = c._journal.state, Journal(log).state
    assert summary_of(lived) == summary_of(replayed)
    votes = [vote for votes in lived.votes.values() for vote in votes.values()]
    assert lived.bought == len(votes) == sum(row["votes"] for row in c.labels())
    for state in (lived, replayed):
        for by in ("ann", "bob"):  # nobody holds an item twice
            held = [task.why.item_id for task in state.tasks.values() if task.held_by == by]
            assert len(held) == len(set(held))
    log.verify()


def test_the_majority_wins_and_the_latest_breaks_a_tie():
    c = q.campaign(X, q.Choice(["a", "b"]), id=IDS, batch=8, model=LogisticRegression())
    c.tell("i1", "a", by="ann")
    c.tell("i1", "b", by="bob")
    state = c._journal.state
    assert state.belief("i1") == ("b", 0.5, 2)
    c.tell("i1", "a", by="carl")
    assert state.belief("i1") == ("a", pytest.approx(2 / 3), 3)
    assert state.belief("i2") is None


GOLDEN = Path(__file__).parent / "golden"


def test_a_log_of_before_overlap_folds_as_it_did():
    """150 acts of two annotators, late answers among them, and the state of the day they were."""
    lines = (GOLDEN / "before_overlap.jsonl").read_text().splitlines()
    then = json.loads((GOLDEN / "before_overlap.json").read_text())
    state = State()
    state.fold(enumerate(map(event_from_json, lines), start=1))
    votes = {i: {by: list(v) for by, v in found.items()} for i, found in state.votes.items()}
    assert votes == then["votes"]
    assert {j: list(queue.waiting()) for j, queue in state.queues.items()} == then["waiting"]
    assert {j: sorted(queue.held) for j, queue in state.queues.items()} == then["held"]
    assert sorted(t for t, task in state.tasks.items() if task.done) == then["done"]
    skipped = {t: sorted(task.skipped_by) for t, task in state.tasks.items() if task.skipped_by}
    assert skipped == then["skipped"]
    assert (state.bought, len(state.rounds)) == (then["bought"], then["rounds"])
    assert then["recipe"].items() <= state.recipe.items()
