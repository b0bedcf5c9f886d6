"""A small campaign folder, a real server over it, and a real Chromium."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from nursery import SERVER, Forked, nursery
from querist.core.questions import Choice
from querist.loop.folder import create_folder

TOKEN = "token-of-the-tests"
PATIENCE = 60.0  # seconds until what has not come counts as missing, on a busy machine too
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def label(k: int) -> str:
    return "spam" if k % 3 == 0 else "ham"


def text(k: int) -> str:
    return f"{'win cash now' if k % 3 == 0 else 'see you at lunch'} number {k}"


def mails_folder(
    parent: Path, name: str = "mails", *, n: int = 60, question: Any = None, **settings: Any
) -> Path:
    """A campaign folder over `n` mails."""
    source = parent / f"{name}.csv"
    with source.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "body"])
        rows.writerows([f"m{k}", text(k)] for k in range(n))
    folder = parent / name
    asked = question or Choice(["spam", "ham"])
    columns = {"id": "id", "text": "body"}
    settings = {"batch": 10, "seed": 0, **settings}
    create_folder(folder, source, asked, columns=columns, settings=settings).log.close()
    return folder


@pytest.fixture
def make_folder(tmp_path):
    """Make a campaign folder over `n` mails: make_folder("spam", n=60, batch=10, budget=30)."""
    return partial(mails_folder, tmp_path)


@pytest.fixture
def folder(make_folder):
    """A campaign over 60 mails, ten of which wait to be labelled."""
    return make_folder()


@dataclass
class Running:
    """A `querist serve` process; `log` collects what it said."""

    process: Forked
    url: str
    token: str
    log: Path
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"{self.url}/api/v1"

    @property
    def pid(self) -> int:
        return self.process.pid

    def client(self, *, token: str | None = None, base: str = "", **options: Any) -> httpx.Client:
        """A client of the API that carries the token; paths are relative to {base}/api/v1."""
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"}
        made = httpx.Client(
            base_url=f"{self.url}{base}/api/v1/", headers=bearer, timeout=30, **options
        )
        self.clients.append(made)
        return made

    def said(self) -> str:
        """What it wrote to standard error so far."""
        return self.log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and give the exit code."""
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.process.close()
        return code


def start_server(
    target: Path, log: Path, *options: object, token: str = TOKEN, port: int = 0
) -> Running:
    """Start `querist serve` on a folder, without its work process unless asked for."""
    given = [str(option) for option in options]
    if "--work" not in given:
        given.append("--no-work")
    with log.open("w") as err:
        command = ["serve", target, "--no-browser", "--port", port, "--token", token]
        process = nursery(SERVER).start(*command, *given, stderr=err.fileno())
    line = process.stdout.readline()
    if "http://" not in line:
        process.kill()
        process.wait(timeout=30)
        process.close()
        raise AssertionError(f"no address but {line!r}; {log.read_text()}")
    url = line[line.index("http://") :].split("/?")[0].strip().rstrip("/")
    return Running(process, url, token, log)


@pytest.fixture
def server(tmp_path):
    """Start `querist serve` on a folder: server(folder, "--work", port=0); killed at the end."""
    running: list[Running] = []

    def start(target: Path, *options: object, token: str = TOKEN, port: int = 0) -> Running:
        log = tmp_path / f"serve-{len(running)}.err"
        running.append(start_server(target, log, *options, token=token, port=port))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop(signal.SIGKILL)
        else:
            one.stop()


def wait_for(look: Any, seconds: float = PATIENCE, every: float = 0.05) -> Any:
    """What `look` gives once it gives something true; fails after `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(every)
    raise AssertionError(f"nothing came within {seconds} s")


@dataclass
class Patient:
    """A browser whose pages wait for things as long as the tests do."""

    browser: Any

    def new_context(self, **options: Any) -> Any:
        """A fresh profile: no cookies, nothing stored."""
        context = self.browser.new_context(**options)
        context.set_default_timeout(1000 * PATIENCE)
        return context


@pytest.fixture(scope="module")
def browser():
    """A Chromium for the tests of a file.

    Not for the whole session: while it lives an event loop runs in this thread, and whatever
    calls `asyncio.run` (doctests do) would fail.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    path = path or shutil.which("google-chrome")
    with api.sync_playwright() as play:
        if path is None and not Path(play.chromium.executable_path).exists():
            pytest.skip("no Chromium here; install one with: apt-get install chromium")
        made = play.chromium.launch(executable_path=path, args=list(CHROMIUM))
        yield Patient(made)
        made.close()


@pytest.fixture
def page(browser, server, folder):
    """The labelling page of the small campaign, signed in."""
    running = server(folder)
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(f"{running.url}/?token={running.token}")
    yield opened
    context.close()
