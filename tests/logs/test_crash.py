"""Logs under kill -9 and under several programs at once, with real processes on a real disk."""

import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from querist.logs.sqlite import SQLiteLog

# four threads append batches of one to three events; each acknowledged batch is one line
APPENDER = """
import os, sys, threading
from querist.core.events import Told
from querist.logs.sqlite import SQLiteLog

path, life = sys.argv[1:]
if not sys.stdin.readline():
    sys.exit("nobody is there to say go")
log = SQLiteLog(path)

def write(thread):
    number = 0
    while True:
        name = f"{life}.{thread}.{number}"
        size = 1 + number % 3
        end = log.append([Told(key=f"{name}.{part}", value=size) for part in range(size)])
        os.write(1, f"{end} {name}.{size - 1}\\n".encode())
        number += 1

for thread in range(4):
    threading.Thread(target=write, args=(thread,)).start()
"""

COUNTER = """
import sys
from querist.core.errors import Conflict
from querist.core.events import Told
from querist.logs.sqlite import SQLiteLog

path, name = sys.argv[1:]
if not sys.stdin.readline():
    sys.exit("nobody is there to say go")
log = SQLiteLog(path)
done, end, total = 0, 0, 0
while done < 60:
    for end, event in log.read(after=end):
        total = event.value
    try:
        log.append([Told(by=name, value=total + 1)], expect=end)
        done += 1
    except Conflict:
        continue
log.close()
"""


def launch(script, *args, stdout=None):
    """Start a child that has imported everything and waits for `go`."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, args)], stdin=subprocess.PIPE, stdout=stdout
    )


def go(child):
    child.stdin.write(b"\n")
    child.stdin.close()


def launch_appender(folder, life):
    with (folder / f"acknowledged.{life}").open("wb") as out:
        return launch(APPENDER, folder / "log.db", life, stdout=out)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kill_9_loses_and_doubles_nothing(tmp_path, seed):
    rng = np.random.default_rng(seed)
    lives, start = 10, 0
    child = launch_appender(tmp_path, 0)
    for life in range(lives):
        following = launch_appender(tmp_path, life + 1) if life + 1 < lives else None
        go(child)
        acknowledged = tmp_path / f"acknowledged.{life}"
        deadline = time.monotonic() + 30
        while not acknowledged.stat().st_size and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(rng.uniform(0.05, 0.25))
        assert child.poll() is None, "the child ended by itself"
        child.kill()
        child.wait()
        start = check_life(tmp_path, life, start)
        child = following


def check_life(folder, life, start):
    """Check what one life left behind; where the next begins."""
    log = SQLiteLog(folder / "log.db")
    keys = {position: event.key for position, event in log.read(after=start)}
    sizes = {event.key.rpartition(".")[0]: event.value for _, event in log.read(after=start)}
    end = log.verify()
    log.close()
    assert list(keys) == list(range(start + 1, end + 1))
    assert all(key.startswith(f"{life}.") for key in keys.values())
    assert len(set(keys.values())) == len(keys), "an event is there twice"
    assert Counter(key.rpartition(".")[0] for key in keys.values()) == sizes, "a batch is torn"
    lines = (folder / f"acknowledged.{life}").read_text().splitlines()
    assert lines
    for line in lines:
        position, key = line.split()
        assert keys[int(position)] == key, "an acknowledged event is not where it was said to be"
    return end


def test_programs_that_open_and_count_together(tmp_path):
    """Each reads the last number and appends the next one: no number is lost or taken twice."""
    children = [launch(COUNTER, tmp_path / "log.db", name) for name in "abc"]
    for child in children:
        go(child)
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0]
    log = SQLiteLog(tmp_path / "log.db")
    events = [event for _, event in log.read()]
    assert [event.value for event in events] == list(range(1, 181))
    assert Counter(event.by for event in events) == {"a": 60, "b": 60, "c": 60}
    assert log.verify() == 180
    log.close()
