from pathlib import Path

import pytest

from querist.core.errors import BadInput
from querist.core.events import Told
from querist.logs.memory import MemoryLog, from_url
from querist.testing.logs import LogContract, told


class TestMemoryLog(LogContract):
    def make_log(self, tmp_path: Path) -> MemoryLog:
        self.made = MemoryLog()
        return self.made

    def tamper(self, tmp_path: Path, position: int, payload: str | None) -> None:
        rows = self.made._rows
        if payload is None:
            del rows[position - 1]
        else:
            rows[position - 1] = (position, payload, rows[position - 1][2])


def test_rows_hold_text_and_hash():
    log = MemoryLog()
    log.append([Told(item_id="a", value="spam")])
    [(position, payload, digest)] = log.rows()
    assert position == 1 and '"value":"spam"' in payload and len(digest) == 64


def test_reading_goes_on_after_close():
    log = MemoryLog()
    log.append(told("a"))
    log.close()
    assert [event.value for _, event in log.read()] == ["a"]


def test_url():
    assert isinstance(from_url("memory://"), MemoryLog)
    with pytest.raises(BadInput, match="memory://"):
        from_url("memory://name")
