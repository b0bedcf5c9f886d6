"""The insight page's numbers through a real server, while another process works on the log."""

import asyncio
import gc
import time
import weakref

import pytest

from nursery import nursery
from querist.loop.folder import open_desk, open_folder
from querist.server import insight
from querist.server.campaigns import Open
from querist.server.guard import Person

from .conftest import PATIENCE


def labelled_by(make_folder, rounds):
    """A campaign of measured rounds, labelled by two people, one item by a third."""
    folder = make_folder(
        "mails", n=200, batch=6, budget=60, price=0.5, holdout=12, until="target=0.99 sure"
    )
    with open_folder(folder) as c:
        for number in range(rounds):
            for job in ("holdout", "train"):
                for at, task in enumerate(c.ask(20, by="ann", job=job)):
                    value = "spam" if "cash" in task.item else "ham"
                    c.tell(task, value, by="bea" if at % 3 == 0 else "ann", seconds=2.0 + at)
            if number == 2:
                first = next(iter(c.labels()))["id"]
                c.tell(first, "spam", by="carl")
            c.step()
    return folder


@pytest.fixture
def worked(make_folder):
    """A campaign of six measured rounds."""
    return labelled_by(make_folder, rounds=6)


def test_the_numbers_add_up(server, worked):
    api = server(worked).client()
    found, status = api.get("insight").json(), api.get("status").json()
    assert found["model"]["round"] == 6 and found["model"]["metric"] == "accuracy"
    assert found["model"]["metrics"]["accuracy"] == status["metrics"]["accuracy"]
    assert found["model"]["measured_on"] == "holdout" and found["model"]["holdout"] == 12
    spend = found["spend"]
    assert spend["bought"] == status["bought"] == sum(row["labels"] for row in spend["by"])
    assert spend["spent"] == spend["bought"] * 0.5 and spend["allowed"] == 30.0
    assert spend["left"] == 60 - spend["bought"]
    assert {row["for"] for row in spend["by"]} >= {"holdout, for measuring", "second opinions"}
    assert found["queue"]["waiting"] == status["queue"]["waiting"]
    assert found["queue"]["done"] == len(api.get("labels").json()["labels"])
    people = {row["by"]: row for row in found["people"]}
    assert sum(row["answers"] for row in people.values()) == spend["bought"]
    assert next(iter(people)) == "ann" and people["carl"]["pairs"] == 1
    assert people["ann"]["today"] == people["ann"]["answers"]
    rows = {row["class"]: row for row in found["classes"]["rows"]}
    assert {name: row["labels"] for name, row in rows.items()} == status["classes"]
    assert sum(row["held_out"] for row in rows.values()) == 12
    assert rows["spam"]["recall"]["low"] <= rows["spam"]["recall"]["value"]
    assert len(found["waits"]["rows"]) == 7 and "% of the time" in found["waits"]["said"]
    assert set(found["stop"]) == {"budget", "target", "stop"}


def test_the_curve_is_the_figure_of_the_report_and_looks_ahead(server, worked):
    curve = server(worked).client().get("insight").json()["curve"]
    names = [trace.get("name") for trace in curve["figure"]["data"]]
    assert "this run" in names and "forecast" in names and "target 0.99" in names
    run = next(trace for trace in curve["figure"]["data"] if trace.get("name") == "this run")
    assert run["x"] == [row["labels"] for row in curve["rows"]]
    assert run["y"] == [row["value"] for row in curve["rows"]]
    ahead = curve["forecast"]["rows"]
    assert ahead[0]["labels"] == curve["rows"][-1]["labels"]
    assert all(row["low"] <= row["value"] <= row["high"] for row in ahead)
    assert curve["said"][0].startswith(f"At {ahead[-1]['labels']} labels accuracy would be")


def test_a_campaign_without_rounds_says_what_is_missing(server, folder):
    found = server(folder).client().get("insight").json()
    assert found["curve"]["figure"] is None
    assert found["curve"]["said"] == [
        "No round was measured yet: not measured: there is no holdout, and there are too few "
        "control labels yet."
    ]
    assert found["model"]["metrics"] == {} and found["model"]["version"] is None
    assert found["people"] == [] and found["spend"]["bought"] == 0
    batch = found["batch"]
    assert batch["round"] == 0 and batch["items"] == 10 == sum(batch["arms"].values())
    assert batch["rows"][0]["text"].endswith("number " + batch["rows"][0]["item_id"][1:])
    assert [line["text"] for line in found["activity"]][-1] == "The campaign was opened"


def test_an_item_wanted_of_three_people_is_one_item_of_the_last_batch(make_folder):
    with open_folder(make_folder("mails", batch=6, overlap=3)) as c:
        batch = insight.batch(c.desk)
    ids = [row["item_id"] for row in batch["rows"]]
    assert len(ids) == len(set(ids)) == batch["items"] == sum(batch["arms"].values()) == 6


def test_answers_of_this_server_and_of_others_show_at_once(server, folder):
    running = server(folder)
    api = running.client()
    task = api.post("ask", json={"n": 1, "by": "ann"}).json()["tasks"][0]
    [ann] = api.get("insight").json()["people"]
    assert (ann["by"], ann["held"], ann["answers"]) == ("ann", 1, 0)
    api.post(
        "tell",
        json={"answers": [{"task_id": task["task_id"], "value": "ham", "by": "ann"}]},
    )
    assert nursery().run("ask", folder, "-n", 1, "--by", "bea").returncode == 0
    found = _fresh(api, lambda got: len(got["people"]) == 2)
    people = {row["by"]: row for row in found["people"]}
    assert people["ann"]["answers"] == 1 and people["ann"]["held"] == 0
    assert people["bea"]["held"] == 1
    assert found["activity"][0]["text"] == "ann answered 1 item"


def _fresh(api, look):
    until = time.monotonic() + PATIENCE
    while not look(found := api.get("insight").json()):
        assert time.monotonic() < until, found
        time.sleep(0.1)
    return found


def test_the_server_still_does_not_load_what_trains(server, worked):
    running = server(worked)
    running.client().get("insight")
    with open(f"/proc/{running.pid}/maps") as maps:
        loaded = maps.read()
    assert "/sklearn/" not in loaded
    assert "/numpy/" in loaded


def test_several_campaigns_are_kept_apart(server, make_folder, tmp_path):
    one = make_folder("one")
    make_folder("two", n=30)
    running = server(one.parent)
    apis = {name: running.client(base=f"/c/{name}") for name in ("one", "two")}
    task = apis["one"].post("ask", json={"n": 1, "by": "ann"}).json()["tasks"][0]
    answer = {"task_id": task["task_id"], "value": "ham", "by": "ann"}
    apis["one"].post("tell", json={"answers": [answer]})
    found = {name: api.get("insight").json() for name, api in apis.items()}
    assert [found[name]["spend"]["bought"] for name in ("one", "two")] == [1, 0]
    assert [found[name]["queue"]["items"] for name in ("one", "two")] == [60, 30]


def test_a_campaign_that_was_closed_is_not_kept_in_memory(folder):
    async def look():
        here = Open("mails", folder, open_desk(folder))
        await here.clerk.start()
        await insight.insight(here, Person("me", "owner", "open"))
        await here.close()
        return weakref.ref(here)

    closed = asyncio.run(look())
    gc.collect()
    assert closed() is None
