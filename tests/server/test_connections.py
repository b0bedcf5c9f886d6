"""Connections that send, or read, a byte now and then; and how many there may be."""

from __future__ import annotations

import asyncio
import http.client
import resource
import socket
import subprocess
import sys
import threading
import time

import httpx
import uvicorn

from querist.server.connections import Connection, make_room


class Hasty(Connection):
    head_seconds = 1.5
    drain_seconds = 1.5


class Narrow(Connection):
    head_seconds = 600
    head_bytes = 50_000


class Watched(Hasty):
    lost = threading.Event()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.lost.set()


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def app(scope, receive, send):
    body = b"x" * (50 << 20 if scope["path"] == "/long" else 2)
    if scope["path"] == "/slow":  # half a minute goes by, to every clock of the server
        loop = asyncio.get_running_loop()
        loop.time = lambda now=loop.time: now() + 35
        await asyncio.sleep(0.2)
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def against(work, http=Hasty):
    """Run `work(port)` in a thread against a server in this one."""

    async def both():
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, http=http, lifespan="off", log_level="error", loop="asyncio")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            return await asyncio.to_thread(work, port)
        finally:
            server.should_exit = True
            await serving

    return asyncio.run(both())


def left_after(connection, begun, drip=b"", every=0.2, patience=60.0):
    """Seconds until the other side ends a connection that sends a drop now and then."""
    connection.settimeout(every)
    while time.monotonic() - begun < patience:
        try:
            if drip:
                connection.sendall(drip)
            if connection.recv(1 << 16) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun


def test_a_head_that_comes_in_drops_is_not_waited_for():
    def work(port):
        for begin in (b"", b"GET /", GET, GET + b"\r\n" + GET):
            begun = time.monotonic()
            with socket.create_connection(("127.0.0.1", port)) as slow:
                slow.sendall(begin)
                assert 1.4 < left_after(slow, begun, drip=b"a" if begin else b"") < 60, begin

    against(work)


def test_a_head_without_end_is_cut_off():
    def work(port):
        with socket.create_connection(("127.0.0.1", port)) as big:
            big.sendall(GET)
            drip = b"X-More: " + b"x" * 20_000 + b"\r\n"
            assert left_after(big, time.monotonic(), drip, every=0.01) < 60

    against(work, Narrow)


def test_whoever_reads_nothing_is_left():
    def work(port):
        with socket.create_connection(("127.0.0.1", port)) as deaf:
            deaf.sendall(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
            assert Watched.lost.wait(60)
            got = 0
            deaf.settimeout(30)
            try:
                while some := deaf.recv(1 << 20):
                    got += len(some)
            except ConnectionError:
                pass
            assert got < 50 << 20

    against(work, Watched)


def test_whoever_gets_on_is_not_hurried():
    def work(port):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            kept = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for path in ("/", "/slow", "/long", "/"):
                assert client.get(path).status_code == 200
                assert client.post(path, content=iter([b"a" * 30_000] * 4)).status_code == 200
                kept.request("GET", "/")  # it was quiet meanwhile
                assert kept.getresponse().read() == b"xx"
            kept.close()

    against(work, Connection)


def test_there_is_room_for_a_busy_team():
    asked = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2048));"
        "from querist.server.connections import make_room; make_room();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(2048, 2048)"
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    make_room()
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(before[0], 4096)
