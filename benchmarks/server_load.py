"""The labelling server under load: a pool of 100,000 items, `auto`, 1, 4 and 16 annotators.

    python benchmarks/server_load.py [--pairs 3000] [--items 100000] [--folder DIR]

Starts the real `querist serve` on a campaign folder made for it and lets annotators ask for one
task and tell its answer, over and over, each on a connection of its own. CPU is the server
process's own, from /proc; wall-clock numbers are those of the machine with the clients on it.
Afterwards the log is read: nobody may have been given what another had, no request may have
failed, and items must have been handed out in the order of the queue, which is kept here a
second time, as a plain list. Runs: one server process; two over one folder; one with a retrain
beside it (`querist step`, a process of its own, that trains, scores the pool and chooses the
next batch); a server's start over an empty campaign; the import of 10,000 texts.
Writes benchmarks/results/server_load.json; `server_page.py` makes the page of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from querist.core.events import Asked, Queued, Released, Skipped, Stepped, Told
from querist.core.questions import Choice
from querist.logs import open_log
from querist.loop.folder import LOG, create_folder
from server_client import CALM, Server, Wire, annotator

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "server_load.json"
CLASSES = 5
FEATURES = 8


def label(item_id):
    return "abcde"[int(item_id[1:]) % CLASSES]


def make(root, items, batch):
    """A campaign of drawn vectors in five clouds, its first batch chosen by `auto`."""
    rng = np.random.default_rng(0)
    clouds = rng.normal(size=(CLASSES, FEATURES))
    values = rng.normal(size=(items, FEATURES)) + clouds[np.arange(items) % CLASSES]
    names = [f"x{j}" for j in range(FEATURES)]
    columns = {"id": [f"i{k}" for k in range(items)]}
    columns |= {name: values[:, j].astype("f4") for j, name in enumerate(names)}
    pq.write_table(pa.table(columns), root / "pool.parquet")
    campaign = create_folder(
        root / "campaign",
        root / "pool.parquet",
        Choice(list("abcde")),
        columns={"id": "id", "features": names},
        settings={"batch": batch, "strategy": "auto"},
    )
    campaign.log.close()
    return root / "campaign"


async def crowd(ports, clients, pairs, name, done=None):
    """All annotators at once, dealt out over the servers."""
    return await asyncio.gather(
        *(
            annotator(ports[k % len(ports)], f"{name}-{k}", pairs // clients, label, done)
            for k in range(clients)
        )
    )


def measured(servers, clients, pairs, name):
    """What `clients` annotators met, and what it cost the servers."""
    cpu, begun = sum(server.cpu() for server in servers), time.perf_counter()
    found = asyncio.run(crowd([server.port for server in servers], clients, pairs, name))
    wall = time.perf_counter() - begun
    cpu = sum(server.cpu() for server in servers) - cpu
    return told(found) | {
        "clients": clients,
        "processes": len(servers),
        "pairs_per_s": round(sum(len(seen) for seen, _ in found) / wall, 1),
        "cpu_ms_a_pair": round(1e3 * cpu / max(sum(len(seen) for seen, _ in found), 1), 3),
    }


def told(found):
    """Latencies in ms, errors, and tasks given to more than one."""
    seen = [one for mine, _ in found for one in mine]
    errors = [error for _, mine in found for error in mine]
    numbers = {"pairs": len(seen), "errors": len(errors), "first_errors": errors[:3]}
    numbers["given_twice"] = sum(n - 1 for n in Counter(item for _, item, *_ in seen).values())
    for what, place in (("ask", 2), ("tell", 3)):
        spent = 1e3 * np.array([one[place] for one in seen])
        for share in (50, 99):
            numbers[f"{what}_p{share}_ms"] = round(float(np.percentile(spent, share)), 2)
    return numbers


def out_of_order(folder):
    """Tasks of the log that were handed out before one that stood ahead of them.

    The queue is kept here as a plain list, by the rules of the documentation: batches in the
    order of their ranks, a new ranking in place of what waits, what is given back first.
    """
    log, waiting, held, wrong = open_log(f"sqlite:///{folder / LOG}"), [], set(), 0
    for _, event in log.read():
        if isinstance(event, Queued):
            if event.replaces:
                waiting = []
            waiting += [item.task_id for item in event.items if item.arm != "holdout"]
        elif isinstance(event, Asked):
            wrong += list(event.task_ids) != waiting[: len(event.task_ids)]
            held |= set(event.task_ids)
            waiting = [task for task in waiting if task not in held]
        elif isinstance(event, Told):
            held.discard(event.task_id)
        elif isinstance(event, Skipped | Released):
            raise ValueError("nobody skips or gives back in this benchmark")
    log.close()
    return wrong


def beside_a_retrain(folder, clients, name):
    """Four annotators while another process trains, scores the pool and chooses."""

    async def run(server):
        done = asyncio.Event()
        work = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "querist", "step", str(folder), "--json"),
            stdout=subprocess.DEVNULL,
            env={**os.environ, **CALM},
            preexec_fn=lambda: os.nice(5),
        )
        people = asyncio.ensure_future(crowd([server.port], clients, 10**9, name, done))
        code = await work.wait()
        await asyncio.sleep(1.0)  # the new ranking reaches the server
        done.set()
        if code:
            raise RuntimeError(f"querist step ended with {code}")
        return await people

    with Server(folder) as server:
        cpu, begun = server.cpu(), time.perf_counter()
        found = asyncio.run(run(server))
        wall, cpu = time.perf_counter() - begun, server.cpu() - cpu
    numbers = told(found)
    return numbers | {
        "clients": clients,
        "processes": 1,
        "seconds": round(wall, 1),
        "pairs_per_s": round(numbers["pairs"] / wall, 1),
        "cpu_ms_a_pair": round(1e3 * cpu / numbers["pairs"], 3),
        "rounds": rounds(folder),
    }


def rounds(folder):
    """How many rounds the log holds."""
    log = open_log(f"sqlite:///{folder / LOG}")
    found = sum(isinstance(event, Stepped) for _, event in log.read())
    log.close()
    return found


def beginnings(room):
    """How long a server over a new, small campaign takes to its first word: seconds, best of 3."""
    source = room / "few.csv"
    source.write_text("id,text\n" + "".join(f"i{k},text {k}\n" for k in range(20)))
    settings = {"strategy": "random", "batch": 5}
    columns = {"id": "id", "text": "text"}
    create_folder(
        room / "few", source, Choice(list("abcde")), columns=columns, settings=settings
    ).log.close()
    took = []
    for _ in range(3):
        with Server(room / "few") as server:
            took.append((server.started_in, server.cpu(), server.rss_mb()))
    wall, cpu, rss = min(took)
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2), "rss_mb": round(rss)}


def imported(room, texts=10_000):
    """CPU seconds the server takes for 10,000 texts sent to it in one request."""
    items = [
        {"id": f"n{k}", "text": f"text {k} says {k * 7919 % 1000} and more"} for k in range(texts)
    ]

    async def send(port):
        return await Wire(port).post("/api/v1/items", {"items": items})

    with Server(room / "few") as server:
        asyncio.run(crowd([server.port], 1, 1, "first"))  # the campaign is open now
        cpu, begun = server.cpu(), time.perf_counter()
        status, answer = asyncio.run(send(server.port))
        wall, cpu = time.perf_counter() - begun, server.cpu() - cpu
    if status != 200 or answer["added"] != texts:
        raise RuntimeError(f"the import was refused: {status} {answer}")
    return {"texts": texts, "cpu_s": round(cpu, 2), "wall_s": round(wall, 2)}


def run(room, master, pairs):
    """Every run, each on a fresh copy of the campaign."""
    found = {"load": [], "retrain": None}

    def fresh(name):
        return Path(shutil.copytree(master, room / name))

    for processes in (1, 2):
        for clients in (1, 4, 16):
            if processes > clients:
                continue
            folder = fresh(f"{processes}-{clients}")
            with ExitStack() as running:
                servers = [running.enter_context(Server(folder)) for _ in range(processes)]
                measured(servers, clients, max(pairs // 20, clients), "warm")
                numbers = measured(servers, clients, pairs if clients > 1 else pairs // 3, "run")
                numbers["rss_mb"] = round(servers[0].rss_mb())
            numbers["out_of_order"] = out_of_order(folder)
            found["load"].append(numbers)
            print(json.dumps(numbers), flush=True)
    folder = fresh("retrain")
    with Server(folder) as server:
        measured([server], 4, pairs // 3, "before")
    found["retrain"] = beside_a_retrain(folder, 4, "beside")
    found["retrain"]["out_of_order"] = out_of_order(folder)
    print(json.dumps(found["retrain"]), flush=True)
    found["start"] = beginnings(room)
    found["import"] = imported(room)
    print(json.dumps({key: found[key] for key in ("start", "import")}), flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=6000)
    parser.add_argument("--folder", type=Path, help="a campaign folder made before, not changed")
    parser.add_argument(
        "--remark", default="nothing else ran.", help="of the machine, for the page"
    )
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        room = Path(room)
        master = given.folder or make(room, given.items, given.batch)
        found = run(room, master, given.pairs)
    found["machine"] = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "uvicorn": version("uvicorn"),
        "fastapi": version("fastapi"),
        "remark": given.remark,
    }
    if not given.dry:
        RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
