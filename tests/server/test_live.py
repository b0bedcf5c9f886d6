"""Server-sent events over real HTTP, and what somebody holds once they are gone."""

import asyncio
import contextlib
import json
import signal
import threading
from types import SimpleNamespace

import httpx
import pytest

from querist.loop.folder import open_desk, open_folder
from querist.server import live as live_module
from querist.server.clerk import Clerk
from querist.server.errors import Refused
from querist.server.live import MOST, QUEUE, Live

from .conftest import label, wait_for


class Listener(threading.Thread):
    """Reads a stream in the background."""

    def __init__(self, running, **params):
        super().__init__(daemon=True)
        bearer = {"Authorization": f"Bearer {running.token}"}
        # not one of running.client(): those are closed while the thread still reads
        self.client = httpx.Client(base_url=running.api, headers=bearer)
        self.params = params
        self.seen = []
        self.ended = False
        self.start()

    def run(self):
        with self.client, contextlib.suppress(httpx.TransportError):  # the server was killed
            self._read()
        self.ended = True

    def _read(self):
        kind = ""
        with self.client.stream("GET", "events", params=self.params, timeout=60) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    self.seen.append((kind, json.loads(line[6:])))
                elif line:
                    self.seen.append(("comment", line))

    def of(self, kind):
        return [value for name, value in self.seen if name == kind]


def test_a_stream_tells_of_answers_models_and_changes(server, folder):
    running = server(folder)
    heard = Listener(running, by="ann")
    wait_for(lambda: heard.seen)
    client = running.client()
    tasks = client.post("ask", json={"n": 10, "by": "ann"}).json()["tasks"]
    told = [{"task_id": t["task_id"], "value": label(int(t["item_id"][1:]))} for t in tasks]
    client.post("tell", json={"answers": told, "by": "ann"})
    wait_for(lambda: heard.of("told"))
    assert heard.of("told")[-1]["answered"] == 10
    assert "ann" in client.get("status").json()["present"]
    with open_folder(folder) as campaign:  # another process trains
        campaign.step()
        campaign.change(budget=50)
    wait_for(lambda: {"name": "budget"} in heard.of("changed"))
    assert heard.of("trained")[0]["round"] == 1
    assert heard.of("trained")[0]["labels"] == 10
    assert heard.of("queued")


def test_the_server_ends_in_order_while_streams_are_open(server, folder):
    running = server(folder)
    listeners = [Listener(running, by=f"p{k}") for k in range(5)]
    wait_for(lambda: all(one.seen for one in listeners))
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(timeout=60) == 0
    assert "graceful shutdown exceeded" not in running.said()  # as by a server nobody told
    wait_for(lambda: all(one.ended for one in listeners))


def test_a_stream_of_nobody_is_refused(server, folder):
    running = server(folder)
    assert httpx.get(f"{running.api}/events").status_code == 401
    assert running.client().get("events", params={"by": " "}).status_code == 422


PATIENCE = 0.1


@pytest.fixture
def clock(monkeypatch):
    """The time of the live side, which a test moves; it stands still on a busy machine too."""
    time = {"now": 1000.0}
    monkeypatch.setattr(live_module, "time", SimpleNamespace(monotonic=lambda: time["now"]))
    return time


@pytest.fixture
def at_work(folder):
    """Run a coroutine with a clerk at work and its live side, somebody gone after `PATIENCE`."""

    def run(play):
        async def go():
            desk = open_desk(folder)
            clerk = Clerk(desk)
            await clerk.start()
            live = Live(clerk, patience=PATIENCE)
            try:
                return await play(clerk, live, desk.journal.state)
            finally:
                live.close()
                await clerk.close()
                desk.journal.log.close()

        return asyncio.run(go())

    return run


def held(state):
    return len(state.queues["train"].held)


async def given_back(state, left, clock):
    """Let time pass until no more than `left` are held."""
    async with asyncio.timeout(30):
        while held(state) > left:
            clock["now"] += 0.02
            await asyncio.sleep(0.02)
    assert held(state) == left


def test_who_closes_the_page_gives_back_what_he_holds(at_work, clock):
    async def play(clerk, live, state):
        first, second = live.enter("ann"), live.enter("ann")
        await clerk.ask(4, by="ann")
        await clerk.ask(2, by="script")  # has no page: its leases are its own affair
        live.leave("ann", first)
        clock["now"] += 10 * PATIENCE
        await asyncio.sleep(5 * PATIENCE)
        assert held(state) == 6  # one page is still open
        live.leave("ann", second)
        await asyncio.sleep(0)
        clock["now"] += 0.9 * PATIENCE
        await asyncio.sleep(5 * PATIENCE)
        assert held(state) == 6  # it may be a reload
        await given_back(state, 2, clock)
        assert live.present == []

    at_work(play)


def test_a_reload_or_another_page_elsewhere_keeps_it(at_work, clock):
    async def play(clerk, live, state):
        news = []
        clerk.subscribe(news.extend)
        stream = live.enter("ann")
        await clerk.ask(3, by="ann")
        live.leave("ann", stream)
        await asyncio.sleep(0)
        clock["now"] += 0.9 * PATIENCE
        again = live.enter("ann")
        clock["now"] += 10 * PATIENCE
        await asyncio.sleep(5 * PATIENCE)
        assert held(state) == 3
        live.leave("ann", again)
        await asyncio.sleep(0)
        clock["now"] += 0.6 * PATIENCE
        await clerk.ask(1, by="ann")  # acts over another server, or by script
        async with asyncio.timeout(30):
            while len(news) < 2:  # of both asks
                await asyncio.sleep(0.02)
        clock["now"] += 0.6 * PATIENCE
        await asyncio.sleep(5 * PATIENCE)
        assert held(state) == 4
        await given_back(state, 0, clock)

    at_work(play)


def test_nobody_opens_streams_without_end(at_work):
    async def play(clerk, live, state):
        for _ in range(MOST):
            live.enter("ann")
        with pytest.raises(Refused, match="streams open") as refused:
            live.enter("ann")
        assert refused.value.status == 429
        live.enter("bob")

    at_work(play)


def test_a_stream_nobody_reads_is_cut_off(at_work):
    async def play(clerk, live, state):
        stream = live.enter("ann")
        for _ in range(1200):
            live._send(b"event: x\n\n")
        assert stream.qsize() == 1 and stream.get_nowait() is None
        live._send(b"more")
        assert stream.empty()

    at_work(play)


def test_a_server_that_ends_says_goodbye_to_a_page_that_reads_nothing(at_work):
    async def play(clerk, live, state):
        stream = live.enter("ann")
        for _ in range(QUEUE):
            live._send(b"event: x\n\n")
        live.close()
        assert stream.get_nowait() is None
        late = live.enter("bob")  # came in while the server was leaving
        assert late.get_nowait() is None

    at_work(play)
