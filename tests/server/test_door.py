"""Joining, logging in and one's account, as people see them."""

from __future__ import annotations

import httpx
import pytest

from querist.core.events import Told
from querist.logs.sqlite import SQLiteLog
from querist.server.door import error_page, login_page
from querist.server.errors import Refused
from querist.server.people import People

from .conftest import wait_for
from .pagework import serious

HERE = {"Sec-Fetch-Site": "same-origin"}


def test_the_login_page_says_what_is_asked_and_nothing_of_others_runs():
    page = login_page("/label", back="/insight", said="<script>x</script>")
    assert 'action="/label/login"' in page and 'value="/insight"' in page
    assert "<script>x" not in page and "&lt;script&gt;x" in page
    assert "querist serve" in login_page("", open_mode=True)
    told = error_page("/label", Refused(404, "no <b>such</b> thing"))
    assert "Nothing here" in told and "No &lt;b&gt;such" in told and "<form" not in told


def test_an_error_is_a_page_for_people_and_json_for_programs(folder, server):
    running = server(folder)
    with httpx.Client(base_url=running.url, params={"token": running.token}) as client:
        client.get("/", follow_redirects=True)
        client.params = {}
        for path in ("/nothing", "/c/nothing/", "/c/nothing/admin"):
            page = client.get(path, headers={"Accept": "text/html,*/*"})
            assert page.status_code == 404 and "<h1>Nothing here</h1>" in page.text
            told = client.get(path)
            assert told.status_code == 404 and told.json()["status"] == 404
        asked = client.get("/api/v1/why/nobody", headers={"Accept": "text/html"})
        assert asked.status_code == 404 and asked.json()["status"] == 404


def test_forms_of_another_shape_are_refused(server, folder):
    running = server(folder)
    for body in (b"\xff\xfe", b"a=1&" * 50, b"", b'{"token": 1}', b"token=%00&next=%0d%0aX: y"):
        form = {"Content-Type": "application/x-www-form-urlencoded", **HERE}
        answer = httpx.post(f"{running.url}/login", content=body, headers=form)
        assert answer.status_code in (401, 422)
        assert "set-cookie" not in answer.headers and "x" not in answer.headers


def told(folder):
    log = SQLiteLog(folder / "log.sqlite")
    try:
        return [event.by for _, event in log.read() if isinstance(event, Told)]
    finally:
        log.close()


@pytest.mark.browser
def test_a_person_joins_leaves_and_comes_back(server, folder, browser):
    people = People(folder)
    people.add("Ann Lee", "owner", by="shell")
    code, _ = people.invite("annotator", by="Ann Lee")
    running = server(folder)
    context = browser.new_context(viewport={"width": 360, "height": 640})
    page = context.new_page()

    def fine():
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.goto(f"{running.url}/")
    page.get_by_label("Token").wait_for()
    fine()
    refused = []
    page.on("response", lambda r: refused.append(r.url) if r.status == 403 else None)
    page.goto(f"{running.url}/join/{code}")
    page.get_by_label("Your name").fill("ann lee")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("looks like 'Ann Lee'").wait_for()
    assert page.get_by_label("Your name").input_value() == "ann lee"
    fine()
    page.get_by_label("Your name").fill("Bo")
    page.get_by_role("button", name="Join").click()
    token = page.get_by_label("Your token, shown only now").input_value()
    assert people.keys.holder(token).name == "Bo"
    fine()
    page.get_by_role("link", name="Begin").click()
    page.wait_for_url(f"{running.url}/")
    page.get_by_text("number").first.wait_for()
    page.keyboard.press("1")
    wait_for(lambda: told(folder) == ["Bo"])
    assert refused == []  # the page asks for nothing an annotator may not have
    page.goto(f"{running.url}/admin")
    page.get_by_role("heading", name="Not open to you").wait_for()
    fine()

    page.goto(f"{running.url}/account")
    browser_name = page.locator("#sessions td").first
    browser_name.wait_for()
    assert browser_name.inner_text().startswith("Chrome")
    assert browser_name.get_attribute("title").startswith("Mozilla/5.0")
    page.get_by_label("What the token is for").fill("import script")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_text("import script").wait_for()
    script = page.get_by_label("The new token").input_value()
    assert people.keys.holder(script).name == "Bo"
    fine()
    page.emulate_media(color_scheme="dark")
    fine()
    page.get_by_role("button", name="Revoke import script").click()
    page.get_by_role("button", name="Revoke import script").wait_for(state="detached")
    assert people.keys.holder(script) is None
    page.get_by_role("button", name="Log out of this browser").click()
    page.wait_for_url("**/login")
    page.get_by_label("Token").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("not known here").wait_for()
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{running.url}/")
    context.close()
    people.close()
