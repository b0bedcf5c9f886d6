"""A campaign folder under kill -9: nothing acknowledged is lost or doubled, and picks repeat."""

import csv
import json
import time

import numpy as np
import pytest

import querist as q
from nursery import nursery
from querist.core.events import Asked, Queued, Told
from querist.logs.memory import MemoryLog
from querist.logs.sqlite import SQLiteLog
from querist.loop.folder import create_folder, open_folder

KILLS, ITEMS, START = 50, 4000, 3600
SETTINGS = {"batch": 40, "start": START, "strategy": "margin", "seed": 7}
QUESTION = q.Choice(["spam", "ham"])

# four people ask and tell at once; each answer that `tell` acknowledged is one line
PEOPLE = """
import json, os, sys, threading, time
from querist.core.errors import QueristError
from querist.loop.folder import open_desk

if not sys.stdin.readline():
    sys.exit("nobody is there to say go")
desk = open_desk(sys.argv[1])

def work(name):
    while True:
        for task in desk.ask(2, name, 0.3, "train"):
            value = "spam" if "cash" in task.item else "ham"
            (position,) = desk.tell([{"task": task, "value": value, "by": name}])
            said = {"position": position, "task_id": task.task_id, "value": value, "by": name}
            os.write(1, (json.dumps(said) + "\\n").encode())

for name in ("ann", "bob", "eve", "dan"):
    threading.Thread(target=work, args=(name,)).start()
"""


def text(k):
    return f"{'win cash' if k % 3 == 0 else 'see you'} {k} {k % 17}"


def launch(folder, out):
    with out.open("wb") as file:
        return nursery(("querist.loop.folder",)).start(folder, stdout=file.fileno(), code=PEOPLE)


def told_in(path):
    log = SQLiteLog(path)
    log.verify()
    found = {at: event for at, event in log.read() if isinstance(event, Told)}
    log.close()
    return found


def acknowledged(path):
    whole = path.read_text().rpartition("\n")[0]  # the last line may be cut off
    return [json.loads(line) for line in whole.splitlines()]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("pool") / "pool.csv"
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "body"])
        rows.writerows([f"m{k}", text(k)] for k in range(ITEMS))
    return path


@pytest.mark.slow
def test_fifty_kills_lose_and_double_nothing_and_picks_repeat(source, tmp_path):
    folder = tmp_path / "c"
    columns = {"id": "id", "text": "body"}
    create_folder(folder, source, QUESTION, columns=columns, settings=SETTINGS).log.close()
    rng = np.random.default_rng(0)
    waiting = launch(folder, tmp_path / "0.jsonl")
    acks = []
    for life in range(KILLS):
        child, out = waiting, tmp_path / f"{life}.jsonl"
        waiting = launch(folder, tmp_path / f"{life + 1}.jsonl")
        child.stdin.write("\n")
        child.stdin.close()
        deadline = time.monotonic() + 30
        while life % 5 and not out.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.005)  # most lives end while answers come in, every fifth at any moment
        time.sleep(rng.uniform(0, 0.15))
        child.kill()
        assert child.wait() == -9
        child.close()
        acks += acknowledged(out)
        told = told_in(folder / "log.sqlite")
        for ack in acks:
            event = told[ack["position"]]
            assert {name: getattr(event, name) for name in ("task_id", "value", "by")} == {
                name: ack[name] for name in ("task_id", "value", "by")
            }
        once = {(event.item_id, event.by) for event in told.values()}
        assert len(once) == len(told)
    waiting.kill()
    waiting.wait()
    waiting.close()
    assert len(acks) > KILLS
    print(f"{len(acks)} answers acknowledged, {len(told)} in the log, {KILLS} kills")

    time.sleep(0.4)  # what the dead held is free again
    with open_folder(folder) as campaign:
        assert len(campaign.labels()) == len({event.item_id for event in told.values()})
        assert campaign.status()["bought"] == len(told)
        picks = step_and_list(campaign)
    assert picks == step_and_list(uninterrupted(source, folder))


def uninterrupted(source, folder):
    """A campaign of the same recipe to which the same was said in one go."""
    log = SQLiteLog(folder / "log.sqlite")
    said = [event for _, event in log.read() if isinstance(event, (Asked, Told))]
    log.close()
    twin = q.campaign(str(source), QUESTION, log=MemoryLog(), id="id", text="body", **SETTINGS)
    twin.log.append(said)
    return twin


def step_and_list(campaign):
    """The items of the next batch with all that is recorded of them."""
    turn = campaign.step()
    queued = [event for _, event in campaign.log.read() if isinstance(event, Queued)][-1]
    assert queued.round == turn.number == 1
    assert len(queued.items) == 40
    return turn.data_version, queued.items
