"""Each attack on the list does nothing and gets a clear 4xx; through the app, without a socket."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest

from querist.core.events import Asked, Skipped, Told
from querist.core.questions import Choice
from querist.loop.folder import create_folder
from querist.server import gate, keys
from querist.server.app import create_app
from querist.server.campaigns import Served
from querist.server.cookies import csrf, open_cookie
from querist.server.limits import Buckets
from querist.server.settings import Settings

TOKEN = "the-token-of-the-server"
URL = "http://127.0.0.1:8123"
HERE = {"Origin": URL, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A campaign folder that is made once; tests work on copies."""
    root = tmp_path_factory.mktemp("gate")
    source = root / "mails.csv"
    source.write_text("id,body\n" + "".join(f"m{k},mail number {k}\n" for k in range(60)))
    create_folder(
        root / "mails",
        source,
        Choice(["spam", "ham"]),
        columns={"id": "id", "text": "body"},
        settings={"batch": 10, "seed": 0},
    ).log.close()
    return root / "mails"


@pytest.fixture
def folder(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "mails")


@asynccontextmanager
async def serving(folder, **options):
    """An app on a folder, and a function that makes clients of it."""
    settings = Settings(folder, **{"token": TOKEN, **options})
    served = Served(folder)
    app = create_app(served, settings)
    clients = []

    def client(*, token=None, url=URL, address="127.0.0.1", **more):
        transport = httpx.ASGITransport(app, client=(address, 4321))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        clients.append(
            httpx.AsyncClient(transport=transport, base_url=url, headers=headers, **more)
        )
        return clients[-1]

    client.people = app.state.people
    client.app = app
    async with app.router.lifespan_context(app):
        yield client
        for one in clients:
            await one.aclose()
    app.state.people.close()


def run(work):
    return asyncio.run(work)


def with_app(folder, work, **options):
    """Run `work(client)` against an app on the folder."""

    async def whole():
        async with serving(folder, **options) as client:
            return await work(client)

    return asyncio.run(whole())


def with_team(folder, work, **options):
    """The same with ann (owner), rob (reviewer) and bob (annotator), and a token of each."""

    async def whole():
        async with serving(folder, **options) as client:
            people = client.people
            tokens = {}
            for name, role in (("ann", "owner"), ("rob", "reviewer"), ("bob", "annotator")):
                people.add(name, role, by="shell")
                tokens[name], _ = people.keys.make_token(name, "test", by=name)
            return await work(client, tokens)

    return asyncio.run(whole())


def error_of(response):
    found = response.json()
    assert found["status"] == response.status_code and len(found["error"]) > 10
    return found["error"]


# Without users


def test_the_token_opens_by_header_and_by_address_and_by_cookie(folder):
    async def work(client):
        assert (await client(token=TOKEN).get("/api/v1/me")).status_code == 200
        assert (await client().get(f"/api/v1/me?token={TOKEN}")).status_code == 200
        person = client()
        moved = await person.get(f"/insight?token={TOKEN}&a=b")
        assert moved.status_code == 303 and moved.headers["location"] == "/insight?a=b"
        cookie = moved.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
        assert TOKEN not in cookie and "Secure" not in cookie
        assert (await person.get("/api/v1/me")).status_code == 200
        again = await person.get(f"/?token={TOKEN}", headers={"Accept": "text/html"})
        assert again.status_code == 303

    with_app(folder, work)


def test_nothing_is_open_without_a_token(folder):
    async def work(client):
        for path in ("/", "/insight", "/admin", "/account", "/api/v1/me", "/nothing"):
            none = await client().get(path)
            wrong = await client(token="wrong").get(path)
            in_address = await client().get(path, params={"token": "wrong"})
            cookie = await client(cookies={"querist-8123": "wrong"}).get(path)
            for response in (none, wrong, in_address, cookie):
                assert response.status_code == 401
                error_of(response)
            basic = await client().get(path, headers={"Authorization": f"Basic {TOKEN}"})
            assert basic.status_code == 401

    with_app(folder, work)


def test_a_browser_is_shown_where_to_log_in(folder):
    async def work(client):
        page = await client().get("/insight?x=<script>", headers={"Accept": "text/html"})
        assert page.status_code == 401 and 'name="token"' in page.text
        assert "<script>" not in page.text.replace("<script src=", "")
        person = client()
        form = {"token": TOKEN, "next": "//evil.example/x"}
        moved = await person.post("/login", data=form, headers=HERE)
        assert moved.status_code == 303 and moved.headers["location"] == "/evil.example/x"
        assert (await person.get("/api/v1/me")).status_code == 200
        wrong = await client().post("/login", data={"token": "x"}, headers=HERE)
        assert wrong.status_code == 401 and "set-cookie" not in wrong.headers

    with_app(folder, work)


FOREIGN = [
    "evil.example",
    "evil.example:8123",
    "localhost:9999",
    "127.0.0.1",
    "127.0.0.1.evil.example",
    "localhost.:8123",
    "127.0.0.1:8123@evil.example",
    "[::1]:1",
    "",
    "localhost:99999999",
]


def test_another_name_for_this_machine_is_refused(folder):
    async def work(client):
        for host in FOREIGN:
            response = await client(token=TOKEN).get("/api/v1/me", headers={"Host": host})
            assert response.status_code == 403 and "localhost" in error_of(response)
            assert (await client().get("/health", headers={"Host": host})).status_code == 403

    with_app(folder, work)


OWN = ["localhost:8123", "LOCALHOST:8123", "[::1]:8123", "box:9000"]


def test_names_of_this_machine_are_answered(folder):
    async def work(client):
        for host in OWN:
            response = await client(token=TOKEN).get("/api/v1/me", headers={"Host": host})
            assert response.status_code == 200

    with_app(folder, work, hosts=("box:9000",))


def test_without_users_the_body_says_who(folder):
    async def work(client):
        bearer = client(token=TOKEN)
        assert (await bearer.get("/api/v1/me?by=ann")).json()["name"] == "ann"
        assert (await bearer.get("/api/v1/me")).json()["name"] == "me"
        for by in ("", "%20", "x" * 101):
            assert (await bearer.get(f"/api/v1/me?by={by}")).status_code == 422
        asked = await bearer.post("/api/v1/ask", json={"by": "  "})
        assert asked.status_code == 422

    with_app(folder, work)


# Sent from elsewhere


def test_a_cookie_changes_nothing_without_the_pages_word(folder):
    async def work(client):
        cookie = open_cookie(TOKEN)
        person = client(cookies={"querist-8123": cookie})
        right = {"X-Querist-CSRF": csrf(cookie)}
        tries = [
            {},
            {"X-Querist-CSRF": ""},
            {"X-Querist-CSRF": "x" * 64},
            {**right, "Origin": "https://evil.example"},
            {**right, "Origin": "http://127.0.0.1:9999"},
            {**right, "Origin": "null"},
            {**right, "Origin": "http://127.0.0.1:8123.evil.example"},
            {**right, "Sec-Fetch-Site": "cross-site"},
            {**right, "Sec-Fetch-Site": "same-site"},
        ]
        for headers in tries:
            for verb in ("ask", "tell", "skip", "invitations"):
                response = await person.post(f"/api/v1/{verb}", json={"n": 1}, headers=headers)
                assert response.status_code == 403, (headers, verb)
                error_of(response)
        for headers in (right, {**right, **HERE}):
            response = await person.post("/api/v1/ask", json={"n": 1}, headers=headers)
            assert response.status_code == 200
        bearer = await client(token=TOKEN).post(
            "/api/v1/ask", json={"n": 1}, headers={"Origin": "https://evil.example"}
        )
        assert bearer.status_code == 200

    with_app(folder, work)


def test_a_form_of_another_site_logs_nobody_in(folder):
    async def work(client):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            response = await client().post("/login", data={"token": TOKEN}, headers=headers)
            assert response.status_code == 403 and "set-cookie" not in response.headers

    with_app(folder, work)


def test_the_page_carries_the_word_and_no_other_origin_may_read_it(folder):
    async def work(client):
        cookie = open_cookie(TOKEN)
        person = client(cookies={"querist-8123": cookie})
        page = await person.get("/")
        assert f'<meta name="csrf" content="{csrf(cookie)}"' in page.text
        asked = await person.options("/api/v1/ask", headers={"Origin": "https://evil.example"})
        for response in (page, asked):
            assert not [n for n in response.headers if n.startswith("access-control-")]

    with_app(folder, work)


def test_a_link_on_another_site_leads_in_by_way_of_a_reload(folder):
    async def work(client):
        headers = {
            "Accept": "text/html",
            "Sec-Fetch-Site": "cross-site",
            "Sec-Fetch-Mode": "navigate",
        }
        page = await client().get("/insight", headers=headers)
        assert page.status_code == 200 and 'http-equiv="refresh"' in page.text
        data = await client().get("/api/v1/me", headers=headers)
        assert (
            data.status_code in (200, 401) and "name" not in data.text.lower().split("querist")[0]
        )

    with_app(folder, work)


# Shapes


ELSEWHERE = [
    "/static/./%2e%2e/gate.py",
    "/static/%2e%2e/gate.py",
    "/static/%2e%2e%2fgate.py",
    "/static/..%5cgate.py",
    "/static//etc/passwd",
    "/static/%00",
    "/static/a%00.css",
    "/static/common/../../gate.py",
    "/api/v1/image/%2e%2e%2f%2e%2e%2fcampaign.toml",
    "/api/v1/image/%00",
    "/c/mails/%2e%2e/api/v1/labels",
    "/c/%2e%2e/api/v1/labels",
    "/api/v1/why/%00",
    "/static/C:%5cWindows%5cwin.ini",
]


def test_paths_lead_nowhere_else(folder):
    async def work(client):
        for path in ELSEWHERE:
            response = await client(token=TOKEN).send(
                httpx.Request(
                    "GET",
                    httpx.URL(URL, raw_path=path.encode()),
                    headers={"Authorization": f"Bearer {TOKEN}"},
                )
            )
            assert 400 <= response.status_code < 500
            error_of(response)

    with_app(folder, work)


ALONE = ["Host", "Authorization", "Origin"]


def test_a_header_that_must_be_alone_is(folder):
    async def work(client):
        for name in ALONE:
            value = {"Host": "127.0.0.1:8123", "Authorization": f"Bearer {TOKEN}"}.get(name, URL)
            headers = [
                ("Host", "127.0.0.1:8123"),
                ("Authorization", f"Bearer {TOKEN}"),
                ("Origin", URL),
            ]
            response = await client().get("/api/v1/me", headers=[*headers, (name, value)])
            assert response.status_code == 400

    with_app(folder, work)


def test_large_bodies_are_refused_by_what_comes_and_not_by_what_is_said(folder):
    async def work(client):
        bearer = client(token=TOKEN)

        async def parts(n):
            for _ in range(n):
                yield b"[" * 65536

        said = await bearer.post("/api/v1/skip", content=b"x" * (2 << 20))
        assert said.status_code == 413 and "send it in parts" in error_of(said)
        unsaid = await bearer.post("/api/v1/skip", content=parts(40))
        assert unsaid.status_code == 413 and "send it in parts" in error_of(unsaid)
        free = await client().post("/login", content=parts(40), headers=HERE)
        assert free.status_code == 413
        bad = await bearer.post("/api/v1/skip", content=b"{}", headers={"Content-Length": "-5"})
        assert bad.status_code == 400
        many = [
            {"task_id": f"t{k}", "value": "ham", "key": "k" * 36, "seconds": 1.25}
            for k in range(10_000)
        ]
        told = await bearer.post("/api/v1/tell", json={"answers": many})
        assert told.status_code == 404 and len(told.json()["results"]) == 10_000

    with_app(folder, work)


def test_every_answer_carries_the_headers_of_safety(folder):
    async def work(client):
        bearer = client(token=TOKEN)
        found = [
            await bearer.get("/api/v1/me"),
            await bearer.get("/"),
            await client().get("/api/v1/me"),
            await client().get("/health"),
            await client().get("/login"),
            await bearer.get("/static/common/base.css"),
            await bearer.get("/static/nothing.css"),
            await bearer.get("/api/v1/nothing"),
        ]
        for response in found:
            for name, value in gate.HEADERS.items():
                assert response.headers[name] == value
            assert "unsafe" not in response.headers["content-security-policy"]
        assert found[0].headers["cache-control"] == "no-store"
        assert found[5].headers["cache-control"] == "no-cache" and found[5].headers["etag"]

    with_app(folder, work)


def test_a_failure_is_said_without_its_inside(folder, monkeypatch, caplog):
    async def work(client):
        async def broken(name):
            raise RuntimeError("a secret of the inside")

        client.app.state.served.get = broken
        response = await client(token=TOKEN).get("/api/v1/status")
        assert response.status_code == 500 and "secret" not in response.text
        assert response.headers["content-security-policy"] == gate.POLICY
        error_of(response)

    with_app(folder, work)
    assert "a secret of the inside" in caplog.text


def test_a_damaged_file_of_people_lets_nobody_in(folder, caplog):
    (folder / "people.sqlite").write_bytes(b"not a database, but as long as the head of one" * 99)

    async def work(client):
        for path in ("/api/v1/status", "/"):
            response = await client(token=TOKEN).get(path)
            assert response.status_code == 503
            assert "file of people" in response.text and str(folder) not in response.text

    with_app(folder, work)
    assert "people.sqlite is damaged" in caplog.text


# How often


@pytest.fixture
def no_time(monkeypatch):
    """As if no time passed: what was taken from a bucket does not come back in a slow test."""
    monkeypatch.setattr(gate, "Buckets", partial(Buckets, clock=lambda: 0.0))


async def audited(client, n):
    """The audit once it has `n` lines: those of refusals are written while nobody waits."""
    async with asyncio.timeout(60):
        while len(lines := client.people.audit.entries(500)) < n:
            await asyncio.sleep(0.02)
    return lines


def test_a_whole_office_may_join_in_a_minute(folder, no_time):
    async def work(client, tokens):
        people = client.people
        for k in range(30):
            code, _ = people.invite("annotator", by="ann")
            joined = await client().post(f"/join/{code}", data={"name": f"p{k}"}, headers=HERE)
            assert joined.status_code == 200
        many = [
            (await client().post("/login", data={"token": tokens["bob"]}, headers=HERE)).status_code
            for _ in range(60)
        ]
        assert many == [303] * 30 + [429] * 30  # but nobody fills the audit

    with_team(folder, work)


def test_logins_are_slowed_down(folder, no_time):
    async def work(client):
        one = client(address="203.0.113.5")
        statuses = [
            (await one.post("/login", data={"token": "x"}, headers=HERE)).status_code
            for _ in range(15)
        ]
        assert statuses == [401] * 10 + [429] * 5
        slow = await one.post("/join/abc", data={"name": "x"}, headers=HERE)
        assert slow.status_code == 429 and 1 <= int(slow.headers["retry-after"]) <= 60
        error_of(slow)
        other = client(address="203.0.113.6")
        assert (await other.post("/login", data={"token": TOKEN}, headers=HERE)).status_code == 303

    with_app(folder, work)


def test_wrong_tokens_are_slowed_down_and_right_ones_are_not(folder, no_time):
    async def work(client):
        one = client(token="wrong")
        statuses = [(await one.get("/api/v1/me")).status_code for _ in range(70)]
        assert statuses == [401] * 60 + [429] * 10
        assert (await client(token=TOKEN).get("/api/v1/me")).status_code == 200
        await audited(client, 30)
        await asyncio.sleep(0.3)
        lines = client.people.audit.entries(500)
        assert 30 <= len([line for line in lines if line.kind == "refused"]) <= 31
        assert "wrong" not in " ".join(line.detail.replace("wrong token", "") for line in lines)

    with_app(folder, work)


def test_one_person_cannot_take_the_server_from_the_others(folder, no_time):
    async def work(client, tokens):
        bob = client(token=tokens["bob"])
        statuses = [(await bob.get("/api/v1/me")).status_code for _ in range(30)]
        assert statuses == [200] * 10 + [429] * 20
        assert (await client(token=tokens["ann"]).get("/api/v1/me")).status_code == 200

    with_team(folder, work, rate=5)


def test_a_script_at_full_speed_is_not_slowed_down():
    settings = Settings(None)
    assert settings.rate >= 2 * 500  # an ask and a tell a pair


def test_an_empty_token_opens_nothing(folder):
    async def work(client):
        for headers in ({"Authorization": "Bearer "}, {"Authorization": "Basic x"}, {}):
            assert (await client(headers=headers).get("/api/v1/me")).status_code == 401
        assert (await client().get("/api/v1/me?token=")).status_code == 401
        login = await client().post("/login", data={"token": ""}, headers=HERE)
        assert login.status_code == 401

    with_app(folder, work, token="")


# With users


def test_the_servers_token_is_dead_once_there_are_users(folder):
    async def work(client, tokens):
        assert (await client(token=TOKEN).get("/api/v1/me")).status_code == 401
        assert (await client().get(f"/?token={TOKEN}")).status_code == 401
        cookie = {"querist-8123": open_cookie(TOKEN)}
        assert (await client(cookies=cookie).get("/api/v1/me")).status_code == 401
        found = (await client(token=tokens["bob"]).get("/api/v1/me")).json()
        assert found["name"] == "bob" and found["role"] == "annotator"

    with_team(folder, work)


GETS = {
    "annotator": ["me", "question", "recent", "campaigns", "tokens", "sessions", "openapi.json"],
    "reviewer": ["status", "labels", "curve", "why/m1"],
    "owner": ["people", "invitations", "audit"],
}
PAGES = {
    "annotator": ["/", "/account", "/c/mails/account"],
    "reviewer": ["/insight"],
    "owner": ["/admin"],
}


def test_each_role_reaches_what_it_should_and_no_more(folder):
    order = ["annotator", "reviewer", "owner"]

    async def work(client, tokens):
        for who, role in (("bob", "annotator"), ("rob", "reviewer"), ("ann", "owner")):
            one = client(token=tokens[who])
            for least in order:
                allowed = order.index(role) >= order.index(least)
                for path in [f"/api/v1/{verb}" for verb in GETS[least]] + PAGES[least]:
                    status = (await one.get(path)).status_code
                    assert (status != 403) == allowed, (who, path, status)
                    if allowed:
                        assert status in (200, 404), (who, path, status)
            for verb in (
                "settings",
                "guidelines",
                "classes",
                "items",
                "invitations",
                "people",
                "unheard-of",
            ):
                status = (await one.post(f"/api/v1/{verb}", json={})).status_code
                assert (status == 403) == (role != "owner"), (who, verb, status)

    with_team(folder, work)


def test_nobody_answers_under_anothers_name(folder):
    async def work(client, tokens):
        bob = client(token=tokens["bob"])
        tasks = (await bob.post("/api/v1/ask", json={"n": 2})).json()["tasks"]
        stolen = [
            await bob.post("/api/v1/ask", json={"n": 1, "by": "ann"}),
            await bob.post("/api/v1/skip", json={"task_id": tasks[0]["task_id"], "by": "ann"}),
            await bob.post(
                "/api/v1/tell",
                json={"answers": [{"task_id": tasks[0]["task_id"], "value": "ham"}], "by": "ann"},
            ),
            await bob.post(
                "/api/v1/tell",
                json={"answers": [{"task_id": tasks[0]["task_id"], "value": "ham", "by": "ann"}]},
            ),
        ]
        assert [response.status_code for response in stolen] == [403] * 4
        told = await bob.post(
            "/api/v1/tell",
            json={"answers": [{"task_id": tasks[0]["task_id"], "value": "ham", "by": "bob"}]},
        )
        assert told.status_code == 200
        log = (await client.app.state.served.get("mails")).desk.journal.log
        events = [event for _, event in log.read()]
        assert [e.by for e in events if isinstance(e, Told | Skipped)] == ["bob"]
        assert {e.by for e in events if isinstance(e, Asked)} == {"bob"}

    with_team(folder, work)


def test_nobody_touches_what_another_holds_or_said(folder):
    async def work(client, tokens):
        bob, rob = client(token=tokens["bob"]), client(token=tokens["rob"])
        held, told = (await rob.post("/api/v1/ask", json={"n": 2})).json()["tasks"]
        answer = {"answers": [{"task_id": told["task_id"], "value": "ham"}]}
        assert (await rob.post("/api/v1/tell", json=answer)).status_code == 200
        log = (await client.app.state.served.get("mails")).desk.journal.log
        before = list(log.rows())
        stolen = {"answers": [{"task_id": held["task_id"], "value": "ham"}]}
        for verb, body, status in (
            ("tell", stolen, 409),
            ("retract", {"task_id": told["task_id"]}, 404),
            ("retract", {"task_id": told["task_id"], "hold": True}, 404),
        ):
            response = await bob.post(f"/api/v1/{verb}", json=body)
            assert response.status_code == status, (verb, response.text)
        ids = [held["task_id"]]
        renewed = await bob.post("/api/v1/renew", json={"task_ids": ids})
        assert renewed.json() == {"renewed": [], "lost": ids}
        released = await bob.post("/api/v1/release", json={"task_ids": None})
        assert released.json() == {"released": 0}
        assert list(log.rows()) == before

    with_team(folder, work)


def test_revoked_and_disabled_are_dead_at_the_next_request(folder):
    async def work(client, tokens):
        ann, bob = client(token=tokens["ann"]), client(token=tokens["bob"])
        made = (await bob.post("/api/v1/tokens", json={"label": "script"})).json()
        script = client(token=made["token"])
        assert (await script.get("/api/v1/me")).status_code == 200
        assert (await bob.delete(f"/api/v1/tokens/{made['id']}")).status_code == 200
        assert (await script.get("/api/v1/me")).status_code == 401
        held = (await bob.post("/api/v1/ask", json={"n": 3})).json()["tasks"]
        assert (await ann.delete("/api/v1/people/bob")).status_code == 200
        again = (await ann.post("/api/v1/ask", json={"n": 3})).json()["tasks"]
        assert {task["item_id"] for task in again} == {task["item_id"] for task in held}
        assert (await bob.get("/api/v1/me")).status_code == 401

    with_team(folder, work)


def test_joining_and_coming_back(folder):
    async def work(client, tokens):
        ann = client(token=tokens["ann"])
        link = (await ann.post("/api/v1/invitations", json={"role": "annotator"})).json()["link"]
        assert link.startswith(f"{URL}/join/")
        eve = client(headers={"User-Agent": "Firefox"})
        page = await eve.get(link)
        assert page.status_code == 200 and 'name="name"' in page.text
        taken = await eve.post(link, data={"name": "ANN"}, headers=HERE)
        assert taken.status_code == 409 and "looks like" in taken.text
        assert "set-cookie" not in taken.headers
        joined = await eve.post(link, data={"name": "eve"}, headers=HERE)
        assert joined.status_code == 200 and "querist_" in joined.text
        token = joined.text.partition('value="querist_')[2].partition('"')[0]
        assert (await eve.get("/api/v1/me")).json()["name"] == "eve"
        assert (await eve.post(link, data={"name": "mallory"}, headers=HERE)).status_code == 404
        sessions = (await eve.get("/api/v1/sessions")).json()["sessions"]
        assert [s["this"] for s in sessions] == [True] and sessions[0]["label"] == "Firefox"
        other = client()
        moved = await other.post("/login", data={"token": f"querist_{token}"}, headers=HERE)
        assert moved.status_code == 303
        assert (await other.get("/api/v1/me")).json()["name"] == "eve"
        cookie = next(iter(other.cookies.values()))
        left = await other.post("/logout", headers={**HERE, "X-Querist-CSRF": csrf(cookie)})
        assert left.status_code == 200 and not other.cookies
        stale = client(cookies={next(iter(eve.cookies)): cookie})
        assert (await stale.get("/api/v1/me")).status_code == 401

    with_team(folder, work)


def test_a_session_is_fresh_after_every_login(folder):
    async def work(client, tokens):
        name = f"querist-{client.people.file.mark}"
        planted = client(cookies={name: "planted"})
        moved = await planted.post("/login", data={"token": tokens["bob"]}, headers=HERE)
        assert moved.status_code == 303
        first = moved.headers["set-cookie"].split("=")[1].split(";")[0]
        assert first != "planted" and len(first) >= 43
        assert (await client(cookies={name: "planted"}).get("/api/v1/me")).status_code == 401
        again = await client(cookies={name: first}).post(
            "/login", data={"token": tokens["bob"]}, headers=HERE
        )
        second = again.headers["set-cookie"].split("=")[1].split(";")[0]
        assert second not in (first, "planted")
        two = await client(headers={"Cookie": f"{name}=planted; {name}={second}"}).get("/api/v1/me")
        assert two.status_code == 401  # somebody planted one: neither counts

    with_team(folder, work)


def test_the_password_of_a_proxy_does_not_get_in_the_way(folder):
    async def work(client, tokens):
        cookies = {f"querist-{client.people.file.mark}": client.people.keys.open_session("bob")}
        behind = client(cookies=cookies, headers={"Authorization": "Basic eDp5"})
        assert (await behind.get("/api/v1/me")).json()["name"] == "bob"
        asked = await behind.post("/api/v1/ask", json={"n": 1})
        assert asked.status_code == 403  # and is no way round the word of the page
        alone = client(headers={"Authorization": "Basic eDp5"})
        assert (await alone.get("/api/v1/me")).status_code == 401

    with_team(folder, work)


def test_a_token_is_no_session_and_a_session_is_no_token(folder):
    async def work(client, tokens):
        session = client.people.keys.open_session("ann")
        name = f"querist-{client.people.file.mark}"
        assert (await client(token=session).get("/api/v1/me")).status_code == 401
        assert (await client(cookies={name: tokens["ann"]}).get("/api/v1/me")).status_code == 401
        login = await client().post("/login", data={"token": session}, headers=HERE)
        assert login.status_code == 401

    with_team(folder, work)


def test_ones_own_keys_only(folder):
    async def work(client, tokens):
        bob, ann = client(token=tokens["bob"]), client(token=tokens["ann"])
        all_of_bob = (await bob.get("/api/v1/tokens?all=true")).json()["tokens"]
        assert {key["user"] for key in all_of_bob} == {"bob"}
        everything = (await ann.get("/api/v1/tokens?all=true")).json()["tokens"]
        assert {key["user"] for key in everything} == {"ann", "rob", "bob"}
        of_ann = next(key["id"] for key in everything if key["user"] == "ann")
        assert (await bob.delete(f"/api/v1/tokens/{of_ann}")).status_code == 404
        assert not any("hash" in key or "token" in key for key in everything)

    with_team(folder, work)


def test_the_last_owner_stays(folder):
    async def work(client, tokens):
        ann = client(token=tokens["ann"])
        gone = await ann.delete("/api/v1/people/ann")
        less = await ann.post("/api/v1/people", json={"name": "ann", "role": "reviewer"})
        for response in (gone, less):
            assert response.status_code == 409 and "only owner" in error_of(response)
        raised = await ann.post("/api/v1/people", json={"name": "bob", "role": "owner"})
        assert raised.status_code == 200
        assert (await ann.delete("/api/v1/people/ann")).status_code == 200

    with_team(folder, work)


def test_the_audit_tells_who_did_what_from_where(folder):
    async def work(client, tokens):
        ann = client(token=tokens["ann"], address="203.0.113.7")
        await ann.post("/api/v1/people", json={"name": "bob", "role": "reviewer"})
        await client(address="203.0.113.9").post("/login", data={"token": "x"}, headers=HERE)
        await client(address="203.0.113.8").post(
            "/login", data={"token": tokens["bob"]}, headers=HERE
        )
        lines = (await ann.get("/api/v1/audit?n=3")).json()["audit"]
        assert [(line["kind"], line["name"], line["by"], line["address"]) for line in lines] == [
            ("login", "bob", "bob", "203.0.113.8"),
            ("refused", "", "", "203.0.113.9"),
            ("role", "bob", "ann", "203.0.113.7"),
        ]
        older = (await ann.get(f"/api/v1/audit?before={lines[-1]['id']}")).json()["audit"]
        assert older and all(line["id"] < lines[-1]["id"] for line in older)
        for bad in ("n=0", "n=1001", "before=x", "n=1e9"):
            assert (await ann.get(f"/api/v1/audit?{bad}")).status_code == 422

    with_team(folder, work)


def test_a_browser_below_the_role_is_told_so(folder):
    async def work(client, tokens):
        name = f"querist-{client.people.file.mark}"
        bob = client(cookies={name: client.people.keys.open_session("bob")})
        page = await bob.get("/admin", headers={"Accept": "text/html"})
        assert page.status_code == 403 and "takes the role" in page.text

    with_team(folder, work)


# Behind a proxy


def test_the_headers_of_a_proxy_count_only_where_asked(folder):
    forwarded = {
        "X-Forwarded-For": "198.51.100.1, 203.0.113.50",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "label.example",
    }

    async def work(client, tokens):
        headers = {**forwarded, "Origin": "https://label.example"}
        moved = await client().post("/login", data={"token": tokens["bob"]}, headers=headers)
        return moved, client.people.audit.entries(1)[0].address

    believed, address = with_team(folder, work, host="0.0.0.0", proxy=True)
    assert believed.status_code == 303 and address == "203.0.113.50"
    cookie = believed.headers["set-cookie"]
    assert cookie.startswith("__Host-querist-") and "Secure" in cookie and "Domain" not in cookie


def test_without_the_option_a_proxy_is_not_believed(folder):
    async def work(client, tokens):
        spoofed = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Host": "label.example"}
        login = await client().post(
            "/login", data={"token": "x"}, headers={**spoofed, "Origin": "https://label.example"}
        )
        assert login.status_code == 403
        await client().post("/login", data={"token": "x"}, headers={**HERE, **spoofed})
        assert client.people.audit.entries(1)[0].address == "127.0.0.1"

    with_team(folder, work)


def test_below_a_path_of_a_proxy(folder):
    async def work(client, tokens):
        ann = client(token=tokens["ann"])
        assert (await ann.get("/label/api/v1/me")).status_code == 200
        assert (await client().get("/label/api/v1/me")).status_code == 401
        bob = client(token=tokens["bob"])
        assert (await bob.get("/label/api/v1/people")).status_code == 403
        made = await ann.post("/label/api/v1/invitations", json={"role": "annotator"})
        assert made.json()["link"].startswith(f"{URL}/label/join/")
        page = await ann.get("/label/", headers={"Accept": "text/html"})
        assert '<meta name="base" content="/label">' in page.text

    with_team(folder, work, root_path="/label")


def test_wrong_cookies_are_slowed_down_and_right_ones_are_not(folder, no_time):
    async def work(client):
        right, wrong = client(), client()
        right.cookies.set("querist-8123", open_cookie(TOKEN))
        codes = []
        for k in range(80):
            wrong.cookies.clear()
            wrong.cookies.set("querist-8123", open_cookie(f"{k:04}"))
            codes.append((await wrong.get("/api/v1/me")).status_code)
        assert codes == [401] * 60 + [429] * 20
        assert (await right.get("/api/v1/me")).status_code == 200
        lines = await audited(client, 1)
        assert "wrong token for GET /api/v1/me" in {line.detail for line in lines}

    with_app(folder, work)


def test_who_has_too_many_tokens_comes_back_all_the_same(folder, monkeypatch):
    monkeypatch.setattr(keys, "_MOST", 1)

    async def work(client, tokens):
        code, _ = client.people.invite("annotator", by="ann", name="bob")
        back = client(headers=HERE)
        came = await back.post(f"/join/{code}", data={"name": "bob"})
        assert (came.status_code, came.headers["location"]) == (303, "/account")
        assert (await back.get("/account")).status_code == 200

    with_team(folder, work)
