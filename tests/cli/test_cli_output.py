"""What a terminal gets and what a pipe gets."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np

from querist.cli.output import cell, say_json
from querist.core.types import Interval

BINARY = str(Path(sys.executable).parent / "querist")


def on_a_terminal(*args):
    """What a person sees of a verb, both streams together."""
    mine, theirs = pty.openpty()
    child = subprocess.Popen(
        [BINARY, *map(str, args)],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(mine, 4096):
            seen += part
    except OSError:  # the other end is closed: the verb has ended
        pass
    os.close(mine)
    assert child.wait() == 0
    return seen.decode()


def test_a_terminal_gets_a_bar_and_drawn_tables(folder, answer_all):
    answer_all(folder)
    seen = on_a_terminal("step", folder)
    assert "training, measuring, choosing" in seen
    assert "round 1: 19 labels" in seen
    assert "──" in on_a_terminal("strategies")


def test_a_pipe_gets_neither(shell, folder, answer_all):
    answer_all(folder)
    ran = shell("step", folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("round 1: 19 labels")
    table = shell("strategies")
    assert table.out.splitlines()[0] == "strategy\tneeds\tcost\twhat it does"
    assert "\x1b" not in table.out + table.err


def test_json_takes_what_the_loop_gives(capsys):
    say_json({"n": np.int64(3), "x": np.array([0.5]), "i": Interval(0.5, 0.4, 0.6), "t": "größer"})
    assert capsys.readouterr().out == (
        '{"n": 3, "x": [0.5], "i": {"value": 0.5, "low": 0.4, "high": 0.6}, "t": "größer"}\n'
    )


def test_a_cell_stays_on_one_line():
    assert cell("a\nb") == "a b"
    assert cell("x" * 1000).endswith("…")
    assert cell("x" * 1000, wide=True) == "x" * 1000
    assert [cell(v) for v in (True, 0.5, 3, None)] == ["yes", "0.5", "3", "-"]
