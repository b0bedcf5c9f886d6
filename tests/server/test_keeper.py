"""The work process beside the server: started, started again, ended with it."""

import asyncio
import json
import os
import signal
import time

import pytest

from querist.server import keeper, worklog

from .conftest import label, wait_for


def children(pid):
    """Process ids whose parent is `pid`."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(name))
    return found


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")


def test_a_work_process_that_dies_is_started_again_and_trains(server, folder):
    running = server(folder, "--work")
    (first,) = wait_for(lambda: children(running.pid))
    os.kill(first, signal.SIGKILL)
    (second,) = wait_for(lambda: [pid for pid in children(running.pid) if pid != first])
    assert "ended (exit code -9)" in running.said() and "starts again" in running.said()
    client = running.client()
    tasks = client.post("ask", json={"n": 10}).json()["tasks"]
    told = [{"task_id": t["task_id"], "value": label(int(t["item_id"][1:]))} for t in tasks]
    client.post("tell", json={"answers": told})
    wait_for(lambda: client.get("status").json()["round"] == 1, 60)
    said = wait_for(lambda: client.get("status").json()["work"])
    assert "round 1: 10 labels" in said[-1]["says"] and said[-1]["pid"] == second
    assert running.stop(signal.SIGTERM) == 0
    wait_for(lambda: not alive(second))


def test_a_work_process_that_cannot_be_started_is_tried_again(tmp_path, monkeypatch):
    said, tried = [], asyncio.Event()

    async def begin(*command, **options):
        if said:
            tried.set()
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", begin)
    monkeypatch.setattr(keeper, "LONGEST", 0.01)

    async def run():
        kept = keeper.Keeper(tmp_path, said.append)
        await kept.start()
        await asyncio.wait_for(tried.wait(), 10)
        await kept.stop()

    asyncio.run(run())
    assert "cannot be started" in said[0] and "unavailable" in said[0]


def test_it_ends_when_the_server_is_killed(server, folder):
    running = server(folder, "--work")
    (work,) = wait_for(lambda: children(running.pid))
    running.stop(signal.SIGKILL)
    wait_for(lambda: not alive(work))


def test_the_work_log_stays_small_and_readable(tmp_path):
    assert worklog.last_words(tmp_path) == []
    for k in range(3000):
        worklog.note(tmp_path, f"round {k} " + "x" * 150)
    assert (tmp_path / worklog.FILE).stat().st_size <= worklog.LARGEST + 500
    assert worklog.last_words(tmp_path)[-1]["says"].startswith("round 2999 ")
    assert [line["says"][:10] for line in worklog.last_words(tmp_path, 2)] == [
        "round 2998",
        "round 2999",
    ]
    with (tmp_path / worklog.FILE).open("a") as file:
        file.write('{"at": 1, "sa')  # cut off by a crash
    assert worklog.last_words(tmp_path) == []
    worklog.note(tmp_path, "on we go")
    lines = (tmp_path / worklog.FILE).read_text().splitlines()
    assert json.loads(lines[-2])["says"].startswith("round 2999")
    assert abs(time.time() - json.loads(lines[0])["at"]) < 600
