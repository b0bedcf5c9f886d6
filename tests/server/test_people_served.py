"""People and attacks against a real server process."""

from __future__ import annotations

import itertools
import os
import re
import socket
import subprocess
import sys
import time

import httpx
import pytest

from querist.logs.sqlite import SQLiteLog
from querist.server.people import People

from .conftest import mails_folder, start_server

HERE = {"Sec-Fetch-Site": "same-origin"}


def querist(*args, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "querist", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def raw(url, request, wait=30.0):
    """Send bytes as they are and give the status and all that came back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as line:
        line.sendall(request)
        got = b""
        try:
            while chunk := line.recv(65536):
                got += chunk
        except TimeoutError:
            pass
    return int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/") else 0, got


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A campaign and its server, for attacks that must change nothing."""
    root = tmp_path_factory.mktemp("alone")
    folder = mails_folder(root)
    running = start_server(folder, root / "serve.err")
    yield folder, running
    running.stop()


def log_of(folder):
    """Every fact of the campaign, as it stands in the log."""
    log = SQLiteLog(folder / "log.sqlite")
    try:
        return list(log.rows())
    finally:
        log.close()


def test_beyond_this_machine_nothing_is_served_without_people(folder, server):
    out, err = querist("serve", folder, "--host", "0.0.0.0", "--port", 0, "--no-browser", code=1)
    assert out == "" and err.count("\n") == 1
    assert f"querist people {folder} --invite owner" in err
    out, _ = querist("people", folder, "--invite", "owner")
    path = out.split()[0].partition(":8123")[2]
    running = server(folder, "--host", "0.0.0.0")  # an owner is expected: the link must work
    url = running.url.replace("0.0.0.0", "127.0.0.1")
    with httpx.Client(base_url=url) as ann:
        assert ann.get("/api/v1/me", headers={"Authorization": "Bearer x"}).status_code == 401
        assert ann.get(f"/?token={running.token}").status_code == 401  # never the open mode
        assert ann.get(path).status_code == 200
        assert ann.post(path, data={"name": "ann"}, headers=HERE).status_code == 200
        assert ann.get("/api/v1/me").json()["role"] == "owner"
        assert ann.post(path, data={"name": "eve"}, headers=HERE).status_code == 404


def test_the_first_owner_ends_the_open_mode(folder, server):
    running = server(folder)
    with running.client() as client:
        link = client.post("invitations", json={"role": "owner"}).json()["link"]
        assert link.startswith(running.url)
        assert client.post("tokens", json={"label": "x"}).status_code == 409
        with httpx.Client(base_url=running.url) as ann:
            assert ann.post(link, data={"name": "ann"}, headers=HERE).status_code == 200
            assert ann.get("/api/v1/me").json()["name"] == "ann"
        assert client.get("me").status_code == 401


@pytest.fixture
def team(folder):
    """People of the folder, changed from this process while another one serves it."""
    made = People(folder)
    made.add("ann", "owner", by="shell")
    made.add("bob", "annotator", by="ann")
    yield made
    made.close()


def test_a_change_elsewhere_counts_at_once(folder, team, server):
    token, _ = team.keys.make_token("bob", "test", by="bob")
    running = server(folder)
    with running.client(token=token) as bob:
        assert bob.get("me").json()["role"] == "annotator"
        assert bob.get("status").status_code == 403
        querist("people", folder, "--role", "bob=reviewer")  # a program that comes and goes
        assert bob.get("status").status_code == 200
        team.disable("bob", by="ann")
        assert bob.get("me").status_code == 401


def test_no_stream_outlives_its_key(folder, team, server):
    anns, _ = team.keys.make_token("ann", "test", by="ann")
    bobs, _ = team.keys.make_token("bob", "test", by="bob")
    running = server(folder)
    ann, bob = running.client(token=anns), running.client(token=bobs)
    with ann.stream("GET", "events") as stays, bob.stream("GET", "events") as ends:
        going, heard = stays.iter_bytes(), ends.iter_bytes()
        assert next(going).startswith(b"retry") and next(heard).startswith(b"retry")
        since = time.monotonic()
        team.disable("bob", by="ann")
        list(heard)  # ends by itself
        assert time.monotonic() - since < 30
        ann.post("ask", json={"n": 1})
        told = {"answers": [{"task_id": "m1", "value": "ham"}]}
        assert ann.post("tell", json=told).status_code == 200
        # where this took long, comments that keep the stream alive come first
        assert any(b"told" in part for part in itertools.islice(going, 5))
    assert bob.get("events").status_code == 401
    assert "without completing" not in running.said()


PATHS = [
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/%2e%2e%2fapp.py",
    "/static/..%5capp.py",
    "/static/%252e%252e/app.py",
    "/static/common/../../../../../../../../etc/passwd",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/%00",
    "/static/common/base.css%00.png",
    "/static/C:%5cWindows%5cwin.ini",
    "/api/v1/image/..%2f..%2fcampaign.toml",
    "/api/v1/image/../../campaign.toml",
    "/api/v1/image/%2fetc%2fpasswd",
    "/api/v1/image/%00",
    "/c/../../etc/passwd",
    "/c/%2e%2e/api/v1/labels",
    "/c/..%2fother/api/v1/labels",
    "/static/" + "a" * 5000,
    "/\\evil",
]


def test_paths_on_the_wire_lead_nowhere(alone):
    folder, running = alone
    before = log_of(folder)
    for path in PATHS:
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {running.url[7:]}\r\n"
            f"Authorization: Bearer {running.token}\r\nConnection: close\r\n\r\n"
        )
        status, got = raw(running.url, head.encode())
        assert 400 <= status < 500, (path, status)
        assert b"root:" not in got and b"create_app" not in got and b"[querist]" not in got
    assert log_of(folder) == before


BROKEN = [
    "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "Content-Length: -1\r\n\r\n",
    "Content-Length: 99999999999999999999999\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
    "Content-Length: 2\r\nX: " + "a" * 100_000 + "\r\n\r\n{}",
    "Host: evil.example\r\nContent-Length: 2\r\n\r\n{}",
]


def test_broken_requests_change_nothing(alone):
    folder, running = alone
    before = log_of(folder)
    for lines in BROKEN:
        head = (
            f"POST /api/v1/ask HTTP/1.1\r\nHost: {running.url[7:]}\r\n"
            f"Authorization: Bearer {running.token}\r\nConnection: close\r\n{lines}"
        )
        status, got = raw(running.url, head.encode(), wait=1)
        assert status == 0 or 400 <= status < 500, (lines[:80], got[:200])
    assert log_of(folder) == before
    assert running.client().get("status").status_code == 200


def test_an_endless_body_is_cut_off_while_it_comes(alone):
    _, running = alone
    host, port = running.url.removeprefix("http://").split(":")
    head = (
        f"POST /api/v1/tell HTTP/1.1\r\nHost: {host}:{port}\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {running.token}\r\nContent-Type: application/json\r\n\r\n"
    )
    part = b"10000\r\n" + b"[" * 65536 + b"\r\n"
    sent = 0
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(head.encode())
        try:
            for _ in range(4000):  # 250 MB
                line.sendall(part)
                sent += len(part)
        except OSError:
            pass
        line.settimeout(5)
        try:
            got = line.recv(65536)
        except OSError:
            got = b"HTTP/1.1 413"  # it hung up while we were talking
    assert b"413" in got.split(b"\r\n")[0]
    assert sent < 64 << 20
    assert running.client().get("status").status_code == 200


def test_a_cross_site_post_with_the_cookie_does_nothing(alone):
    folder, running = alone
    with httpx.Client(base_url=running.url, follow_redirects=True) as person:
        page = person.get("/", params={"token": running.token})
        word = re.search(r'name="csrf" content="([0-9a-f]+)"', page.text)[1]
        before = log_of(folder)
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "https://evil.example", "X-Querist-CSRF": word},
            {"Sec-Fetch-Site": "cross-site", "X-Querist-CSRF": word},
            {"Content-Type": "text/plain"},
            {"X-Querist-CSRF": word[::-1]},
        ):
            asked = person.post("/api/v1/ask", content='{"n": 3}', headers=headers)
            assert asked.status_code == 403 and "tasks" not in asked.json()
        assert log_of(folder) == before
        right = {"Origin": running.url, "X-Querist-CSRF": word}
        assert person.post("/api/v1/ask", json={"n": 1}, headers=right).json()["tasks"]


def test_a_lookup_costs_a_small_part_of_a_request(tmp_path):
    people = People(tmp_path)
    people.add("ann", "owner", by="shell")
    for k in range(40):
        people.add(f"annotator {k}", "annotator", by="ann")
        token, _ = people.keys.make_token(f"annotator {k}", "browser", by="ann")
    start = time.process_time()
    for _ in range(2000):
        assert people.keys.holder(token) is not None
    each = (time.process_time() - start) / 2000
    people.close()
    print(f"{each * 1e6:.1f} us a lookup")
    assert each < 0.0005
