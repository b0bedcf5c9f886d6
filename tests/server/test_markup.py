"""Markup in a pool, in names and in labels is text: no script of theirs ever runs."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import httpx
import pytest
from PIL import Image

from querist.core.questions import Choice
from querist.loop.folder import create_folder
from querist.server.people import People

from .conftest import wait_for

pytestmark = pytest.mark.browser

HERE = {"Sec-Fetch-Site": "same-origin"}
BAD = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned = 2'>",
    "</script><script>window.pwned = 3</script>",
    "<svg onload='window.pwned = 4'>",
    "\"><iframe srcdoc='<script>parent.pwned = 5</script>'></iframe>",
    "[click](javascript:window.pwned=6) <a href='javascript:window.pwned=7'>x</a>",
    "{{ 7 * 7 }} ${window.pwned = 8} <style>body { display: none }</style>",
    "<meta http-equiv='refresh' content='0; url=https://evil.example'><base href='//evil.example'>",
]
LABELS = ["<b onclick='window.pwned=9'>spam</b>", "ham<script>window.pwned=10</script>"]
NAME = "<img src=x onerror=pwned=11>"


@pytest.fixture(scope="module")
def booby(tmp_path_factory):
    """A campaign whose every text is an attack."""
    root = tmp_path_factory.mktemp("markup")
    source = root / "mails.csv"
    with source.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "body", "from<script>pwned=12</script>"])
        for k in range(32):
            bad = BAD[k % len(BAD)]
            rows.writerow([f"{k}{bad}", f"{bad} number {k}", bad])
    folder = root / "<script>pwned=13<" / "mails"
    folder.parent.mkdir()
    create_folder(
        folder,
        source,
        Choice(LABELS),
        columns={"id": "id", "text": "body"},
        settings={"batch": 10, "seed": 0},
    ).log.close()
    return folder


@pytest.fixture
def watched(browser):
    """A page that remembers dialogs, and what its console says about the policy."""
    context = browser.new_context(viewport={"width": 1100, "height": 800})
    opened = context.new_page()
    opened.said = []
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("dialog", lambda dialog: (opened.said.append("a dialog"), dialog.dismiss()))
    yield opened
    context.close()


def check(page, text=None):
    """Nothing of theirs ran or was made into elements; `text` is there as text."""
    if text is not None:
        page.get_by_text(text).first.wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("window.pwned") is None
    made = "img[src='x'], iframe, body script:not([src]), [onclick], [onerror], base"
    assert page.locator(made).count() == 0
    bad = [line for line in page.said if "Content Security Policy" in line or line == "a dialog"]
    # plotly.js brings a style sheet for maps, which the policy keeps out and nobody misses
    assert [line for line in bad if not line.startswith("Applying inline style")] == []
    assert "evil.example" not in page.url


def test_markup_in_a_pool_is_shown_as_text(server, booby, tmp_path, watched):
    folder = shutil.copytree(booby.parent, tmp_path / booby.parent.name) / "mails"
    running = server(folder)
    client = running.client()
    guide = {"text": " ".join(BAD), "labels": {LABELS[0]: {"text": BAD[0], "examples": [BAD[1]]}}}
    told = client.post("guidelines", json=guide)
    assert told.status_code in (200, 404)  # the route is the admin page's
    tasks = client.post("ask", json={"n": 6, "by": NAME}).json()["tasks"]
    answers = [
        {"task_id": task["task_id"], "value": LABELS[k % 2], "comment": BAD[0]}
        for k, task in enumerate(tasks[:4])
    ]
    done = client.post("tell", json={"answers": answers, "by": NAME})
    assert [result["ok"] for result in done.json()["results"]] == [True] * 4
    client.post("skip", json={"task_id": tasks[4]["task_id"], "reason": BAD[1], "by": NAME})
    client.post("note", json={"task_id": tasks[5]["task_id"], "text": BAD[0], "by": NAME})

    watched.goto(f"{running.url}/?token={running.token}")
    check(watched, re.compile(r"number \d+"))
    assert watched.get_by_text(LABELS[0]).count() >= 1
    watched.keyboard.press("1")
    watched.keyboard.press("g")
    check(watched)
    for path in ("/insight", "/admin", "/account", "/login?next=javascript:pwned=1", "/<script>"):
        watched.goto(f"{running.url}{path}")
        check(watched)


def test_markup_in_names_is_shown_as_text(server, booby, tmp_path, watched):
    folder = shutil.copytree(booby.parent, tmp_path / booby.parent.name)
    people = People(folder)
    people.add(NAME, "owner", by=BAD[0])
    code, _ = people.invite("annotator", by=NAME)
    token, _ = people.keys.make_token(NAME, "<b>bold</b>", by=NAME)
    people.close()
    running = server(folder)
    watched.goto(f"{running.url}/join/{code}")
    check(watched, NAME)
    watched.get_by_label("Your name").fill("<script>pwned=1</script>")
    watched.get_by_role("button", name="Join").click()
    check(watched, "Welcome, <script>pwned=1</script>")
    watched.context.clear_cookies()
    watched.goto(f"{running.url}/login?next=/account")
    watched.get_by_label("Token").fill(token)
    watched.get_by_role("button", name="Log in").click()
    check(watched, "<b>bold</b>")
    for path in ("/", "/c/mails/", "/c/mails/admin", "/c/mails/insight", "/c/<script>/admin"):
        watched.goto(f"{running.url}{path}")
        check(watched)


def test_an_inline_script_would_not_run_if_it_came_through(server, booby, tmp_path, watched):
    """The second wall: even markup that became HTML could do nothing."""
    running = server(shutil.copytree(booby.parent, tmp_path / "x") / "mails")
    watched.goto(f"{running.url}/?token={running.token}")
    watched.evaluate(
        """() => {
            const div = document.createElement("div");
            div.innerHTML = "<img src=x onerror='window.pwned = 1'>";
            document.body.append(div);
            const script = document.createElement("script");
            script.textContent = "window.pwned = 2";
            document.body.append(script);
            const other = document.createElement("script");
            other.src = "https://evil.example/x.js";
            document.body.append(other);
        }"""
    )
    kept = "Content Security Policy"  # `evaluate` lets what the console said come in
    wait_for(lambda: watched.evaluate("1") and sum(kept in line for line in watched.said) >= 3)
    assert watched.evaluate("window.pwned") is None


def test_a_link_from_another_site_leads_in_once_logged_in(server, booby, tmp_path, watched):
    running = server(shutil.copytree(booby.parent, tmp_path / "y") / "mails")
    watched.goto(f"{running.url}/account?token={running.token}")
    visits = []
    watched.on("request", lambda r: visits.append(r.url) if r.is_navigation_request() else None)
    # a page of another site (another host name, the same machine) with a link to this one
    link = f"<a href='{running.url}/account'>to the work</a>"
    watched.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(content_type="text/html", body=link),
    )
    watched.goto("http://elsewhere.example/")
    watched.get_by_text("to the work").click()
    watched.get_by_role("button", name="Log out of this browser").wait_for()
    assert watched.url == f"{running.url}/account"
    watched.wait_for_timeout(500)
    assert visits.count(f"{running.url}/account") == 2  # the page, and itself once more

    watched.get_by_role("button", name="Log out of this browser").click()
    watched.get_by_label("Token").wait_for()
    visits.clear()
    watched.goto("http://elsewhere.example/")
    watched.get_by_text("to the work").click()
    watched.get_by_label("Token").wait_for()
    watched.wait_for_timeout(500)
    assert visits.count(f"{running.url}/account") == 2  # without a cookie it ends all the same


def test_another_site_can_send_and_frame_nothing(server, booby, tmp_path, watched):
    running = server(shutil.copytree(booby.parent, tmp_path / "z") / "mails")
    watched.goto(f"{running.url}/?token={running.token}")
    before = running.client().get("status").json()
    evil = f"""<form method=post action='{running.url}/api/v1/ask' enctype='text/plain'>
        <input name='{{"n": 3, "by": "' value='x"}}'><button>go</button></form>
        <iframe src='{running.url}/' width=300 height=300></iframe>
        <img src='{running.url}/api/v1/labels'>"""
    watched.route(
        "http://elsewhere.example/",
        lambda route: route.fulfill(content_type="text/html", body=evil),
    )
    watched.goto("http://elsewhere.example/")
    read = watched.evaluate(
        """async (url) => {
            const said = [];
            for (const options of [{}, {method: "POST", body: '{"n": 1}'},
                {method: "POST", body: '{"n": 1}', credentials: "include"},
                {method: "POST", body: "{}", mode: "no-cors", credentials: "include"}]) {
                try {
                    const answer = await fetch(url + "/api/v1/ask", options);
                    said.push(answer.type);
                } catch (error) { said.push("refused"); }
            }
            return said;
        }""",
        running.url,
    )
    assert read == ["refused"] * 4
    (framed,) = watched.frames[1:]
    framed.wait_for_url("chrome-error:**")
    watched.get_by_text("go", exact=True).click()
    watched.wait_for_url("**/api/v1/ask")
    assert '"status":401' in watched.content()  # SameSite: no cookie came along
    after = running.client().get("status").json()
    assert (before["labels"], before.get("held")) == (after["labels"], after.get("held"))


def test_a_link_out_of_the_pool_is_not_followed(server, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for k in range(6):
        Image.new("RGB", (8, 8), (40 * k, 0, 0)).save(images / f"i{k}.png")
    Image.new("RGB", (8, 8), (0, 255, 0)).save(tmp_path / "secret.png")
    folder = tmp_path / "campaign"
    create_folder(folder, images, Choice(["a", "b"]), columns={}, settings={"batch": 3}).log.close()
    running = server(folder)
    client = running.client()
    task = client.post("ask", json={"n": 1}).json()["tasks"][0]
    path = f"image/{task['item_id']}"
    assert client.get(path).headers["content-type"] == "image/png"
    (stored,) = folder.rglob(Path(task["item_id"]).name)
    stored.unlink()
    for target in (tmp_path / "secret.png", "/etc/passwd"):
        stored.symlink_to(target)
        gone = client.get(path)
        assert gone.status_code in (403, 404) and b"root:" not in gone.content
        stored.unlink()
    assert httpx.get(f"{running.url}/api/v1/{path}").status_code == 401
