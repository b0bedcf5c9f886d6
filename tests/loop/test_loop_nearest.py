"""Distances to the labelled items are kept between rounds, and change no pick."""

import pytest

from querist.selection import nearest


@pytest.fixture
def folded(monkeypatch):
    """How many rows were made known, call by call; the folding itself is the real one."""
    calls, fold = [], nearest.Nearest._fold

    def counting(self, known, start):
        calls.append(len(known))
        fold(self, known, start)

    monkeypatch.setattr(nearest.Nearest, "_fold", counting)
    return calls


def rounds(campaign, oracle, n):
    asked = []
    for _ in range(n):
        tasks = campaign.ask(100)
        campaign.tell_many([(task, oracle(task)) for task in tasks])
        campaign.step()
        asked.append([task.item_id for task in tasks])
    return asked


@pytest.mark.parametrize("strategy", ["kcenter", "lcmd", "contrastive"])
def test_only_new_labels_are_compared_with_the_pool(make, oracle, folded, strategy):
    with make(strategy=strategy, log=None) as campaign:
        rounds(campaign, oracle, 4)
        assert sum(folded) == len(campaign.labels())
        assert max(folded) <= campaign.parts.recipe.start


@pytest.mark.parametrize("strategy", ["kcenter", "lcmd", "contrastive"])
def test_a_restart_asks_the_same(make, oracle, strategy, tmp_path):
    with make(strategy=strategy, log=None) as whole:
        wanted = rounds(whole, oracle, 5)
    log, found = f"sqlite:///{tmp_path / 'parts.db'}", []
    for _ in range(5):
        with make(strategy=strategy, log=log) as part:
            found += rounds(part, oracle, 1)
    assert found == wanted


def test_a_label_taken_back_counts_no_more(make, oracle):
    with make(strategy="kcenter", log=None) as campaign:
        tasks = campaign.ask(100)
        campaign.tell_many([(task, oracle(task)) for task in tasks])
        campaign.step()
        campaign.retract(tasks[0])
        campaign.step()
        space = campaign._growth.scorer.space
        (near,) = space._nearest.values()
        rows = campaign.pool.rows([tasks[0].item_id])
        assert rows[0] not in near.rows
        assert near.distances[rows[0], 0] > 0
