"""Webhooks over HTTP, and deliveries by the server itself."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from querist.logs.sqlite import SQLiteLog
from querist.loop.folder import LOG
from querist.server.hookbook import FILE, HookBook

from .conftest import wait_for
from .receivers import Receiver


@pytest.fixture
def taker():
    found = Receiver()
    yield found
    found.close()


def test_the_server_delivers_what_is_answered(folder, server, taker):
    running = server(folder)
    with running.client() as client:
        client.post("ask", json={"n": 1})  # before there is a webhook
        book = HookBook(folder / FILE)
        log = SQLiteLog(folder / LOG)
        hook = book.add(log, taker.url, ["answered"], private=True)
        log.close()
        done = []
        for _ in range(3):
            (task,) = client.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]
            told = {"answers": [{"task_id": task["task_id"], "value": "spam", "by": "ann"}]}
            assert client.post("tell", json=told).json()["results"][0]["ok"]
            done.append(task["item_id"])
        wait_for(lambda: len(taker.answers) == 3)
        assert [given["item_id"] for given in taker.answers] == done
        for got in taker.got:
            Webhook(hook.secrets[0]).verify(got.body, got.headers)

        def statuses():
            sent = client.get(f"hooks/{hook.id}/deliveries").json()["deliveries"]
            return [one["status"] for one in sent]

        wait_for(lambda: set(statuses()) == {200})  # noted once the receiver has answered
    book.close()


def test_a_webhook_over_http(folder, server):
    running = server(folder)
    with running.client() as client:
        assert client.get("hooks").json()["hooks"] == []
        assert not (folder / FILE).exists(), "looking makes nothing"
        assert client.delete("hooks/hook_1").status_code == 404
        made = client.post("hooks", json={"url": "https://example.org/", "events": ["trained"]})
        assert made.status_code == 200
        hook, secret = made.json()["id"], made.json()["secret"]
        (listed,) = client.get("hooks").json()["hooks"]
        assert listed["events"] == ["trained"] and secret not in str(listed)
        assert client.post(f"hooks/{hook}/rotate").json()["secret"] != secret
        assert client.post(f"hooks/{hook}/resume").json() == {"ok": True}
        assert client.get(f"hooks/{hook}/deliveries").json() == {"deliveries": []}
        assert client.delete(f"hooks/{hook}").json() == {"ok": True}
        assert client.get("hooks").json()["hooks"] == []


def test_what_is_no_webhook_is_refused(folder, server):
    with server(folder).client() as client:
        for body in (
            {"url": "http://127.0.0.1/"},
            {"url": "https://user:pass@example.org/"},
            {"url": "https://example.org/", "events": ["labelled"]},
            {"url": "https://example.org/", "events": []},
            {"url": "https://example.org/", "private": True},
            {},
        ):
            refused = client.post("hooks", json=body)
            assert refused.status_code == 422 and refused.json()["error"]
        assert client.get("hooks").json()["hooks"] == []
        # an address that looks public is looked at again when something is sent
        hook = client.post("hooks", json={"url": "https://127.0.0.1:1/"}).json()["id"]
        came = client.post(f"hooks/{hook}/test").json()
        assert not came["ok"] and "public internet" in came["note"]
