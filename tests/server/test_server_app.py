"""The server as a whole: it starts, answers, shows pages, and ends."""

import signal

import httpx
import pytest


def test_it_answers_asks_and_tells(server, folder):
    running = server(folder)
    assert httpx.get(f"{running.url}/health").json()["status"] == "ok"
    client = running.client()
    tasks = client.post("ask", json={"n": 3, "by": "ann"}).json()["tasks"]
    assert len(tasks) == 3
    told = [{"task_id": task["task_id"], "value": "ham"} for task in tasks]
    results = client.post("tell", json={"answers": told, "by": "ann"}).json()["results"]
    assert [result["ok"] for result in results] == [True] * 3
    assert client.get("status").json()["labels"] == 3
    assert running.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize("path", ["/", "/insight", "/admin"])
def test_pages_take_the_token_once_and_then_a_cookie(server, folder, path):
    running = server(folder)
    with httpx.Client(base_url=running.url, follow_redirects=True) as person:
        assert person.get(path).status_code == 401
        found = person.get(path, params={"token": running.token})
        assert found.status_code == 200
        assert "token" not in str(found.url)
        assert '<meta name="csrf"' in person.get(path).text


@pytest.mark.browser
def test_the_page_opens_in_a_browser(page):
    assert page.locator("meta[name=base]").get_attribute("content") == ""
