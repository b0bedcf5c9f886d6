"""The labelling page when things go wrong: reloads, lost servers, other people, other rules."""

from __future__ import annotations

import re
import signal
import time

import pytest

from querist.core.questions import Choices
from querist.loop.folder import open_desk

from .conftest import mails_folder, start_server, wait_for
from .pagework import (
    annotate,
    come_back,
    labels_of,
    number_of,
    paced,
    saved,
    until,
    visit,
    why_of,
)

__all__ = ["annotate", "visit"]
pytestmark = pytest.mark.browser

CAMPAIGNS = {
    "undo": {},
    "skip": {},
    "reload": {"n": 80, "batch": 60},
    "pair": {"n": 80, "batch": 60},
    "rules": {},
    "offline": {},
    "login": {},
    "beaten": {},
    "draft": {"question": Choices(["news", "sport", "art"])},
    "notes": {},
    "dry": {"n": 30, "batch": 4},
    "stopped": {"batch": 3, "budget": 3},
    "tabs": {},
    "leases": {},
    "classes": {},
    "closed": {"batch": 14},
    "early": {"batch": 30},
    "deaf": {},
    "unheard": {},
    "uncounted": {},
}


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """One server over a campaign for each test."""
    root = tmp_path_factory.mktemp("campaigns")
    for name, settings in CAMPAIGNS.items():
        mails_folder(root, name, **{"batch": 30, "control": 0.0, **settings})
    running = start_server(root, root / "serve.err")
    running.root = root
    yield running
    running.stop()


@pytest.fixture
def owner(here):
    """What the owner does elsewhere: owner("rules").change("paused", True, "owner")."""
    desks = []

    def of(name):
        desks.append(open_desk(here.root / name))
        return desks[-1]

    yield of
    for desk in desks:
        desk.journal.log.close()


def test_undo_goes_back_across_answers_and_reloads(visit):
    page, client = visit("undo")
    seen = []
    for _ in range(15):
        seen.append(number_of(page))
        page.keyboard.press("1")
    saved(page)
    assert len(labels_of(client)) == 15
    come_back(page)
    until(page, "!document.querySelector('[data-act=undo]').disabled")
    for k in reversed(seen[3:]):
        page.keyboard.press("Backspace")
        assert number_of(page) == k
        assert "chosen" in page.locator("#labels button").first.get_attribute("class")
    saved(page)
    assert set(labels_of(client)) == {f"m{k}" for k in seen[:3]}
    for k in seen[3:]:  # they come again in the order they were asked
        assert number_of(page) == k
        page.keyboard.press("2")
    saved(page)
    assert labels_of(client) == {f"m{k}": "spam" if k in seen[:3] else "ham" for k in seen}
    assert all(len(why_of(client, k)["votes"]) == 1 for k in seen)


def test_a_skip_is_undone_too(visit):
    page, client = visit("skip", by="bea")
    first = number_of(page)
    page.keyboard.press("Space")
    saved(page)
    page.keyboard.press("Backspace")
    assert number_of(page) == first
    saved(page)
    page.keyboard.press("2")
    saved(page)
    assert labels_of(client)[f"m{first}"] == "ham"


def test_a_reload_loses_and_doubles_nothing(visit):
    page, client = visit("reload")
    said = {}
    for round_ in range(4):
        for _ in range(8):
            k = number_of(page)
            assert k not in said
            said[k] = "spam" if k % 3 == 0 else "ham"
            page.keyboard.press("1" if k % 3 == 0 else "2")
        before = number_of(page)
        come_back(page)  # at once: the answers may not have left yet
        assert number_of(page) == before, f"round {round_}"
    saved(page)
    assert labels_of(client) == {f"m{k}": value for k, value in said.items()}
    assert all(len(why_of(client, k)["votes"]) == 1 for k in said)
    paced(page, "32 today")


def test_an_answer_that_left_before_a_reload_is_counted_and_undone_once(visit):
    page, client = visit("unheard")
    k = number_of(page)

    def lose(route):
        route.fetch()
        route.abort()

    page.route("**/api/v1/tell", lose)  # the server hears it, and the page nothing of that
    page.keyboard.press("1")
    wait_for(lambda: page.evaluate("1") and labels_of(client))
    come_back(page)
    until(page, "!document.querySelector('[data-act=undo]').disabled")
    page.unroute("**/api/v1/tell")
    saved(page)
    paced(page, "1 today")
    page.keyboard.press("Backspace")
    assert number_of(page) == k
    saved(page)
    until(page, "document.querySelector('[data-act=undo]').disabled")


def test_an_answer_that_arrives_after_the_count_is_counted_too(visit):
    page, client = visit("uncounted")
    page.route("**/api/v1/tell", lambda route: route.abort())
    # a last request of the old page may have passed by: this is the count before it arrived
    count = re.compile("/api/v1/me")
    page.route(count, lambda route: route.fulfill(json={**route.fetch().json(), "today": 0}))
    page.keyboard.press("1")
    come_back(page)
    paced(page, "0 today")
    page.unroute(count)
    page.unroute("**/api/v1/tell")
    saved(page)
    paced(page, "1 today")
    assert list(labels_of(client).values()) == ["spam"]


def test_work_begins_before_the_past_has_come(visit):
    page, _ = visit("early")
    past = []
    page.route(re.compile("/api/v1/recent"), lambda route: past.append(route))
    come_back(page)
    page.keyboard.press("1")
    page.keyboard.press("v")
    until(page, "document.querySelectorAll('.cell').length === 24")
    requested(page)
    with page.expect_request(re.compile("/api/v1/events")):
        past[0].continue_()
    paced(page, "1 today")
    page.keyboard.press("e")
    page.keyboard.press("1")
    until(page, "document.querySelectorAll('.cell').length === 5")  # none was lost
    paced(page, "25 today")


def test_what_changed_before_the_page_could_hear_of_it_is_seen(visit, owner):
    page, client = visit("deaf")
    streams = []
    page.route(re.compile("/api/v1/events"), lambda route: streams.append(route))
    come_back(page)
    wait_for(lambda: page.evaluate("1") and streams)
    owner("deaf").add_class("phish", "owner")
    wait_for(lambda: "phish" in client.get("question").json()["labels"])
    streams[0].continue_()
    page.locator("#labels button", has_text="phish").wait_for()


def test_the_server_is_away_for_ten_seconds(annotate, make_folder, server):
    running = server(make_folder(n=60, batch=40, control=0.0))
    page = annotate(running)
    said = set()

    def answer(times):
        for _ in range(times):
            said.add(f"m{number_of(page)}")
            page.keyboard.press("1")

    answer(3)
    saved(page)
    port = int(running.url.rsplit(":", 1)[1])
    running.stop(signal.SIGKILL)
    killed = time.monotonic()
    answer(6)
    until(page, "document.getElementById('unsaved').textContent === '6 unsaved'")
    until(page, "document.getElementById('notices').textContent.includes('server is away')")
    wait_for(lambda: time.monotonic() > killed + 10)
    again = server(running_folder(running), port=port)
    saved(page)
    until(page, "document.getElementById('unsaved').hidden")
    assert set(labels_of(again.client())) == said
    answer(2)
    saved(page)
    assert set(labels_of(again.client())) == said and len(said) == 11


def running_folder(running):
    return running.log.parent / "mails"


def test_offline_is_shown_and_made_up_for(visit):
    page, client = visit("offline")
    page.context.set_offline(True)
    said = set()
    for _ in range(5):
        said.add(f"m{number_of(page)}")
        page.keyboard.press("2")
    until(page, "document.getElementById('unsaved').textContent === '5 unsaved'")
    until(page, "document.getElementById('notices').textContent.includes('You are offline')")
    page.keyboard.press("Backspace")  # one that has not left is simply taken out
    said.discard(f"m{number_of(page)}")
    assert labels_of(client) == {}
    page.context.set_offline(False)
    saved(page)
    assert set(labels_of(client)) == said and len(said) == 4


def test_two_people_never_get_the_same_item(visit):
    ann, client = visit("pair")
    bob, _ = visit("pair", by="bob")
    seen = {"ann": [], "bob": []}
    for _ in range(20):
        for name, page in (("ann", ann), ("bob", bob)):
            seen[name].append(number_of(page))
            page.keyboard.press("1")
    saved(ann)
    saved(bob)
    assert not set(seen["ann"]) & set(seen["bob"])
    assert len(set(seen["ann"])) == len(set(seen["bob"])) == 20
    assert len(labels_of(client)) == 40
    assert all(len(why_of(client, k)["votes"]) == 1 for k in seen["ann"] + seen["bob"])


def test_two_tabs_of_one_person(visit, here):
    page, client = visit("tabs")
    other = page.context.new_page()
    other.goto(f"{here.url}/c/tabs/?by=ann")
    other.wait_for_selector("#item .text")
    assert number_of(page) != number_of(other)
    for _ in range(5):
        page.keyboard.press("1")
        other.keyboard.press("2")
    wait_for(lambda: len(labels_of(client)) == 10)
    values = list(labels_of(client).values())
    assert values.count("spam") == values.count("ham") == 5


def test_a_closed_tab_is_gone_on_with(visit, here):
    """All items are with the tab that was closed: the next one finds them at once."""
    page, _ = visit("closed")
    k = number_of(page)
    other = page.context.new_page()
    page.close()
    other.goto(f"{here.url}/c/closed/?by=ann")
    other.wait_for_selector("#item .text")
    assert number_of(other) == k


def test_leases_are_renewed_while_somebody_works_and_let_go_after(visit):
    page, _ = visit("leases")
    renewed = []
    page.on(
        "request", lambda one: one.url.endswith("/renew") and renewed.append(one.post_data_json)
    )
    page.clock.install()
    come_back(page)
    until(page, "!document.querySelector('[data-act=skip]').disabled")
    renewed.clear()  # those of the reload
    page.clock.fast_forward("05:00")
    page.keyboard.press("Shift")
    page.clock.fast_forward("01:30")
    requested(page)
    assert len(renewed[0]["task_ids"]) >= 10 and renewed[0]["by"] == "ann"
    page.clock.fast_forward("10:00")  # nobody is here any more
    requested(page)
    renewed.clear()
    page.clock.fast_forward("06:00")
    requested(page)
    assert renewed == []


def requested(page):
    """Wait until all that the page has asked for so far has been heard of here."""
    with page.expect_request("**/health"):
        page.evaluate("fetch('/health').then(answer => answer.status)")


def test_a_class_added_in_mid_session_can_be_chosen_at_once(visit, owner):
    page, client = visit("classes")
    owner("classes").add_class("phish", "owner")
    page.locator("#labels button", has_text="phish").wait_for()
    k = number_of(page)
    page.keyboard.press("3")
    saved(page)
    assert labels_of(client) == {f"m{k}": "phish"}


def test_guidelines_change_in_mid_session(visit, owner):
    page, _ = visit("rules")
    desk = owner("rules")
    first = number_of(page)
    page.keyboard.press("1")
    saved(page)
    text = "Spam **sells** something. <script>document.title='owned'</script>"
    examples = {"spam": {"text": "Money is promised.", "examples": ["<b>win</b> cash now"]}}
    desk.change("guidelines", {"text": text, "labels": examples}, "owner")
    page.locator("#notices").get_by_text("The guidelines have changed.").wait_for()
    second = number_of(page)
    assert second != first  # the item in hand stays
    page.keyboard.press("1")
    page.keyboard.press("g")
    panel = page.locator("#guidelines")
    assert "version 1" in panel.inner_text() and "<b>win</b> cash now" in panel.inner_text()
    assert panel.locator("strong").inner_text() == "sells"
    assert panel.locator("script").count() == 0 and page.title() == "rules"
    until(page, "!document.getElementById('notices').textContent.includes('guidelines')")
    page.keyboard.press("g")
    third = number_of(page)
    page.keyboard.press("1")
    saved(page)
    told = {vote.item_id: vote for _, vote in desk.journal.log.read() if vote.kind == "told"}
    # the version each answer was given under: that of the text the person had before them
    assert [told[f"m{k}"].guidelines for k in (first, second, third)] == [0, 0, 1]


def test_an_answer_that_came_too_late_is_shown(visit, here):
    page, client = visit("beaten")
    k = number_of(page)
    page.context.set_offline(True)
    page.keyboard.press("1")
    until(page, "document.getElementById('unsaved').textContent === '1 unsaved'")
    # What ann holds has gone back to everybody, and bob was quicker.
    assert client.post("release", json={"task_ids": None, "by": "ann"}).status_code == 200
    late = {"task_id": f"m{k}", "value": "ham", "by": "bob"}
    assert client.post("tell", json={"answers": [late]}).status_code == 200
    page.context.set_offline(False)
    page.locator("#notices").get_by_text("One answer was not taken.").wait_for()
    assert labels_of(client)[f"m{k}"] == "ham"
    page.reload()  # it waits for the person's word, also across a reload
    page.get_by_role("button", name="Look").click()
    assert f"number {k}" in page.locator("#sheet").inner_text()
    page.get_by_role("button", name="Send it as an extra answer").click()
    saved(page)
    votes = {vote["by"]: vote["value"] for vote in why_of(client, k)["votes"]}
    assert votes == {"ann": "spam", "bob": "ham"}
    until(page, "document.getElementById('notices').textContent === ''")


def test_what_was_begun_is_there_after_a_reload(visit):
    page, _ = visit("draft")
    k = number_of(page)
    page.keyboard.press("2")
    page.keyboard.press("c")
    page.keyboard.type("half a tho")
    come_back(page)
    assert number_of(page) == k
    pressed = page.locator("#labels button[aria-pressed=true]")
    assert pressed.count() == 1 and "sport" in pressed.inner_text()
    page.keyboard.press("c")
    assert page.locator("#said").input_value() == "half a tho"


def test_comment_and_flag_reach_the_log(visit, owner):
    page, _ = visit("notes")
    k = number_of(page)
    page.keyboard.press("c")
    page.keyboard.type("1 is this spam? x")  # letters and digits are text here
    page.keyboard.press("Enter")
    page.keyboard.press("f")
    assert page.locator("[data-act=flag]").inner_text().startswith("Flagged")
    assert number_of(page) == k
    page.keyboard.press("1")
    saved(page)
    notes = owner("notes").journal.state.notes[f"m{k}"]
    assert [(note.text, note.flag, note.by) for note in notes] == [
        ("1 is this spam? x", False, "ann"),
        ("", True, "ann"),
    ]


def test_a_dry_queue_a_pause_and_a_stop_are_told_apart(visit, owner):
    page, _ = visit("dry")
    for _ in range(4):
        page.wait_for_selector("#item .text")
        page.keyboard.press("1")
    page.locator("#item").get_by_text("The model is thinking").wait_for()
    desk = owner("dry")
    desk.change("paused", True, "owner")
    page.get_by_role("heading", name="Paused").wait_for()
    desk.change("paused", False, "owner")
    page.locator("#item").get_by_text("The model is thinking").wait_for()

    page, _ = visit("stopped")
    for _ in range(3):
        page.wait_for_selector("#item .text")
        page.keyboard.press("1")
    page.get_by_role("heading", name="All done for now").wait_for()


def test_lost_login_keeps_the_answers(visit):
    page, client = visit("login", by="eve")
    k = number_of(page)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.press("1")
    page.locator("#notices").get_by_text("You are logged out.").wait_for()
    assert f"m{k}" not in labels_of(client)
    page.context.add_cookies(cookies)
    page.reload()
    page.wait_for_selector("#item > *")
    saved(page)
    assert labels_of(client)[f"m{k}"] == "spam"
