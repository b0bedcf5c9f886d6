from __future__ import annotations

import pytest

from querist.server import audit
from querist.server.audit import Audit, enter
from querist.server.people_file import PeopleFile


@pytest.fixture
def clock():
    return {"now": 1000.0}


@pytest.fixture
def file(tmp_path, clock):
    made = PeopleFile(tmp_path, lambda: clock["now"])
    yield made
    made.close()


def test_lines_come_newest_first_and_in_pages(file):
    with file.write() as db:
        for k in range(5):
            enter(db, float(k), "login", name=f"p{k}", address="127.0.0.1")
    kept = Audit(file)
    assert [line.name for line in kept.entries(2)] == ["p4", "p3"]
    assert [line.name for line in kept.entries(9, before=kept.entries(2)[-1].id)] == [
        "p2",
        "p1",
        "p0",
    ]
    first = kept.entries()[-1].to_json()
    assert first["by"] == "p0" and first["address"] == "127.0.0.1" and first["at"] == 0.0


def test_refusals_by_the_thousand_write_a_few_lines_a_minute(file, clock):
    kept = Audit(file)
    for _ in range(3):
        for _ in range(500):
            kept.refused("203.0.113.9", "wrong token")
        clock["now"] += 61
    kept.refused("203.0.113.9", "wrong token")
    lines = kept.entries(1000)
    assert len(lines) == 3 * audit.LOUD + 3 + 1
    assert [line.detail for line in lines].count("and 470 more") == 3
    before = len(lines)
    kept.flush()
    assert len(kept.entries(1000)) == before


def test_old_refusals_go_and_everything_else_stays(file, clock, monkeypatch):
    monkeypatch.setattr(audit, "KEPT", 50)
    kept = Audit(file)
    with file.write() as db:
        enter(db, 0.0, "login", name="ann")
    for _ in range(200):
        clock["now"] += 61
        kept.refused("203.0.113.9", "wrong token", name="x")
    lines = kept.entries(1000)
    assert sum(line.kind == "refused" for line in lines) == 50
    assert [line.name for line in lines if line.kind == "login"] == ["ann"]
    assert lines[0].at == clock["now"]
