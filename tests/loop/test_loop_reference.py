"""What stands for the pool where a strategy covers it: all items, or a sample by item."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.loop import scoring

X = np.random.default_rng(0).normal(size=(200, 3))
NOTE = "60 of 200 items stand for the pool, drawn by item"


@pytest.fixture
def shown(monkeypatch):
    """Ids of what each choice was given as its reference, by the real scorer."""
    seen, real = [], scoring.Scorer._reference

    def noting(self, strategy):
        rows = real(self, strategy)
        seen.append(sorted(self.pool.ids(rows)))
        return rows

    monkeypatch.setattr(scoring.Scorer, "_reference", noting)
    return seen


def asked(rows, strategy):
    options = {"batch": 10, "start": 10, "control": 0, "holdout": 0, "seed": 0}
    c = q.campaign(
        X[rows],
        q.Choice(["a", "b"]),
        id=rows,
        model=LogisticRegression(),
        strategy=strategy,
        **options,
    )
    picks = []
    for _ in range(3):
        tasks = c.ask(10)
        c.tell_many([(t, "ab"[int(X[int(t.item_id), 0] > 0)]) for t in tasks])
        c.step()
        picks.append([t.item_id for t in tasks])
    return picks, c.history.rounds[-1].notes


def test_a_large_pool_is_stood_for_by_a_sample_that_goes_by_item(monkeypatch, shown):
    monkeypatch.setattr(scoring, "POINTS", 60)
    strategy = "max_herding"
    there, notes = asked(np.arange(200), strategy)
    assert notes.count(NOTE) == 1
    assert shown and all(len(ids) == 60 and ids == shown[0] for ids in shown)
    back, _ = asked(np.arange(200)[::-1], strategy)
    assert back == there
    assert all(ids == shown[0] for ids in shown)


@pytest.mark.parametrize("strategy", ["information_density", "density"])
def test_who_pays_nothing_for_a_point_sees_them_all(monkeypatch, shown, strategy):
    monkeypatch.setattr(scoring, "POINTS", 60)
    asked(np.arange(200), strategy)
    assert shown and all(len(ids) == 200 for ids in shown)


def test_a_small_pool_stands_for_itself(shown):
    _, notes = asked(np.arange(200), "max_herding")
    assert not any("stand for the pool" in note for note in notes)
    assert shown and all(len(ids) == 200 for ids in shown)
