"""Logs written once must be readable for ever: the lines of the golden file never change."""

from pathlib import Path

import pytest

from querist.core.events import EVENTS, GENESIS, event_from_json, event_to_json, link

GOLDEN = Path(__file__).parent / "golden"
LINES = (GOLDEN / "v1.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
LATER = (GOLDEN / "v2.jsonl").read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize("line", [*LINES, *LATER], ids=lambda line: event_from_json(line).kind)
def test_the_line_reads_and_writes_as_before(line):
    assert event_to_json(event_from_json(line)) == line


def test_every_kind_is_there():
    assert {event_from_json(line).kind for line in [*LINES, *LATER]} == set(EVENTS)


def test_values_read_as_they_were_meant():
    by_kind = {event.kind: event for event in map(event_from_json, LINES)}
    assert by_kind["opened"].reserved == {"control": 0.3, "holdout": 0.1, "stop": 0.2}
    assert by_kind["queued"].items[0].probability == 1 / 3
    assert by_kind["queued"].items[1].score is None
    assert by_kind["asked"].task_ids == ("r1-0", "r1-1")
    assert by_kind["told"].value == ["späm", None, 2.5, 2**70, {"nested": True}]
    assert by_kind["told"].at == 0.1 + 0.2


def test_what_an_old_line_lacks_is_as_it_was_then():
    by_kind = {event.kind: event for event in map(event_from_json, LINES)}
    assert by_kind["told"].guidelines == 0 and by_kind["told"].suggested is None
    assert {(i.guess, i.sure) for i in by_kind["queued"].items} == {(None, None)}


def test_later_fields_are_read():
    by_kind = {event.kind: event for event in map(event_from_json, LATER)}
    assert (by_kind["told"].guidelines, by_kind["told"].suggested) == (3, ["späm"])
    assert [(i.guess, i.sure) for i in by_kind["queued"].items] == [("späm", 0.75), (None, None)]
    assert by_kind["released"].task_ids == ("r1-0", "r1-1")
    assert by_kind["noted"].flag and by_kind["question_changed"].new["labels"][-1] == "neu"


def test_the_chain_hashes_as_before():
    digest = GENESIS
    for line in LINES:
        digest = link(digest, line)
    assert digest == "7fc719348c53a3ee3fd236917c90b5b101bb50f944a3f8b6f0565c18f2fe5d6c"
