"""A small campaign folder, and two ways to run a verb: in a process of its own, or in this one."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nursery import nursery
from querist.cli import main


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def shell():
    """Run `querist` as a person would, in a process of its own."""

    def run(*args: object, stdin: str = "") -> Ran:
        done = nursery().run(*args, stdin=stdin)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def querist(capsys, monkeypatch):
    """Run a verb in this process: the same, without the time a start takes."""

    def run(*args: object, stdin: str | bytes = "") -> Ran:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        with pytest.raises(SystemExit) as left:
            main([str(arg) for arg in args])
        said = capsys.readouterr()
        return Ran(int(left.value.code or 0), said.out, said.err)

    return run


def label(k: int) -> str:
    return "spam" if k % 3 == 0 else "ham"


def text(k: int) -> str:
    return f"{'win cash now' if k % 3 == 0 else 'see you at lunch'} number {k}"


@pytest.fixture
def mails(tmp_path):
    """A CSV file of 60 mails, nine of them labelled."""
    path = tmp_path / "mails.csv"
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "body", "label"])
        rows.writerows([f"m{k}", text(k), label(k) if k < 9 else ""] for k in range(60))
    return path


@pytest.fixture
def folder(querist, mails, tmp_path):
    """A campaign over the mails, with nine given labels and a first model."""
    path = tmp_path / "c"
    args = ("--id", "id", "--text", "body", "--label", "label", "--ask", "spam,ham")
    made = querist(
        "new", mails, *args, "--batch", 10, "--budget", 30, "--price", 0.5, "--dir", path
    )
    assert made.code == 0, made.err
    return path


@pytest.fixture
def answer_all(querist):
    """Take and answer all tasks that wait."""

    def answer(path: Path, by: str = "ann", n: int = 100) -> list[Any]:
        tasks = querist("ask", path, "-n", n, "--by", by, "--json").lines
        told = [{**task, "value": label(int(task["item_id"][1:]))} for task in tasks]
        ran = querist("tell", path, "--by", by, stdin="\n".join(map(json.dumps, told)))
        assert ran.code == 0, ran.out
        return told

    return answer
