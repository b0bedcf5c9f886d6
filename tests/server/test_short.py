"""The short way answers exactly as the routes do."""

import asyncio
import shutil

import httpx
import pytest

from querist.server import app as app_module
from querist.server import short
from querist.server.campaigns import Served
from querist.server.settings import Settings

TOKEN = "token-of-the-short-way"


@pytest.fixture
def both(folder, tmp_path, monkeypatch):
    """Send requests to two servers over equal folders: with the short way, and without it.

    Gives what each said, and the verbs that went the short way.
    """
    taken = []

    def install(app, handlers, real=short.install):
        def counted(verb):
            async def handler(*given):
                taken.append(verb)
                return await handlers[verb](*given)

            return handler

        real(app, {verb: counted(verb) for verb in handlers} if use else {})

    monkeypatch.setattr(app_module.short, "install", install)
    apps = []
    for use in (True, False):
        served = Served(shutil.copytree(folder, tmp_path / f"copy-{use}" / folder.name))
        settings = Settings(root=served.root, host="127.0.0.1", port=80, token=TOKEN, work=False)
        apps.append(app_module.create_app(served, settings))

    async def sent(app, requests):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=bearer
            ) as client,
        ):
            return [said(await client.request(*request, **more)) for request, more in requests]

    def send(*requests):
        fast, plain = (asyncio.run(sent(app, requests)) for app in apps)
        return fast, plain, taken

    return send


REQUESTS = {
    "one task": ("/api/v1/ask", {"n": 1}),
    "of the campaign by name": ("/c/mails/api/v1/ask", {"n": 2, "by": "ann"}),
    "an answer": ("/api/v1/tell", {"answers": [{"task_id": "m1", "value": "ham"}]}),
    "two answers, one bad": (
        "/api/v1/tell",
        {"answers": [{"task_id": "m2", "value": "ham"}, {"task_id": "m3", "value": "eel"}]},
    ),
    "nobody's task": ("/api/v1/tell", {"answers": [{"task_id": "none", "value": "ham"}]}),
    "no campaign of that name": ("/c/none/api/v1/ask", {"n": 1}),
    "too many": ("/api/v1/ask", {"n": 10**9}),
    "an unknown field": ("/api/v1/ask", {"m": 1}),
    "no answers": ("/api/v1/tell", {}),
    "an item that was not there": ("/api/v1/ask", {"items": ["none"]}),
    "a number where a list belongs": ("/api/v1/tell", {"answers": 7}),
    "another verb": ("/api/v1/skip", {"task_id": "none"}),
    "nothing at all": ("/api/v1/asks", {"n": 1}),
}


def said(response):
    body = response.json()
    for task in body.get("tasks", ()):
        task.pop("lease_until")
    dates = ("date", "content-length")
    return (
        response.status_code,
        body,
        {name: value for name, value in response.headers.items() if name not in dates},
    )


def test_both_ways_say_the_same(both):
    requests = [(("POST", path), {"json": body}) for path, body in REQUESTS.values()]
    fast, plain, taken = both(*requests)
    assert dict(zip(REQUESTS, fast, strict=True)) == dict(zip(REQUESTS, plain, strict=True))
    assert sorted({status for status, *_ in fast}) == [200, 404, 422]
    clicks = [path for path, _ in REQUESTS.values() if path.endswith(("/ask", "/tell"))]
    assert len(taken) == len(clicks) - 1  # a campaign that is not there has no handler


REFUSED = [
    (b"{", {}),
    (b"\xff", {}),
    (b"", {}),
    (b"[1]", {}),
    (b'{"n": NaN}', {}),
    (b"x" * (5 << 20), {}),
    (b"{}", {"Authorization": "Bearer wrong"}),
    (b"{}", {"Host": "elsewhere.example"}),
]


@pytest.mark.parametrize("verb", ["ask", "tell"])
def test_both_ways_refuse_the_same(both, verb):
    requests = [
        (("POST", f"/api/v1/{verb}"), {"content": content, "headers": headers})
        for content, headers in REFUSED
    ]
    fast, plain, _ = both(*requests)
    assert fast == plain
    assert {status for status, *_ in fast} >= {401, 403, 413, 422}
    assert max(status for status, *_ in fast) < 500


def test_other_methods_go_the_long_way(both):
    fast, plain, taken = both((("GET", "/api/v1/ask"), {}), (("GET", "/api/v1/question"), {}))
    assert fast[0] == plain[0] and [status for status, *_ in fast] == [405, 200]
    assert not taken
