"""The insight page in a real Chromium, over a real server and a log that grows meanwhile."""

from __future__ import annotations

import pytest

from querist.loop.folder import open_folder

from .pagework import opening, serious, until
from .test_insight import labelled_by

pytestmark = pytest.mark.browser


@pytest.fixture
def watch(browser):
    """Open the insight page: watch(running, width=1280, color_scheme="dark")."""
    with opening(browser) as start:

        def look(running, *, width=1280, **options):
            address = f"{running.url}/insight?token={running.token}"
            size = {"width": width, "height": 900}
            return start(address, "main[aria-busy=false]", viewport=size, **options)

        yield look


def test_the_page_shows_the_curve_and_every_number(watch, server, make_folder):
    running = server(labelled_by(make_folder, rounds=6))
    page = watch(running)
    page.wait_for_selector("#curve .legendtext:text-is('forecast')")
    shown = page.locator("#curve .legendtext").all_text_contents()
    assert {"this run", "forecast", "target 0.99"} <= set(shown)
    assert page.locator("#curve .scatterlayer .trace").count() >= 3
    found = running.client().get("insight").json()
    page.locator("#curve-numbers summary").click()
    rows = page.locator("#curve-numbers tbody tr")
    assert rows.count() == len(found["curve"]["rows"]) + len(found["curve"]["forecast"]["rows"]) - 1
    assert f"{found['curve']['rows'][0]['value']:.3f}" in rows.first.inner_text()
    tiles = page.locator("#tiles").inner_text()
    assert "of 60" in tiles and "of 30.00" in tiles
    people = page.locator("#people tbody th").all_inner_texts()
    assert people == [row["by"] for row in found["people"]]
    assert page.locator("#classes tbody th").all_inner_texts() == ["spam", "ham"]
    assert page.locator("#batch tbody tr").count() == len(found["batch"]["rows"])
    assert "of the time went into waiting" in page.locator("#waits").inner_text()
    assert "Round 6: trained on" in page.locator("#activity").inner_text()


def test_an_answer_and_a_new_round_show_without_a_reload(watch, server, make_folder):
    folder = labelled_by(make_folder, rounds=5)
    running = server(folder)
    page = watch(running)
    api = running.client()
    task = api.post("ask", json={"n": 1, "by": "zoe"}).json()["tasks"][0]
    answer = {"task_id": task["task_id"], "value": "ham", "by": "zoe"}
    api.post("tell", json={"answers": [answer]})
    page.wait_for_selector("#people th:text-is('zoe')")
    page.wait_for_selector("#activity:has-text('zoe answered 1 item')")
    with open_folder(folder) as campaign:
        for mail in campaign.ask(6, by="ann"):
            campaign.tell(mail, "spam" if "cash" in mail.item else "ham", by="ann")
        campaign.step()
    page.wait_for_selector("#model-said:has-text('Round 6')")
    assert page.locator("#curve-numbers tbody tr").nth(5).locator("th").text_content() == "6"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(watch, server, make_folder, scheme):
    page = watch(server(labelled_by(make_folder, rounds=5)), color_scheme=scheme)
    page.wait_for_selector("#curve .main-svg")
    assert serious(page) == []


def test_the_chart_changes_its_colours_with_the_theme(watch, server, make_folder):
    page = watch(server(labelled_by(make_folder, rounds=5)), color_scheme="light")
    page.wait_for_selector("#curve .main-svg")
    page.wait_for_selector("#curve .xtick text")
    ticks = "getComputedStyle(document.querySelector('#curve .xtick text')).fill"
    soft = "getComputedStyle(document.querySelector('.soft')).color"
    light = page.evaluate(ticks)
    page.emulate_media(color_scheme="dark")
    until(page, f"{ticks} !== '{light}' && {ticks} === {soft}")


def test_a_phone_scrolls_one_way_only(watch, server, make_folder):
    page = watch(server(labelled_by(make_folder, rounds=5)), width=360)
    page.wait_for_selector("#curve .main-svg")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("#tiles .tile").count() == 6


def test_a_fresh_campaign_says_what_comes_next(watch, server, folder):
    page = watch(server(folder))
    assert page.locator("#verdict").inner_text() == "Collecting the first labels"
    assert page.locator("#curve").is_hidden()
    assert "Nobody has answered yet" in page.locator("#people").inner_text()


def test_what_the_server_refuses_is_shown_in_words(watch, server, folder):
    running = server(folder)
    page = watch(running)
    running.process.kill()
    page.wait_for_selector("#error:not([hidden])")
    assert "cannot be reached" in page.locator("#error").inner_text()
