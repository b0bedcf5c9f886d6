"""The clerk: many requests at once, one desk, nobody gets what another holds."""

import asyncio
import shutil
import sqlite3
import threading
import time
from collections import Counter

import pytest

from querist.core.errors import BadInput, BadLabel, LeaseLost, LogError, LogFull, UnknownTask
from querist.core.events import Asked, Told
from querist.core.questions import Choice
from querist.loop.folder import create_folder, open_desk
from querist.server.clerk import Clerk

ITEMS = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clerk")
    texts = folder / "texts.csv"
    texts.write_text("text\n" + "".join(f"the text of item {n}\n" for n in range(ITEMS)))
    settings = {"batch": 100, "strategy": "random", "distinct": "off", "measure": False}
    create_folder(
        folder / "c", texts, Choice(["a", "b"]), columns={"text": "text"}, settings=settings
    )
    return folder / "c"


@pytest.fixture
def folder(made, tmp_path):
    """A fresh copy of a small campaign folder."""
    return shutil.copytree(made, tmp_path / "c")


def working(folder, work, desks=1):
    """Run `work` with as many clerks as wanted, each over a desk of its own on the same log."""

    async def run():
        clerks = [Clerk(open_desk(folder)) for _ in range(desks)]
        for clerk in clerks:
            await clerk.start()
        try:
            return await work(*clerks)
        finally:
            for clerk in clerks:
                await clerk.close()
                clerk.desk.journal.log.close()

    return asyncio.run(run())


def answer(task, by, value="a"):
    return {"task": task.task_id, "value": value, "by": by}


def serving_order(folder):
    desk = open_desk(folder)
    order = list(desk.journal.state.queues["train"].waiting())
    desk.journal.log.close()
    return order


@pytest.mark.parametrize("desks", [1, 2])
def test_everybody_at_once_gets_the_queue_in_order_and_nobody_the_same(folder, desks):
    order = serving_order(folder)

    async def label(clerk, by, got):
        while tasks := await clerk.ask(1, by=by):
            got.append((by, tasks[0].task_id))
            [position] = await clerk.judge([answer(tasks[0], by)])
            assert isinstance(position, int)

    async def work(*clerks):
        got = []
        people = [label(clerks[k % desks], f"p{k}", got) for k in range(12)]
        await asyncio.gather(*people)
        return got

    got = working(folder, work, desks)
    assert Counter(task for _, task in got) == Counter(order)
    log = open_desk(folder).journal
    asked = [t for _, e in log.log.read() if isinstance(e, Asked) for t in e.task_ids]
    assert asked == order
    assert log.state.bought == len(order)
    assert log.log.verify() == log.state.position
    log.log.close()


def test_each_answer_is_judged_alone(folder):
    async def work(clerk):
        one, two, three = await clerk.ask(3, by="ann")
        results = await clerk.judge(
            [
                answer(one, "ann"),
                answer(two, "ann", "c"),
                {"task": "nothing", "value": "a", "by": "ann"},
                {"value": "a"},
                answer(three, "ann", "b"),
            ]
        )
        return results, await clerk.look(lambda state: state.bought)

    results, bought = working(folder, work)
    assert [type(result) for result in results] == [int, BadLabel, UnknownTask, BadInput, int]
    assert results[4] > results[0] and bought == 2


def test_errors_reach_the_one_who_asked(folder):
    async def work(clerk):
        outcomes = await asyncio.gather(
            clerk.ask(0, by="ann"),
            clerk.ask(1, by="bob"),
            clerk.skip("nothing", by="ann"),
            return_exceptions=True,
        )
        [task] = outcomes[1]
        await clerk.skip(task, "blurred", by="bob")
        await clerk.judge([answer(task, "carl")], strict=False)
        await clerk.retract(task, by="carl")
        return outcomes, task, await clerk.look(lambda state: dict(state.skips))

    outcomes, task, skips = working(folder, work)
    assert isinstance(outcomes[0], BadInput) and isinstance(outcomes[2], UnknownTask)
    assert [skip.reason for skip in skips[task.item_id]] == ["blurred"]


def test_news_of_both_processes_reach_every_listener(folder):
    async def work(here, there):
        seen = {"here": [], "there": []}
        here.subscribe(seen["here"].extend)
        leave = there.subscribe(seen["there"].extend)
        [task] = await here.ask(1, by="ann")
        await there.judge([answer(task, "ann")])
        for _ in range(1200):
            await asyncio.sleep(0.05)
            if all(len(news) == 2 for news in seen.values()):
                break
        leave()
        await there.ask(1, by="bob")
        return seen

    seen = working(folder, work, desks=2)
    assert seen["here"][:2] == seen["there"]
    assert [type(event) for _, event in seen["there"]] == [Asked, Told]
    positions = [position for position, _ in seen["there"]]
    assert positions[1] == positions[0] + 1


def test_nothing_is_asked_of_a_closed_clerk(folder):
    async def work(clerk):
        await clerk.close()
        with pytest.raises(LogError, match="not at work"):
            await clerk.ask(1, by="ann")

    working(folder, work)


def test_a_request_given_up_leaves_the_others_alone(folder):
    async def work(clerk):
        first = asyncio.ensure_future(clerk.ask(1, by="ann"))
        await asyncio.sleep(0)
        first.cancel()
        return await clerk.ask(1, by="bob")

    assert len(working(folder, work)) == 1


def test_a_task_is_renewed_given_back_noted_and_asked_again(folder):
    async def work(clerk):
        one, two = await clerk.ask(2, by="ann", lease=100)
        renewed, lost = await clerk.renew([one.task_id, "b9-9"], by="ann", lease=500)
        await clerk.note(one, "see page 2", by="ann")
        given_back = await clerk.release([two.task_id], by="ann")
        [again] = await clerk.ask(1, by="bob")
        [refused] = await clerk.judge([answer(two, "ann")])
        [position] = await clerk.judge([answer(again, "bob")])
        held = await clerk.retract(again, by="bob", lease=60)
        named = await clerk.request([two.item_id], by="bob") if held is None else held
        return (
            (renewed == [one.task_id], lost, given_back, again.task_id == two.task_id),
            (type(refused), type(position), named.task_id == two.task_id),
            await clerk.look(lambda state: state.tasks[one.task_id].until),
        )

    first, second, until = working(folder, work)
    assert first == (True, ["b9-9"], 1, True)
    assert second == (LeaseLost, int, True)
    assert until > time.time() + 400


def test_a_full_disk_is_said_to_everyone_and_nothing_of_it_stands(folder):
    async def work(clerk):
        log = clerk.desk.journal.log
        tasks = await clerk.ask(2, by="ann")
        [first] = await clerk.judge([answer(tasks[0], "ann")])
        seen = []
        clerk.subscribe(seen.extend)
        connection = log._writer._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        long = {**answer(tasks[1], "ann"), "key": "x" * 20_000}
        outcomes = await asyncio.gather(
            clerk.judge([long]), clerk.ask(1, by="bob"), return_exceptions=True
        )
        connection.execute("PRAGMA max_page_count = 100000")
        bought = await clerk.look(lambda state: state.bought)
        held = await clerk.look(lambda state: state.tasks[tasks[1].task_id].held_by)
        [second] = await clerk.judge([long])
        return outcomes, bought, held, second - first, len(seen)

    outcomes, bought, held, apart, seen = working(folder, work)
    assert any(isinstance(outcome, LogFull) for outcome in outcomes)
    assert bought == 1 and held == "ann"
    asked = sum(isinstance(outcome, list) for outcome in outcomes)
    assert apart == 1 + asked and seen == apart


def test_a_log_in_other_hands_holds_up_nobody_but_those_who_need_it(folder):
    async def work(clerk):
        other = sqlite3.connect(clerk.desk.journal.log.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        asked = asyncio.ensure_future(clerk.ask(1, by="ann"))
        told = asyncio.ensure_future(clerk.judge([{"task": "i1", "value": "a", "by": "bob"}]))
        longest = 0.0
        for _ in range(20):
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        assert not asked.done() and not told.done()
        other.execute("ROLLBACK")
        other.close()
        return await asked, await told, longest

    tasks, results, longest = working(folder, work)
    assert len(tasks) == 1 and len(results) == 1
    assert longest < 30  # SQLite's own waiting would have stopped the loop for a minute


def test_a_thread_may_keep_the_desk_for_a_while(folder):
    async def work(clerk):
        lock, held, enough = clerk.desk.journal.lock, threading.Event(), threading.Event()

        def keep():
            with lock:
                held.set()
                enough.wait(60)

        keeping = asyncio.ensure_future(asyncio.to_thread(keep))
        await asyncio.to_thread(held.wait)
        asked = asyncio.ensure_future(clerk.ask(1, by="ann"))
        await asyncio.sleep(0.2)
        waits = not asked.done()  # and holds up nobody else: this goes on
        enough.set()
        await keeping
        return await asked, waits

    tasks, waits = working(folder, work)
    assert len(tasks) == 1 and waits
