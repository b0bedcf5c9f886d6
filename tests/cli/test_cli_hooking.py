"""querist hooks: added, listed, tried, replaced, delivered by a process of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from querist.server.hookbook import FILE, HookBook


@pytest.fixture
def taker():
    """A receiver that takes everything; `got` holds headers and body of each request."""
    got: list[tuple[dict[str, str], str]] = []
    came = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            got.append(({n.lower(): v for n, v in self.headers.items()}, body))
            came.set()  # before the answer: whoever has it may wait for the next
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.got, server.came = got, came
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_from_its_first_to_its_last_day(querist, folder, taker, answer_all):
    made = querist("hooks", "add", folder, taker.url, "--allow-private", "--json").json
    assert made["secret"].startswith("whsec_")
    (listed,) = querist("hooks", "list", folder, "--json").json
    assert (listed["id"], listed["state"], listed["private"]) == (made["id"], "on", True)
    assert "secret" not in json.dumps(listed)

    assert querist("hooks", "test", folder, made["id"], "--json").json["status"] == 204
    assert Webhook(made["secret"]).verify(taker.got[0][1], taker.got[0][0])["type"] == "test"
    taker.came.clear()
    secret = querist("hooks", "rotate", folder, taker.url, "--json").json["secret"]

    answer_all(folder, n=3)
    assert querist("hooks", "list", folder, "--json").json[0]["waiting"] == 3
    command = [str(Path(sys.executable).parent / "querist"), "hooks", "run", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert taker.came.wait(30)
        with closing(HookBook(folder / FILE)) as book:
            while book.deliveries(made["id"])[0]["state"] != "done":
                time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
    assert process.returncode == 130, said
    headers, body = taker.got[1]
    form = Webhook(secret).verify(body, headers)
    assert form["type"] == "answered" and len(form["data"]["answers"]) == 3

    (sent,) = querist("hooks", "log", folder, made["id"], "--json").json
    assert (sent["kind"], sent["state"], sent["status"]) == ("answered", "done", 204)
    assert querist("hooks", "resume", folder, made["id"]).out == f"{made['id']} resumed\n"
    assert querist("hooks", "remove", folder, made["id"], "--json").json["ok"]
    assert querist("hooks", "list", folder, "--json").json == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("add", "http://127.0.0.1:1/"), "--allow-private"),
        (("add", "https://example.org/", "--events", "labelled"), "answered"),
        (("add",), "which webhook?"),
        (("remove", "hook_1"), "no webhook goes by"),
        (("send", "hook_1"), "'send'"),
    ],
)
def test_a_wrong_call_says_what_to_do(querist, folder, args, said):
    ran = querist("hooks", args[0], folder, *args[1:])
    assert ran.code == 2 and said in ran.err


def test_a_receiver_that_is_not_there_fails_the_test(querist, folder):
    made = querist("hooks", "add", folder, "http://127.0.0.1:1/", "--allow-private")
    hook = made.out.split()[0]
    assert f"querist hooks test {folder} {hook}" in made.err
    ran = querist("hooks", "test", folder, hook)
    assert ran.code == 1
    assert re.fullmatch(rf"{hook} did not take a test message: \S.*", ran.out.strip())


def test_a_folder_without_a_campaign_is_refused(querist, tmp_path):
    ran = querist("hooks", "list", tmp_path)
    assert ran.code == 2 and "holds no campaign" in ran.err
    assert not list(tmp_path.iterdir())
