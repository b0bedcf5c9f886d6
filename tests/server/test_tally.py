"""The tally against the state: two folds of one log, which must say the same."""

import random

import pytest

from querist.core.events import (
    Event,
    Opened,
    Queued,
    QueuedItem,
    RecipeChanged,
    Retracted,
    Skipped,
    Told,
)
from querist.core.questions import Choice, Choices, Number
from querist.loop.build import campaign
from querist.loop.costs import label_costs
from querist.loop.standing import annotators
from querist.loop.state import IMPORTED, State
from querist.server.recent import midnight
from querist.server.tally import Tally, Work, change_said, news_said

NOON = midnight(1.8e9) + 12 * 3600


def told(at, item_id, by="ann", value="a", seconds=2.0):
    return Told(at=at, task_id="", item_id=item_id, value=value, by=by, seconds=seconds)


def folded(*events: Event) -> Tally:
    tally = Tally()
    opened = Opened(reserved={"holdout": 0.0, "stop": 0.0, "control": 0.1}, seed=0)
    tally.fold(enumerate([opened, *events], start=1))
    return tally


@pytest.mark.parametrize("question", [Choice(["a", "b", "c"]), Choices(["a", "b", "c"]), Number()])
def test_any_run_gives_the_counts_of_the_state(question):
    rng = random.Random(7)
    texts = [f"text {i} {'x' * (i % 5)}" for i in range(80)]
    known = [None] * 76 + [_value(question, rng) for _ in range(4)]
    c = campaign(texts, question, batch=10, holdout=8, labels=known, measure=False)
    people = ["ann", "bea", "carl"]
    for _ in range(6):
        for by in people:
            for job in ("train", "holdout"):
                for task in c.ask(3, by=by, job=job):
                    if rng.random() < 0.2:
                        c.skip(task, by=by)
                    else:
                        c.tell(task, _value(question, rng), by=by, seconds=rng.random())
        answered = [i for i, votes in c._journal.state.votes.items()]
        for item_id in rng.sample(answered, min(6, len(answered))):
            by = rng.choice(people)
            if by in c._journal.state.votes.get(item_id, {}) and rng.random() < 0.5:
                c.retract(item_id, by=by)
            else:
                c.tell(item_id, _value(question, rng), by=by)
        c.step()
    tally, state = Tally(), State()
    rows = list(c.log.read())
    for start in range(0, len(rows), 7):  # in pieces, as a server reads it
        tally.fold(rows[start : start + 7])
    state.fold(rows)
    assert tally.position == state.position
    assert +tally.costs == label_costs(state)
    assert {by: w.answers for by, w in tally.people.items() if w.answers} == annotators(state)
    names = getattr(question, "labels", ())
    assert {name: tally.classes[name] for name in names} == c.status()["classes"]
    skips = sum(len(made) for made in state.skips.values())
    assert sum(work.skips for work in tally.people.values()) == skips
    measured = c._growth.ledger.measuring_rows()
    if isinstance(question, Choice):
        assert sum(tally.held_out.values()) == len(measured)


def _value(question, rng):
    if isinstance(question, Choice):
        return rng.choice(question.labels)
    if isinstance(question, Choices):
        return [name for name in question.labels if rng.random() < 0.5]
    return rng.random()


def test_agreement_counts_both_sides_of_every_pair():
    tally = folded(
        told(1, "x", "ann", "a"),
        told(2, "x", "bea", "a"),
        told(3, "x", "carl", "b"),
        told(4, "y", "ann", "a"),
    )
    pairs = {by: (w.agreed, w.pairs) for by, w in tally.people.items()}
    assert pairs == {"ann": (1, 2), "bea": (1, 2), "carl": (0, 2)}


def test_an_answer_changed_later_changes_the_agreement():
    tally = folded(told(1, "x", "ann", "a"), told(2, "x", "bea", "b"), told(3, "x", "bea", "a"))
    assert {by: (w.agreed, w.pairs, w.answers) for by, w in tally.people.items()} == {
        "ann": (1, 1, 1),
        "bea": (1, 1, 1),
    }
    assert +tally.classes == {"a": 1}


def test_the_pace_leaves_pauses_out():
    work = Work()
    assert work.pace(NOON) is None and work.middle() is None
    work.times = [NOON + 10 * k for k in range(19)]
    assert work.pace(midnight(NOON)) == pytest.approx(360)
    assert work.pace(NOON + 5) is None  # 170 seconds are too short to tell
    work.times += [NOON + 4000, NOON + 4010]
    work.seconds.extend([1.0, 9.0, 2.0])
    assert work.pace(midnight(NOON)) == pytest.approx(360)
    assert len(work.since(NOON + 15)) == 19
    assert work.middle() == 2.0


def test_repeated_acts_are_one_line_of_news():
    tally = folded(
        told(10, "x", "ann"),
        told(20, "x1", "bea"),
        told(30, "y", "ann"),
        told(5000, "z", "ann"),
        RecipeChanged(at=5001, name="budget", old=3, new=9, by="bea"),
    )
    assert [news_said(line) for line in tally.news()] == [
        "bea changed budget from 3 to 9",
        "ann answered 1 item",
        "ann answered 2 items",
        "bea answered 1 item",
        "The campaign was opened",
    ]
    assert len(tally.news(2)) == 2


def test_events_it_has_no_use_for_are_passed_over():
    item = QueuedItem("b0-0", "x", "control", "Random", None, 0, 1.0, 9)
    tally = folded(
        Queued(at=1, model_version=3, items=(item,)),
        Skipped(at=2, task_id="b0-0", item_id="x", by="ann"),
        Told(at=3, task_id="b0-0", item_id="x", value="a", by="ann"),
    )
    assert tally.costs == {"control": 1}
    assert tally.position == 4


def test_changes_in_words():
    assert change_said("budget", None, 300, "ann") == "ann changed budget from nothing to 300"
    assert change_said("paused", True, False, "ann") == "ann resumed the campaign"
    assert change_said("suggestions", False, True, "ann") == "ann turned suggestions on"
    assert change_said("guidelines", None, {"version": 3, "text": "x"}, "ann") == (
        "ann wrote version 3 of the guidelines"
    )


def test_what_was_taken_back_or_said_anew_is_not_counted_twice_today():
    tally = folded(
        told(NOON, "x"),
        told(NOON + 10, "x", value="b"),  # another answer to the same item
        told(NOON + 20, "y"),
        Retracted(at=NOON + 30, item_id="y", by="ann"),
        told(NOON, "z", by=IMPORTED),
        Retracted(at=NOON + 40, item_id="z", by=IMPORTED),
    )
    assert list(tally.people) == ["ann"]
    work = tally.people["ann"]
    assert (work.answers, work.taken_back, work.since(NOON)) == (1, 1, [NOON + 10])
