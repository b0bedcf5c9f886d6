"""The labelling server killed under load, over and over: is every acknowledged answer still there?

    python benchmarks/server_crash.py [--kills 200] [--clients 4] [--items 40000] [--add]

Annotators ask and tell over HTTP without a pause; `kill -9` ends the server at a drawn moment,
and another one is started over the same folder. Like the page, each annotator sends an answer
again, under the same key, until it is acknowledged. What was acknowledged is kept here, outside
of the server. At the end the log is read: each acknowledged answer must stand in it once, no
answer twice, no item with two people, the hash chain whole. While leases outlast the run, no task
is handed out twice, and the order of the queue is kept; a task that died with the connection on
its way to an annotator waits for its lease, and comes first then.
Writes benchmarks/results/server_crash.json; `server_page.py` makes the page of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from querist.core.events import Asked, Told
from querist.core.questions import Choice
from querist.logs import open_log
from querist.loop.folder import LOG, create_folder
from server_client import Server, Wire

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "server_crash.json"
LONG = 80_000  # seconds of a lease that outlasts any run


def make(room, items, batch):
    """A campaign over short texts whose queue outlasts the run."""
    source = room / "texts.csv"
    source.write_text("id,text\n" + "".join(f"i{k},text number {k}\n" for k in range(items)))
    settings = {"batch": batch, "strategy": "random", "distinct": "off", "measure": False}
    columns = {"id": "id", "text": "text"}
    asked = Choice(["a", "b"])
    create_folder(room / "campaign", source, asked, columns=columns, settings=settings).log.close()
    return room / "campaign"


class Life:
    """The port of the server that lives now; nothing while there is none."""

    def __init__(self):
        self.port = None
        self.over = False
        self.sent = self.cut = self.again = 0


async def annotator(life, by, lease, acknowledged, refused):
    """Ask and tell until it is over; an answer is sent until somebody takes it."""
    wire, number, held = None, 0, []
    while not life.over:
        if life.port is None or (wire is not None and wire.port != life.port):
            if wire is not None:
                wire.close()
            wire = None
        if life.port is None:
            await asyncio.sleep(0.002)
            continue
        wire = wire or Wire(life.port)
        try:
            if not held:
                status, asked = await wire.post("/api/v1/ask", {"n": 3, "by": by, "lease": lease})
                if status != 200:
                    refused.append(("ask", status, asked))
                    await asyncio.sleep(0.01)
                    continue
                if not asked["tasks"]:
                    raise RuntimeError(f"the queue ran dry: {asked}")
                held = [(task["task_id"], task["item_id"], 0) for task in asked["tasks"]]
            task_id, item_id, tries = held[0]
            held[0] = (task_id, item_id, tries + 1)
            life.sent += 1
            life.again += tries > 0
            answer = {"task_id": task_id, "value": "ab"[number % 2], "key": f"{by}-{number}"}
            status, told = await wire.post("/api/v1/tell", {"by": by, "answers": [answer]})
        except (OSError, asyncio.IncompleteReadError):
            life.cut += 1
            await asyncio.sleep(0.002)
            continue
        [result] = told.get("results") or [{"ok": False}]
        if status == 200 and result["ok"]:
            key = (by, item_id, f"{by}-{number}")
            acknowledged[key] = (task_id, "ab"[number % 2], result["position"])
        else:
            refused.append(("tell", status, told))
        held.pop(0)
        number += 1
    if wire is not None:
        wire.close()


async def lives(folder, kills, clients, lease, longest):
    """Start, load and kill the server; what was acknowledged, what was refused."""
    life, acknowledged, refused = Life(), {}, []
    people = [
        asyncio.ensure_future(annotator(life, f"p{k}", lease, acknowledged, refused))
        for k in range(clients)
    ]
    chance = random.Random(kills)
    for number in range(kills):
        server = await asyncio.to_thread(Server, folder)
        before, life.port = len(acknowledged), server.port
        until = time.monotonic() + 30
        while len(acknowledged) == before:  # a server that took nothing was not under load
            if any(person.done() for person in people) or time.monotonic() > until:
                server.kill()
                for person in people:
                    if person.done():
                        person.result()
                raise RuntimeError(f"nothing was answered in life {number}: {refused[:3]}")
            await asyncio.sleep(0.002)
        await asyncio.sleep(chance.uniform(0, longest))
        server.kill()
        life.port = None
        if sys.stdout.isatty():
            print(f"\r{number + 1} kills, {len(acknowledged)} answers", end="", flush=True)
    life.over = True
    await asyncio.gather(*people)
    return life, acknowledged, refused


def found_in(folder, acknowledged):
    """What the log says of all that was acknowledged."""
    log = open_log(f"sqlite:///{folder / LOG}")
    told, asked = {}, []
    for position, event in log.read():
        if isinstance(event, Told):
            told.setdefault((event.by, event.item_id, event.key), []).append(
                (event.task_id, event.value, position)
            )
        elif isinstance(event, Asked):
            asked += event.task_ids
    ends = log.verify()
    log.close()
    people = Counter(item for _, item, _ in told)
    return {
        "acknowledged": len(acknowledged),
        "in_the_log": len(told),
        "lost": sum(acknowledged[key] not in told.get(key, ()) for key in acknowledged),
        "doubled": sum(len(places) - 1 for places in told.values()),
        "items_of_two_people": sum(n > 1 for n in people.values()),
        "handed_out_twice": len(asked) - len(set(asked)),
        "out_of_order": sum(
            int(later.partition("-")[2]) < int(earlier.partition("-")[2])
            for earlier, later in pairwise(asked)
        ),
        "chain_holds_to": ends,
    }


def run(folder, kills, clients, lease=LONG, longest=0.5):
    """Kill the server `kills` times, then count."""
    begun = time.perf_counter()
    life, acknowledged, refused = asyncio.run(lives(folder, kills, clients, lease, longest))
    return {
        "kills": kills,
        "clients": clients,
        "lease_s": lease,
        "seconds": round(time.perf_counter() - begun, 1),
        "answers_sent": life.sent,
        "connections_cut": life.cut,
        "answers_sent_again": life.again,
        "refused": len(refused),
        "first_refused": refused[:3],
        **found_in(folder, acknowledged),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--items", type=int, default=40_000)
    parser.add_argument("--lease", type=float, default=LONG, help="seconds a task is held")
    parser.add_argument("--add", action="store_true", help="keep the runs there are")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        folder = make(Path(room), given.items, int(0.85 * given.items))
        found = run(folder, given.kills, given.clients, given.lease)
    print(json.dumps(found, indent=1))
    if not given.dry:
        runs = json.loads(RESULTS.read_text(encoding="utf-8"))["runs"] if given.add else []
        text = json.dumps({"runs": [*runs, found]}, indent=1) + "\n"
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
