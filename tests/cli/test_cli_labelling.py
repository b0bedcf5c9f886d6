"""querist label: keys of a real pseudo-terminal and of a pipe, over a folder and over a server."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from querist.core.questions import Choice, Choices, Number
from querist.loop.folder import create_folder, open_desk

QUERIST = str(Path(sys.executable).parent / "querist")
CALM = {"OMP_NUM_THREADS": "1", "TERM": "xterm", "COLUMNS": "90", "LINES": "30"}
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
SHOWN = re.compile(r"number (\d+)")


@pytest.fixture
def make(tmp_path, mails):
    """Make a campaign over the mails: make(question)."""

    def made(question=None, name: str = "asked", **settings) -> Path:
        create_folder(
            tmp_path / name,
            mails,
            question or Choice(["spam", "ham"]),
            columns={"id": "id", "text": "body"},
            settings={"batch": 10, "seed": 0, **settings},
        ).log.close()
        return tmp_path / name

    return made


class Terminal:
    """A person at a terminal: `press` keys, `until` something is on the screen."""

    def __init__(self, *args: object) -> None:
        self.master, slave = pty.openpty()
        environment = {n: v for n, v in os.environ.items() if n != "NO_COLOR"} | CALM
        self.process = subprocess.Popen(
            [QUERIST, "label", *map(str, args)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self.said = ""

    def press(self, keys: str) -> None:
        self.said = ""
        os.write(self.master, keys.encode())

    def until(self, text: str, seconds: float = 40.0) -> str:
        """What was said since the last press, once the text is in it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(text, self.screen, re.DOTALL):
                return self.screen
            if select.select([self.master], [], [], 0.2)[0]:
                try:
                    self.said += os.read(self.master, 65536).decode(errors="replace")
                except OSError:  # the other end is gone
                    break
        assert re.search(text, self.screen, re.DOTALL), (
            f"{text!r} never came; this did: {self.screen}"
        )
        return self.screen

    @property
    def screen(self) -> str:
        return ANSI.sub("", self.said)

    def end(self) -> int:
        code = self.process.wait(timeout=30)
        os.close(self.master)
        return code


@contextmanager
def state_of(folder):
    desk = open_desk(folder)
    with closing(desk.journal.log):
        yield desk.journal.state


def answers(folder) -> dict[str, object]:
    with state_of(folder) as state:
        return {item: vote.value for item, by in state.votes.items() for vote in by.values()}


def held(folder) -> int:
    with state_of(folder) as state:
        return sum(len(queue.held) for queue in state.queues.values())


def test_a_session_at_a_terminal(make):
    folder = make()
    screen = Terminal(folder, "--by", "ann")
    first = SHOWN.search(screen.until(r"1\s+spam\s+2\s+ham"))[1]
    assert "0 done, 10 waiting" in screen.screen
    screen.press("1")
    second = SHOWN.search(screen.until(r"1 done.*number \d+.*takes it back"))[1]
    screen.press("x")  # with two labels a and x are keys too
    third = SHOWN.search(screen.until(r"2 done.*number \d+"))[1]
    assert len({first, second, third}) == 3
    screen.press("\x7f")
    assert SHOWN.search(screen.until("taken back"))[1] == second, "undone, and asked again"
    screen.press("\x7f")
    assert SHOWN.search(screen.until("0 done.*taken back"))[1] == first, "as deep as one likes"
    screen.press("2")
    screen.until("1 done")
    screen.press("s")
    screen.until("why skip")
    screen.press("blurref\x7fd\r")
    screen.until("skipped")
    screen.press("c")
    screen.until("comment:")
    screen.press("odd one\r")
    screen.until("noted")
    screen.press("?")
    assert "quit" in screen.until("guidelines")
    screen.press("g")
    screen.until("there are no guidelines")
    screen.press("\x1b[A\x1b[B9")  # arrows, and a key that stands for nothing
    screen.press("q")
    assert re.search("1 labelled, 1 skipped, 2 undone.*3 tasks given back", screen.until("given"))
    assert screen.end() == 0
    assert answers(folder) == {f"m{first}": "ham"} and held(folder) == 0
    with state_of(folder) as state:
        (skip,) = state.skips[f"m{second}"]
        assert (skip.by, skip.reason) == ("ann", "blurred")
        assert state.notes[f"m{third}"][0].text == "odd one"


def test_several_labels_are_switched_and_submitted(make):
    folder = make(Choices(["news", "sport", "art"]))
    screen = Terminal(folder)
    screen.until("3  art")
    screen.press("1")
    screen.until(r"news \*")
    screen.press("3")
    screen.until(r"art \*")
    screen.press("1")
    screen.until(r"1\s+news\s{2,}")
    screen.press("\r")
    screen.until("1 done.*art  ")
    screen.press("\r")  # none of them is an answer
    screen.until("2 done.*none")
    screen.press("q")
    screen.end()
    assert sorted(answers(folder).values()) == [[], ["art"]]


def test_a_number_is_typed(make):
    folder = make(Number(low=0, high=10))
    screen = Terminal(folder)
    screen.until("0 to 10")
    screen.press("12\r")
    screen.until("above the highest")
    screen.press("35\x7f.5\r")
    screen.until("1 done")
    screen.press("q")
    screen.end()
    assert list(answers(folder).values()) == [3.5]


def test_of_many_labels_one_is_found_by_typing(make):
    folder = make(Choice([f"kind {k}" for k in range(40)] + ["other"]))
    screen = Terminal(folder)
    screen.until("kind 39")
    screen.press("/")
    screen.until("label:")
    screen.press("kind 3\r")
    screen.until("1 done.*kind 3 ")
    screen.press("/")
    screen.until("label:")
    screen.press("KIND\r")
    screen.until("'KIND' fits kind 0, kind 1")
    screen.press("/oth\r")
    screen.until("2 done.*other")
    screen.press("q")
    screen.end()
    assert sorted(answers(folder).values()) == ["kind 3", "other"]


def test_the_guidelines_are_shown_and_their_version_is_kept(make):
    folder = make()
    desk = open_desk(folder)
    desk.change("guidelines", "Spam is what **nobody** asked for.", "owner")
    desk.journal.log.close()
    screen = Terminal(folder, "--by", "ann")
    screen.until("ham")
    screen.press("g")
    screen.until("nobody")
    screen.press("1")
    screen.until("1 done")
    screen.press("q")
    screen.end()
    desk = open_desk(folder)
    told = [event for _, event in desk.journal.log.read() if event.kind == "told"]
    desk.journal.log.close()
    assert told[0].guidelines == 1 and told[0].seconds is not None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_however_it_ends_what_is_held_is_given_back(make, number):
    folder = make()
    screen = Terminal(folder)
    screen.until("ham")
    screen.press("1")
    screen.until("1 done")
    assert held(folder) == 4
    screen.process.send_signal(number)
    screen.process.wait(timeout=30)
    screen.end()
    assert held(folder) == 0 and len(answers(folder)) == 1


def test_markup_and_control_codes_in_items_are_text(tmp_path):
    source = tmp_path / "bad.csv"
    source.write_text("id,body\n" + "".join(f'm{k},"[red]\x1b[2Jx{k}"\n' for k in range(20)))
    create_folder(
        tmp_path / "bad",
        source,
        Choice(["a", "b"]),
        columns={"id": "id", "text": "body"},
        settings={"batch": 5},
    ).log.close()
    ran = piped(tmp_path / "bad", keys="1q")
    assert "[red][2Jx" in ran.stdout and "\x1b" not in ran.stdout


def test_in_a_pipe_an_item_of_many_columns_is_one_line(tmp_path):
    source = tmp_path / "rows.csv"
    rows = "".join(f"m{k},{'word ' * 60}{k},Oslo\n" for k in range(9))
    source.write_text(f"id,body,city\n{rows}")
    create_folder(
        tmp_path / "rows",
        source,
        Choice(["a", "b"]),
        columns={"text": "body"},
        settings={"batch": 5},
    ).log.close()
    said = piped(tmp_path / "rows", keys="q").stdout
    [line] = [line for line in said.split("\n") if "word" in line]
    assert len(line) > 300 and " text: word" in line and line.endswith(" · city: Oslo")


def piped(target, *options, keys: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [QUERIST, "label", str(target), *map(str, options)],
        input=keys,
        capture_output=True,
        text=True,
        env={**os.environ, **CALM},
        timeout=120,
    )


def test_keys_from_a_pipe(make):
    folder = make(batch=4)
    ran = piped(folder, "--by", "ann", "--json", keys="1\n2\nu1sno idea\n1122")
    assert ran.returncode == 0, ran.stderr
    assert '"labelled": 3' in ran.stdout and '"skipped": 1' in ran.stdout
    assert "no task: nothing waits for you" in ran.stderr
    assert f"querist step {folder}" in " ".join(ran.stderr.split())
    assert sorted(answers(folder).values()) == ["spam"] * 3


def test_a_campaign_that_is_paused_says_so(make):
    folder = make()
    desk = open_desk(folder)
    desk.change("paused", True, "owner")
    desk.journal.log.close()
    assert "no task: the campaign is paused" in piped(folder, keys="1").stdout


def test_what_is_no_campaign_is_refused(tmp_path):
    ran = piped(tmp_path, keys="1")
    assert ran.returncode == 2 and "holds no campaign" in ran.stderr
    ran = piped("http://127.0.0.1:1", keys="1")
    assert ran.returncode == 1 and "no answer from http://127.0.0.1:1/api/v1" in ran.stderr


@pytest.fixture
def serve():
    """Start `querist serve` on a folder; gives the address it printed."""
    running = []

    def start(folder: Path, port: object = 0) -> str:
        command = [QUERIST, "serve", str(folder), "--port", str(port), "--no-browser", "--no-work"]
        command += ["--token", "token-of-the-tests"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        return process.stdout.readline().split()[-1]

    def stop() -> None:
        for process in running:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()
        running.clear()

    start.stop = stop
    yield start
    stop()


def test_a_session_over_a_server(make, serve):
    folder = make()
    url = serve(folder)
    screen = Terminal(url, "--by", "ann")
    first = SHOWN.search(screen.until("ham"))[1]
    screen.press("1")
    screen.until("1 done")
    screen.press("u")
    assert SHOWN.search(screen.until("taken back"))[1] == first
    screen.press("2")
    screen.until("1 done")
    screen.press(" ")
    screen.until("skipped")
    screen.press("cfine\r")
    screen.until("noted")
    screen.press("q")
    screen.until("1 labelled, 1 skipped, 1 undone.*3 tasks given back")
    assert screen.end() == 0
    assert answers(folder) == {f"m{first}": "ham"} and held(folder) == 0
    address, _, token = url.partition("/?token=")
    assert "3 labelled" in piped(address, "--token", token, keys="111q").stdout
    refused = piped(address, "--token", "wrong", keys="1")
    assert refused.returncode == 2 and "token" in refused.stderr


def test_a_server_that_is_away_for_a_while_ends_no_session(make, serve):
    folder = make()
    url = serve(folder)
    screen = Terminal(url, "--by", "ann")
    screen.until("ham")
    serve.stop()
    screen.press("g")
    screen.until("no answer from.*Enter tries again")
    serve(folder, urlsplit(url).port)
    screen.press("\r")
    screen.until("there are no guidelines")
    screen.press("1")
    screen.until("1 done")
    screen.press("q")
    screen.until("1 labelled")
    assert screen.end() == 0
