"""Items that come in over HTTP."""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from querist.core.questions import Choice
from querist.loop.folder import create_folder, open_folder


def cpu_of(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_rows_csv_and_json_lines_come_in(server, folder):
    client = server(folder).client()
    assert client.post("items", json={"items": [{"id": "n1", "text": "one"}]}).json()["added"] == 1
    csv = {"Content-Type": "text/csv; charset=utf-8"}
    found = client.post("items", content='id,body\nn2,"two, and more"\n', headers=csv)
    assert found.json() == {"added": 1, "total": 62}
    lines = {"Content-Type": "application/jsonl"}
    found = client.post("items", content='{"id": "n3", "body": "three"}\n', headers=lines)
    assert found.json() == {"added": 1, "total": 63}
    (task,) = client.post("ask", json={"items": ["n2"]}).json()["tasks"]
    assert task["item"] == "two, and more"
    with open_folder(folder) as campaign:  # and they stay
        assert campaign.status()["items"]["total"] == 63


def test_who_adds_at_the_same_time_is_told_of_his_own(server, folder):
    running = server(folder)
    clients = [running.client() for _ in range(4)]
    clients[0].get("status")

    def add(k):
        rows = [{"id": f"n{k}-{j}", "text": "new"} for j in range(k + 1)]
        return clients[k].post("items", json={"items": rows}).json()["added"]

    with ThreadPoolExecutor(4) as together:
        assert list(together.map(add, range(4))) == [1, 2, 3, 4]


UNFIT = [
    (b"id,body\nm1,again\n", "text/csv", "unique"),
    (b"id,body\nx\n", "text/csv", "the items, line 2"),
    (b"", "text/csv", "empty"),
    (b"id,body\n1,\xff\n", "text/csv", "UTF"),
    (b'{"id": "x", "body": {"a": 1}}', "application/jsonl", "text"),
    (b"nan", "application/jsonl", "JSON"),
    (b"[" * 100_000, "application/jsonl", "JSON"),
    (b'{"items": [{"id": "x", "text": "\\ud800"}]}', "application/json", "JSON"),
]


def test_items_that_do_not_fit_leave_no_trace(server, folder):
    client = server(folder).client()
    for body, kind, said in UNFIT:
        found = client.post("items", content=body, headers={"Content-Type": kind})
        assert found.status_code == 422, body[:50]
        assert said in found.json()["error"]
        assert str(folder.parent) not in found.json()["error"]
    assert client.get("status").json()["items"]["total"] == 60
    assert len(list((folder / "pool").iterdir())) == 1


def test_bare_texts_grow_too(server, tmp_path):
    source = tmp_path / "texts.json"
    source.write_text('["one thing", "another thing", "a third thing", "and one more"]')
    made = create_folder(
        tmp_path / "c", source, Choice(["a", "b"]), columns={}, settings={"batch": 2}
    )
    made.log.close()
    client = server(tmp_path / "c").client()
    assert client.post("items", json={"items": [{"text": "new"}]}).json()["total"] == 5
    wrong = client.post("items", json={"items": [{"text": "new", "id": "x"}]})
    assert wrong.status_code == 422 and "bare texts" in wrong.json()["error"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_ten_thousand_items_take_little_of_the_processor(server, folder):
    """The bar is 1 s of CPU; what is loaded for the first import of a process counts in."""
    running = server(folder)
    client = running.client()
    client.get("status")
    rows = [{"id": f"n{k}", "text": f"mail number {k} " + "and so on " * 20} for k in range(10_000)]
    before, begun = cpu_of(running.pid), time.perf_counter()
    assert client.post("items", json={"items": rows}).json()["added"] == 10_000
    used = cpu_of(running.pid) - before
    print(f"{used:.2f} s of CPU")
    assert used < 1.5, f"{used:.2f} s of CPU, {time.perf_counter() - begun:.2f} s in all"
