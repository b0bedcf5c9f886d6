"""Simulated annotators at a real server: they ask and tell over HTTP, as a browser would."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from querist.core.errors import QueristError
from querist.core.types import Interval, Round, Task

if TYPE_CHECKING:
    from querist.simulation.oracles import Annotators

HAND = 5  # tasks somebody takes at a time
PAUSE = 0.1  # seconds until somebody who got no task asks again
PATIENCE = 120.0  # seconds without a word from the server after which it is given up
SAID = "serve.log"  # what the server says, in the campaign's folder


class ServerFailed(QueristError):
    """The server of a demo ended, or fell silent."""


@dataclass(frozen=True)
class Address:
    """Where a server listens, and what opens it."""

    host: str
    token: str

    def call(self, line: HTTPConnection, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post to the API and give the answer."""
        line.request("POST", f"/api/v1/{verb}", json.dumps(body), self.headers)
        answer = line.getresponse()
        found: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise ServerFailed(f"{verb} was answered with {answer.status}: {found}")
        return found

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    def line(self) -> HTTPConnection:
        """A connection of one's own."""
        return HTTPConnection(self.host, timeout=PATIENCE)


@contextmanager
def served(folder: Path) -> Iterator[Address]:
    """`querist serve` on a folder, in a process of its own that ends with the block."""
    token = secrets.token_urlsafe(16)
    calm = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "QUERIST_TOKEN": token}
    command = [sys.executable, "-m", "querist", "serve", str(folder), "--port", "0"]
    with (folder / SAID).open("w") as said:
        process = subprocess.Popen(
            [*command, "--no-browser", "--json"],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, **calm},
        )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        if not first:
            raise ServerFailed(f"the server did not start; see {folder / SAID}")
        yield Address(json.loads(first)["url"].removeprefix("http://"), token)
    finally:
        process.terminate()
        process.communicate()


def play(
    address: Address,
    team: Annotators,
    *,
    faster: float,
    counted: Callable[[int], None],
    trained: Callable[[Round], None],
) -> str:
    """Let a team label until a stopping rule speaks; gives its reason.

    Parameters
    ----------
    faster : float
        How many times as fast as people they work.
    counted : callable
        Told of each answer.
    trained : callable
        Told each round as the server tells it.
    """
    done = threading.Event()
    with closing(address.line()) as line, ThreadPoolExecutor(len(team.people)) as hands:
        line.request("GET", "/api/v1/events", headers=address.headers)
        stream = line.getresponse()
        stream.readline()  # it is open: no round is missed
        work = [hands.submit(_label, address, team, n, faster, counted, done) for n in team.people]
        try:
            return _follow(stream, work, trained)
        finally:
            done.set()


def _label(
    address: Address,
    team: Annotators,
    name: str,
    faster: float,
    counted: Callable[[int], None],
    done: threading.Event,
) -> None:
    """One person: first the items that measure, then those that teach, five at a time."""
    with closing(address.line()) as line:
        jobs = ["holdout", "train"]
        while not done.is_set():
            found = address.call(line, "ask", {"n": HAND, "by": name, "job": jobs[0]})
            if not found["tasks"] and len(jobs) > 1:
                jobs.pop(0)
            elif not found["tasks"]:
                done.wait(PAUSE)
            for task in found["tasks"]:
                value, seconds = team.answer(
                    name, Task(task["task_id"], task["item_id"], None, task["view"])
                )
                time.sleep(seconds / faster)
                told = {
                    "task_id": task["task_id"],
                    "value": value,
                    "seconds": round(seconds, 1),
                    "key": secrets.token_hex(8),
                }
                address.call(line, "tell", {"answers": [told], "by": name})
                counted(1)


def _follow(
    stream: HTTPResponse, work: list[Future[None]], trained: Callable[[Round], None]
) -> str:
    """Read the server's events until one says stop."""
    kind = ""
    while line := stream.readline().decode():
        for one in work:
            if one.done():
                one.result()  # raises what went wrong
        if line.startswith("event: "):
            kind = line[7:].strip()
        elif line.startswith("data: "):
            found = json.loads(line[6:])
            if kind == "trained":
                metrics = {name: Interval(**of) for name, of in found["metrics"].items()}
                trained(
                    Round(found["round"], found["labels"], metrics=metrics, spent=found["spent"])
                )
            elif kind == "stop":
                return str(found["reason"])
    raise ServerFailed("the server ended before a stopping rule did")
