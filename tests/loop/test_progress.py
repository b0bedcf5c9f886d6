"""A listener hears how far a step is, and can end it without a trace."""

import threading

import numpy as np
import pytest

import querist as q
from querist.core.progress import tick


class Enough(Exception):
    pass


def made(url=None):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 4))
    campaign = q.campaign(X, q.Choice(["low", "high"]), log=url, strategy="kcenter", batch=10)
    for task in campaign.ask(10):
        campaign.tell(task, "high" if task.item[0] > 0 else "low")
    return campaign


def test_a_step_says_how_far_it_is():
    heard = []
    with made() as campaign, q.progress(lambda *said: heard.append(said)):
        campaign.step()
    assert {"KCenter", "picks", "rows"} <= {what for what, _, _ in heard}
    assert all(0 <= done <= total for _, done, total in heard)


def test_a_cancelled_step_leaves_no_trace(tmp_path):
    def enough(what, done, total):
        if what == "picks":
            raise Enough

    with made(f"sqlite:///{tmp_path / 'log.db'}") as campaign, made() as twin:
        before = list(campaign.log.read())
        with pytest.raises(Enough), q.progress(enough):
            campaign.step()
        assert list(campaign.log.read()) == before
        campaign.step(), twin.step()
        assert [t.item_id for t in campaign.ask(50)] == [t.item_id for t in twin.ask(50)]


def test_nobody_listens_outside_the_block():
    heard = []
    with q.progress(lambda *said: heard.append(said)):
        tick("x", 1, 2)
    tick("x", 2, 2)
    assert heard == [("x", 1, 2)]


def test_threads_do_not_hear_each_other():
    heard = []
    with q.progress(lambda *said: heard.append(said)):
        other = threading.Thread(target=tick, args=("elsewhere", 1, 1))
        other.start()
        other.join()
    assert not heard
