"""The admin page in a real Chromium: what an owner changes is what annotators get."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from querist.server.hookbook import FILE

from .conftest import mails_folder, start_server, wait_for
from .pagework import serious, until

pytestmark = pytest.mark.browser
CAMPAIGNS = (
    "guide",
    "classes",
    "pause",
    "money",
    "out",
    "in",
    "look",
    "people",
    "hooks",
    "failing",
    "late",
    "stale",
    "unread",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """One server over a campaign for each test."""
    root = tmp_path_factory.mktemp("campaigns")
    for name in CAMPAIGNS:
        mails_folder(root, name, n=60, batch=10, budget=40, price=0.5)
    running = start_server(root, root / "serve.err")
    yield running
    running.stop()


@pytest.fixture
def visit(browser, here):
    """The admin page of a campaign and a client of its API: page, client = visit("guide")."""
    contexts, errors = [], []

    def go(name, *, path="/admin", width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        base = f"/c/{name}"
        page.goto(f"{here.url}{base}{path}?token={here.token}&by=zoe")
        if path == "/admin":
            page.wait_for_selector("main[aria-busy=false]")
        return page, here.client(base=base)

    yield go
    for context in contexts:
        context.close()
    assert errors == []


def test_edited_guidelines_are_what_annotators_read(visit):
    page, api = visit("guide")
    page.fill("#guide-text", "Mails that *sell* are spam. <b>Not bold.</b>")
    page.wait_for_selector("#preview em:text-is('sell')")
    assert page.locator("#preview b").count() == 0
    page.locator("#guide-classes summary").first.click()
    page.locator("#guide-classes [data-part=examples]").first.fill("win cash\nbuy now")
    assert page.locator("#guide-save").inner_text() == "Save as version 1"
    page.click("#guide-save")
    wait_for(lambda: api.get("question").json()["guidelines"]["version"] == 1)
    told = api.get("question").json()["guidelines"]
    assert "<em>sell</em>" in told["html"] and told["labels"]["spam"]["examples"] == [
        "win cash",
        "buy now",
    ]
    label, _ = visit("guide", path="/")
    label.wait_for_selector("#item > *")
    label.keyboard.press("g")
    label.wait_for_selector("#guidelines em:text-is('sell')")
    page.fill("#guide-text", "Anything that sells.")
    page.click("#guide-save:text-is('Save as version 2')")
    wait_for(lambda: api.get("question").json()["guidelines"]["version"] == 2)
    until(page, "document.querySelectorAll('#guide-version option').length === 2")
    page.select_option("#guide-version", "1")
    page.wait_for_selector("#preview em:text-is('sell')")
    assert page.locator("#guide-save").inner_text() == "Bring back as version 3"


def test_answers_that_come_late_change_nothing_on_the_page(visit):
    """A slow preview, and news of the campaign, while an old version is looked at."""
    page, api = visit("late")
    page.fill("#guide-text", "First, *one*.")
    page.click("#guide-save:text-is('Save as version 1')")
    until(page, "document.querySelectorAll('#guide-version option').length === 1")
    held = []
    page.route("**/guidelines/preview", lambda route: held.append(route))
    page.fill("#guide-text", "Second.")
    wait_for(lambda: page.evaluate("1") and held)  # a page's routes are heard while it is asked
    page.click("#guide-save:text-is('Save as version 2')")
    until(page, "document.querySelectorAll('#guide-version option').length === 2")
    page.select_option("#guide-version", "1")
    page.wait_for_selector("#preview em:text-is('one')")
    for route in held:
        route.continue_()
    page.evaluate("document.activeElement.blur()")
    assert api.post("settings", json={"overlap": 1.5, "by": "zoe"}).status_code == 200
    page.wait_for_timeout(1500)
    assert page.locator("#preview").inner_text() == "First, one."
    assert page.input_value("#guide-text") == "First, *one*."


def test_settings_that_come_late_do_not_hide_newer_ones(visit):
    page, api = visit("stale")
    held = []

    def hold(route):
        if route.request.method == "GET":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route("**/api/v1/settings", hold)
    assert api.post("settings", json={"budget": 30, "by": "zoe"}).status_code == 200
    wait_for(lambda: page.evaluate("1") and held)
    page.click("#pause")
    page.click("#sure-yes")
    page.wait_for_selector("#state:text-is('Paused')")
    route, answer = held[0]
    route.fulfill(response=answer)
    page.wait_for_timeout(300)
    assert page.locator("#state").inner_text() == "Paused"


def test_guidelines_are_written_once_those_there_are_have_come(visit):
    page, api = visit("unread")
    held, free = [], []
    page.route(
        "**/api/v1/guidelines", lambda route: route.continue_() if free else held.append(route)
    )
    page.reload()
    page.wait_for_selector("main[aria-busy=false]")
    assert page.locator("#guide-text").is_disabled()
    wait_for(lambda: page.evaluate("1") and held)
    free.append(True)
    for route in held:
        route.continue_()
    page.fill("#guide-text", "Mails that *sell*.")
    page.locator("#guide-classes summary").first.click()
    page.click("#guide-save:text-is('Save as version 1')")
    wait_for(lambda: api.get("question").json()["guidelines"]["version"] == 1)


def test_an_added_class_is_a_button_at_once(visit):
    label, api = visit("classes", path="/")
    label.wait_for_selector("#answer button")
    page, _ = visit("classes")
    page.fill("#class-name", "newsletter")
    page.click("#class-form button")
    assert "cannot be taken away" in page.locator("#sure").inner_text()
    page.click("#sure-no")
    assert api.get("question").json()["labels"] == ["spam", "ham"]
    page.click("#class-form button")
    page.click("#sure-yes")
    page.wait_for_selector("#class-list li:text-is('newsletter')")
    line = page.locator("#log tbody tr").first.locator("td")
    assert line.all_inner_texts()[1:] == ["classes", "2", "newsletter"]
    label.wait_for_selector("#answer button:has-text('newsletter')")
    page.fill("#class-name", "spam")
    page.click("#class-form button")
    page.click("#sure-yes")
    page.wait_for_selector("#class-error:not(:empty)")
    assert "spam" in page.locator("#class-error").inner_text()


def test_a_pause_holds_tasks_back_and_says_so(visit):
    page, api = visit("pause")
    assert page.locator("#state").inner_text() == "Running"
    page.click("#pause")
    assert "Nobody is given a task" in page.locator("#sure").inner_text()
    page.click("#sure-yes")
    page.wait_for_selector("#state:text-is('Paused')")
    asked = api.post("ask", json={"n": 1, "by": "ann"}).json()
    assert asked["tasks"] == [] and "paused" in asked["reason"]
    assert page.locator("#log tbody tr").first.locator("td").all_inner_texts()[1:] == [
        "paused",
        "false",
        "true",
    ]
    page.click("#pause")
    page.click("#sure-yes")
    page.wait_for_selector("#state:text-is('Running')")
    assert api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"]


def test_what_costs_is_said_before_and_what_is_wrong_beside_the_field(visit):
    page, api = visit("money")
    page.fill("#set-budget", "-3")
    page.press("#set-budget", "Enter")
    page.click("#sure-yes")
    page.wait_for_selector("#set-budget-error:not(:empty)")
    assert "1 or more" in page.locator("#set-budget-error").inner_text()
    assert page.locator("#set-budget").get_attribute("aria-invalid") == "true"
    page.fill("#set-budget", "100")
    page.press("#set-budget", "Enter")
    said = page.locator("#sure").inner_text()
    assert "100 more labels may be bought, 50.00 at 0.50 each" in said
    page.click("#sure-yes")
    page.wait_for_selector("#log th + td + td:text-is('budget')")
    assert api.get("settings").json()["settings"]["budget"] == 100
    page.fill("#set-until", "target=0.95")
    page.press("#set-until", "Enter")
    wait_for(lambda: api.get("settings").json()["settings"]["until"] == "target=0.95")
    page.select_option("#set-order", "similar")
    wait_for(lambda: api.get("settings").json()["settings"]["order"] == "similar")


def test_a_webhook_is_added_tried_and_removed(visit):
    page, api = visit("hooks")
    page.wait_for_selector("#hook-list:has-text('Nobody is told yet')")
    page.fill("#hook-url", "http://127.0.0.1:9/")
    page.click("#hook-form button")
    page.wait_for_selector("#hook-error:has-text('--allow-private')")
    assert page.locator("#hook-url").input_value() == "http://127.0.0.1:9/"

    page.fill("#hook-url", "https://127.0.0.1:1/labels")
    for kind in ("retracted", "settings.changed"):
        page.uncheck(f"#hook-kinds input[value='{kind}']")
    page.click("#hook-form button")
    page.wait_for_selector("#hook-list .url:text-is('https://127.0.0.1:1/labels')")
    (hook,) = api.get("hooks").json()["hooks"]
    assert hook["events"] == ["answered", "batch.done", "trained", "stop.suggested"]
    assert page.locator("#hook-error").inner_text() == ""
    assert page.locator("#hook-secret").input_value().startswith("whsec_")
    assert page.locator("#hook-list .pill").inner_text() == "on"
    assert serious(page) == []

    page.click("#hook-list button:text-is('Test')")
    page.wait_for_selector("#hook-error:has-text('public internet')")
    page.click("#hook-list button:text-is('Remove')")
    assert "is told nothing any more" in page.locator("#sure").inner_text()
    page.click("#sure-no")
    assert len(api.get("hooks").json()["hooks"]) == 1
    page.click("#hook-list button:text-is('Remove')")
    page.click("#sure-yes")
    page.wait_for_selector("#hook-list:has-text('Nobody is told yet')")
    assert api.get("hooks").json()["hooks"] == []
    assert page.locator("#hook-made").is_hidden()


def test_a_webhook_that_was_given_up_says_why_and_goes_on(visit, here):
    page, api = visit("failing")
    assert api.post("hooks", json={"url": "https://127.0.0.1:1/"}).status_code == 200
    with closing(sqlite3.connect(here.log.parent / "failing" / FILE)) as book, book:
        book.execute("UPDATE hook SET state = 'failing', why = 'answered 500'")
    page.reload()
    page.wait_for_selector("#hook-list .pill.bad:text-is('failing')")
    assert "answered 500" in page.locator("#hook-list").inner_text()
    page.click("#hook-list button:text-is('Resume')")
    page.wait_for_selector("#hook-list .pill.good:text-is('on')")
    assert api.get("hooks").json()["hooks"][0]["state"] == "on"


def test_a_download_holds_the_labels(visit):
    page, api = visit("out")
    tasks = api.post("ask", json={"n": 4, "by": "ann"}).json()["tasks"]
    answers = [{"task_id": t["task_id"], "value": "ham", "by": "ann"} for t in tasks]
    api.post("tell", json={"answers": answers})
    with page.expect_download() as coming:
        page.locator("#export a:text-is('JSON lines')").first.click()
    assert coming.value.suggested_filename == "out-labels.jsonl"
    lines = coming.value.path().read_text().splitlines()
    assert [json.loads(line) for line in lines] == api.get("labels").json()["labels"]


def test_a_file_of_items_comes_in(visit, tmp_path):
    page, api = visit("in")
    file = tmp_path / "more.csv"
    file.write_text("id,body\nx1,win cash once more\nx2,lunch again\n")
    page.set_input_files("#import-file", file)
    page.click("#import button")
    assert "cannot be taken out again" in page.locator("#sure").inner_text()
    page.click("#sure-yes")
    page.wait_for_selector("#items-said:has-text('62 items')")
    assert api.get("status").json()["items"]["total"] == 62
    bad = tmp_path / "bad.csv"
    bad.write_text("other\n1\n")
    page.set_input_files("#import-file", bad)
    page.click("#import button")
    page.click("#sure-yes")
    page.wait_for_selector("#import-error:not(:empty)")
    assert api.get("status").json()["items"]["total"] == 62


def test_an_invitation_is_a_link_and_can_be_withdrawn(visit):
    page, api = visit("people")
    page.wait_for_selector("#people-said:has-text('no users')")
    page.select_option("#invite-role", "annotator")
    page.click("#invite button")
    page.wait_for_selector("#invite-error:has-text('must be an owner')")
    page.select_option("#invite-role", "owner")
    page.fill("#invite-name", "bea")
    page.click("#invite button")
    page.wait_for_selector("#invited:not([hidden])")
    assert "/join/" in page.locator("#invite-link").input_value()
    page.wait_for_selector("#invitations th:text-is('bea')")
    page.click("#invitations button")
    page.click("#sure-yes")
    page.wait_for_selector("#invitations:empty", state="attached")
    assert api.get("invitations").json()["invitations"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(visit, scheme):
    page, _ = visit("look", color_scheme=scheme)
    page.locator("#guide-classes summary").first.click()
    assert serious(page) == []
    page.click("#pause")
    page.wait_for_selector("#sure[open]")
    assert serious(page) == []


def test_a_phone_scrolls_one_way_only(visit):
    for path in ("/admin", "/insight"):
        page, _ = visit("look", path=path, width=360)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        name = page.locator(".bar .name")
        assert name.evaluate("one => one.scrollWidth <= one.clientWidth"), "the name is cut off"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_campaigns_stand_side_by_side(browser, here, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800})
    page = context.new_page()
    page.goto(f"{here.url}/?token={here.token}")
    page.wait_for_selector("#list table")
    assert page.locator("#list tbody th").all_inner_texts() == sorted(CAMPAIGNS)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert serious(page) == []
    page.locator("#list a:text-is('insight')").first.click()
    page.wait_for_url(f"{here.url}/c/classes/insight")
    context.close()
