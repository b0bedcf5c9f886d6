"""Campaigns that come, go and break while they are served; the others go on."""

import asyncio
import gc
import os
import shutil
import time
import weakref

import pytest

from querist.core.events import ItemsAdded
from querist.loop.folder import LOG, open_desk
from querist.server.campaigns import EAGER, Served
from querist.server.errors import Refused

from .conftest import label, wait_for


def test_a_broken_campaign_says_so_and_the_others_go_on(server, make_folder, tmp_path):
    make_folder("good", n=40)
    bad = make_folder("bad", n=40)
    (bad / "campaign.toml").write_text("[data\n")
    running = server(tmp_path)
    good, broken = running.client(base="/c/good"), running.client(base="/c/bad")
    said = broken.get("status")
    assert said.status_code == 409
    assert "bad/campaign.toml is not valid TOML" in said.json()["error"]
    assert str(tmp_path) not in said.text  # where it lies is nobody's business who labels
    assert len(good.post("ask", json={"n": 2}).json()["tasks"]) == 2


def test_a_campaign_that_is_removed_takes_no_more_answers(server, make_folder, tmp_path):
    """An answer acknowledged after that would be on no disk."""
    make_folder("stays", n=40)
    gone = make_folder("gone", n=40)
    running = server(tmp_path)
    client = running.client(base="/c/gone")
    (task,) = client.post("ask", json={}).json()["tasks"]
    shutil.move(gone, tmp_path / ".away")
    time.sleep(0.6)
    answer = {"answers": [{"task_id": task["task_id"], "value": "ham"}]}
    assert client.post("tell", json=answer).status_code == 404
    assert running.client(base="/c/stays").get("status").status_code == 200
    shutil.move(tmp_path / ".away", gone)  # and back again
    assert client.post("tell", json=answer).status_code == 200


def test_a_campaign_made_while_serving_is_there(server, make_folder, tmp_path):
    make_folder("one", n=40)
    running = server(tmp_path)
    assert running.client(base="/c/two").get("status").status_code == 404
    make_folder("two", n=40)
    assert running.client(base="/c/two").get("status").status_code == 200


def test_two_servers_on_one_folder_share_a_queue(server, folder):
    one, two = server(folder).client(), server(folder).client()
    first = one.post("ask", json={"n": 5, "by": "ann"}).json()["tasks"]
    second = two.post("ask", json={"n": 10, "by": "bob"}).json()["tasks"]
    assert len(first) == len(second) == 5
    assert not {t["task_id"] for t in first} & {t["task_id"] for t in second}
    told = [{"task_id": t["task_id"], "value": label(int(t["item_id"][1:]))} for t in first]
    assert one.post("tell", json={"answers": told, "by": "ann"}).status_code == 200
    assert two.get("status").json()["annotators"] == {"ann": 5}


def test_items_added_by_another_process_are_known_at_once(server, folder):
    one, two = server(folder).client(), server(folder).client()
    assert two.get("status").json()["items"]["total"] == 60
    fresh = [{"id": f"n{k}", "text": f"hello {k}"} for k in range(5)]
    assert one.post("items", json={"items": fresh}).json() == {"added": 5, "total": 65}
    wait_for(lambda: two.get("status").json()["items"]["total"] == 65)
    assert two.get("why/n4").status_code == 200
    desk = open_desk(folder)
    assert len(desk.growth.pool) == 65
    desk.journal.log.close()


def test_new_items_whose_file_is_missing_are_told_of_and_the_others_served(server, folder):
    running = server(folder)
    client = running.client()
    client.get("status")
    desk = open_desk(folder)
    desk.journal.append([ItemsAdded(at=time.time(), count=1, total=61, digest="", duplicates=0)])
    desk.journal.log.close()
    wait_for(lambda: "cannot read the new items of mails" in running.said())
    assert len(client.post("ask", json={"n": 2}).json()["tasks"]) == 2
    assert running.said().count("cannot read") == 1


def test_the_campaigns_at_work_are_open_before_anybody_asks(make_folder, tmp_path):
    names = [f"c{k}" for k in range(EAGER + 2)]
    for k, name in enumerate(names):
        folder = make_folder(name, n=10)
        os.utime(folder / LOG, (1e9 + k, 1e9 + k))
    (tmp_path / names[-1] / "campaign.toml").write_text("[data\n")

    async def opened():
        served = Served(tmp_path)
        await served.open_ahead()
        found = sorted(one.name for one in served.opened())
        with pytest.raises(Refused, match="not valid TOML"):
            await served.get(names[-1])
        await served.close()
        return found

    assert asyncio.run(opened()) == names[-EAGER:-1]


def test_what_is_served_holds_no_collection_up_and_goes_when_it_is_gone(make_folder, tmp_path):
    make_folder("stays", n=10)
    folder = make_folder("gone", n=3000)

    async def watch():
        served = Served(tmp_path)
        before = gc.get_freeze_count()
        held = weakref.ref((await served.get("gone")).desk.journal)
        assert gc.get_freeze_count() > before + 3000  # not looked at by any collection
        shutil.rmtree(folder)
        await asyncio.sleep(0.6)
        with pytest.raises(Refused, match="no campaign"):
            await served.get("gone")
        gc.collect()
        assert held() is None
        await served.close()

    asyncio.run(watch())
