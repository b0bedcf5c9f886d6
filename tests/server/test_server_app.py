"""The server as a whole: it starts, answers, shows pages, and ends."""

import signal
from pathlib import Path

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


def test_what_trains_or_draws_is_never_loaded_by_a_server_that_serves(server, folder):
    """It would cost a second at the start, and memory in every server process."""
    running = server(folder)
    client = running.client()
    (task,) = client.post("ask", json={}).json()["tasks"]
    client.post("tell", json={"answers": [{"task_id": task["task_id"], "value": "ham"}]})
    for path in ("status", "labels", "curve", "question", "me", f"why/{task['item_id']}"):
        assert client.get(path).status_code == 200
    loaded = Path(f"/proc/{running.pid}/maps")
    if not loaded.exists():
        pytest.skip("reads /proc")
    libraries = loaded.read_text()
    assert "numpy" in libraries
    assert not [name for name in ("sklearn", "scipy") if f"/{name}/" in libraries]
