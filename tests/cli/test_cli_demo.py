"""The demo: from nothing to a report, again and again, and never over what is not its own."""

import pytest

from querist.cli import demo
from querist.cli.demo import MARK, clear
from querist.core.errors import BadInput


def cache_of(replay):
    """The replays of the first demo: those of the second are the same ones, seed by seed."""
    kept = []

    def once(*args):
        if not kept:
            kept.append(replay(*args))
        return kept[0]

    return once


@pytest.mark.slow
def test_the_demo_runs_twice_and_leaves_a_campaign(querist, tmp_path, monkeypatch):
    folder = tmp_path / "demo"
    monkeypatch.setattr(demo, "_replay", cache_of(demo._replay))
    ran = querist("demo", "--dir", folder, "--quick")
    assert ran.code == 0, ran.err
    for piece in (
        "labels",
        "accuracy",
        "saved",
        "money",
        "report.html",
        "querist serve",
        "querist why",
    ):
        assert piece in ran.out
    assert "\x1b" not in ran.out + ran.err  # a pipe gets plain lines
    assert (folder / "report.html").stat().st_size > 1e6
    again = querist("demo", "--dir", folder, "--quick", "--json").json
    assert again["saved"]["seeds"] == 3
    assert again["accuracy_truth"]["value"] > 0.9
    assert again["holdout"] == 300 and again["training"] <= 300 and again["labels"] <= 600
    # the hands of three people, and what they told while the last model trained
    assert 0 <= again["late"] < 100
    assert querist("doctor", folder).code == 0
    assert again["item"] in querist("why", folder, again["item"]).out
    refilled = querist("change", folder, "--budget", 700, "--until", "target=0.99")
    assert refilled.code == 0
    assert querist("step", folder).code == 0
    assert len(querist("ask", folder, "-n", 5, "--json").lines) == 5
    assert "round 1: " in (folder / "work.log").read_text()  # another process trained


def test_it_clears_only_what_a_demo_made(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(BadInput, match="stays as it is"):
        clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    folder = tmp_path / "demo"
    clear(folder)
    (folder / "notes.txt").write_text("mine too")
    (folder / "log.sqlite").write_text("old")
    clear(folder)
    assert sorted(path.name for path in folder.iterdir()) == [MARK, "notes.txt"]
