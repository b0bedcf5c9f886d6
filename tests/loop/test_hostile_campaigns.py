"""Campaigns that are treated badly: nothing is lost, doubled or chosen from stale facts."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.core.errors import TooSlow

RNG = np.random.default_rng(0)
CENTRES = RNG.normal(scale=3.0, size=(3, 4))
TRUTH = RNG.integers(3, size=300)
X = CENTRES[TRUTH] + RNG.normal(size=(300, 4))
NAMES = ["a", "b", "c"]


def opened(strategy, log=None, rows=300, **more):
    settings = {"batch": 8, "start": 12, "seed": 5, "measure": False, "control": 0.1} | more
    model = LogisticRegression(max_iter=100)
    return q.campaign(
        X[:rows], q.Choice(NAMES), id=[f"i{k}" for k in range(rows)], model=model,
        strategy=strategy, log=log, **settings,
    )  # fmt: skip


def truth(task):
    return NAMES[TRUTH[int(task.item_id[1:])]]


def answer(made):
    tasks = made.ask(99)
    made.tell_many([(task, truth(task)) for task in tasks])
    return [task.item_id for task in tasks]


def told(made):
    return {row["id"]: row["value"] for row in made.labels()}


EVERY = (
    "margin", "kcenter", "badge", "bandit", "lcmd", "quire", "auto", "galaxy", "typi_clust",
    "Entropy() >> Top(50) >> KCenter()", "Mix({Margin(): 0.5, KCenter(): 0.5})", "contrastive",
    "Subsample(BADGE(), 60)", "uncertainty_herding", "random",
)  # fmt: skip


def test_a_new_strategy_every_round(tmp_path):
    log = f"sqlite:///{tmp_path / 'one.db'}"
    straight, asked, again = opened("margin"), [], []
    for name in EVERY:
        straight.change(strategy=name)
        asked.append(answer(straight))
        straight.step()
        with opened(name, log) as part:  # another process each round, which resumes with it
            again.append(answer(part))
            part.step()
    assert again == asked
    flat = [item_id for items in asked for item_id in items]
    assert len(flat) == len(set(flat)) == 12 + 8 * (len(EVERY) - 1)
    assert told(straight) == {item_id: NAMES[TRUTH[int(item_id[1:])]] for item_id in flat}


@pytest.mark.parametrize("strategy", ["kcenter", "lcmd", "contrastive"])
def test_kept_distances_are_those_worked_out_anew(strategy, tmp_path):
    """Labels taken back and told again, items that arrive, other strategies, a restart."""
    log = f"sqlite:///{tmp_path / 'kept.db'}"
    with opened(strategy, log, rows=200) as made:
        for number in range(6):
            tasks = made.ask(99)
            made.tell_many([(task, truth(task)) for task in tasks])
            if number in (1, 3):
                for task in tasks[:3]:
                    made.retract(task)
            if number == 2:
                made.add(X[200:], id=[f"i{k}" for k in range(200, 300)])
            if number in (3, 4):
                made.change(strategy="margin" if number == 3 else strategy)
            made.step()
            check_kept(made)
        labels = told(made)
    with opened(strategy, log) as again:
        assert told(again) == labels and len(labels) == 12 + 5 * 8 - 6
        check_kept(again)


def check_kept(made):
    space = made._growth.scorer.space
    vectors, known = space.vectors().astype(float), np.sort(made.pool.rows(list(told(made))))
    for k in (1, 3):
        rows = np.arange(len(made.pool))
        far, places = space.nearest(rows, known, k)
        every = np.linalg.norm(vectors[:, None] - vectors[known][None], axis=2)
        np.testing.assert_allclose(far, np.sort(every, axis=1)[:, :k], atol=1e-5)
        own = np.take_along_axis(every, places, axis=1)
        np.testing.assert_allclose(own, far, atol=1e-5)


def test_people_answer_while_the_campaign_thinks_and_changes():
    made, faults, given = opened("margin", batch=10), [], []

    def person(name):
        try:
            for _ in range(12):
                for task in made.ask(2, by=name):
                    made.tell(task, truth(task), by=name)
                    given.append(task.item_id)
        except Exception as fault:
            faults.append(fault)

    def thinker():
        try:
            for name in ("kcenter", "badge", "bandit", "auto", "margin"):
                made.change(strategy=name)
                made.step()
        except Exception as fault:
            faults.append(fault)

    people = [threading.Thread(target=person, args=(f"p{k}",)) for k in range(4)]
    everyone = [*people, threading.Thread(target=thinker)]
    for thread in everyone:
        thread.start()
    for thread in everyone:
        thread.join(60)
    assert not faults and not any(thread.is_alive() for thread in everyone)
    assert len(given) == len(set(given)) >= 12
    assert told(made) == {item_id: NAMES[TRUTH[int(item_id[1:])]] for item_id in given}
    answer(made)
    assert made.step().labels == len(told(made))


def test_a_refusal_for_time_leaves_the_campaign_as_it_was():
    made = opened("margin")
    answer(made)
    made.step()
    labels, queued = told(made), made.status()["labels"]
    answer(made)
    made.change(strategy="quire", pick_limit=1e-9)
    with pytest.raises(TooSlow):
        made.step()
    assert labels.items() <= told(made).items() and made.status()["labels"] == queued + 8
    made.change(strategy="quire", pick_limit=0)
    assert made.step().queued == 8 and answer(made)


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("strategy", ["auto", "badge", "bandit", "galaxy", "direct", "quire"])
def test_two_hundred_classes_of_which_few_are_known(strategy):
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.arange(200), 3)
    points = rng.normal(scale=4.0, size=(200, 8))[kinds] + rng.normal(size=(600, 8))
    names = [f"kind {k:03d}" for k in range(200)]
    made = q.campaign(
        points, q.Choice(names), strategy=strategy, model=LogisticRegression(max_iter=20),
        batch=20, start=30, seed=2, measure=False,
    )  # fmt: skip
    for _ in range(3):
        tasks = made.ask(99)
        rows = made.pool.rows([task.item_id for task in tasks])
        made.tell_many([(t, names[kinds[r]]) for t, r in zip(tasks, rows, strict=True)])
        made.step()
    assert made.status()["labels"] == 70 and len(made.ask(99)) == 20
    assert len(set(made.predict(points[:50]))) > 1
