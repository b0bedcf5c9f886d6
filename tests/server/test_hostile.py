"""Somebody who may come in and means harm: he holds up nobody, and breaks nothing for others."""

import json
import time

import pytest

from .test_gate import TOKEN, folder, kept, with_app  # noqa: F401

FIELDS = json.dumps({f"f{k}": 1 for k in range(250_000)})
WIDE = {"task_id": "m1", "value": [[]] * 9_990}
BODIES = {
    "lists of what is no label": json.dumps({"answers": [WIDE] * 90}),
    "a quarter of a million fields": f'{{"answers":[{FIELDS}]}}',
    "the same outside": FIELDS,
    "a million answers": json.dumps({"answers": [1] * 1_000_000}),
    "whole books": json.dumps({"answers": [{"task_id": "m1", "value": "s" * 100_000}] * 40}),
    "ten thousand nothings": json.dumps({"answers": [{"x": 1}] * 10_000}),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_holds_up_the_others(folder, body):  # noqa: F811
    async def work(client):
        me = client(token=TOKEN)
        log = (await client.app.state.served.get("mails")).desk.journal.log
        before = list(log.rows())
        begun = time.process_time()
        response = await me.post("/api/v1/tell", content=body)
        assert time.process_time() - begun < 2
        found = response.json()
        said = [found] if "error" in found else found["results"]
        assert response.status_code == 422
        assert all(one["status"] == 422 and 10 < len(one["error"]) < 1_000 for one in said)
        assert list(log.rows()) == before

    with_app(folder, work)


@pytest.mark.parametrize("name", ["a\u202eb", "a\x00b", "a\nb", "\u200b", "\ufeffann"])
def test_a_name_shows_as_it_is(folder, name):  # noqa: F811
    async def work(client):
        me = client(token=TOKEN)
        log = (await client.app.state.served.get("mails")).desk.journal.log
        before = list(log.rows())
        for response in (
            await me.post("/api/v1/ask", json={"by": name}),
            await me.post("/api/v1/settings", json={"budget": 40, "by": name}),
            await me.get("/api/v1/me", params={"by": name}),
        ):
            assert response.status_code == 422 and "show" in response.json()["error"]
        assert list(log.rows()) == before
        assert (await me.post("/api/v1/ask", json={"by": "חנה לוי"})).status_code == 200

    with_app(folder, work)


# whole numbers longer than any float, texts no process can be handed, models that are none
NUMBERS = ("budget", "price", "batch", "depth", "overlap", "pick_limit", "control_until")
SETTINGS = [
    *(json.dumps({name: 10**400}) for name in NUMBERS),
    r'{"strategy": "\ud800"}',
    r'{"strategy": "margin\u0000"}',
    r'{"strategy": "margin", "by": "a\u0000b"}',
    json.dumps({"strategy": "x" * 900_000}),
    json.dumps({"until": "budget=" + "9" * 400}),
    '{"until": "money=1e400"}',
]


@pytest.mark.parametrize("body", SETTINGS, ids=[body[:22] for body in SETTINGS])
def test_settings_that_are_none_change_nothing(folder, body):  # noqa: F811
    async def work(client):
        me = client(token=TOKEN)
        log = (await client.app.state.served.get("mails")).desk.journal.log
        before, config = list(log.rows()), (folder / "campaign.toml").read_bytes()
        response = await me.post("/api/v1/settings", content=body)
        assert response.status_code == 422, response.text
        assert 10 < len(response.json()["error"]) < 1_000
        assert list(log.rows()) == before
        assert (folder / "campaign.toml").read_bytes() == config

    with_app(folder, work)
