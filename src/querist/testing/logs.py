"""What every log must do, as tests: inherit `LogContract` and say how your log is made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol

import pytest

from querist.core.errors import BadInput, Conflict, LogError, TamperedLog
from querist.core.events import (
    Asked,
    Event,
    ItemsAdded,
    Noted,
    Opened,
    QuestionChanged,
    Queued,
    QueuedItem,
    RecipeChanged,
    Released,
    Retracted,
    Skipped,
    Stepped,
    Told,
)
from querist.core.protocols import Log

ODD_TEXT = 'Ünï·cødé "quoted" \\ \x00 \n\r\t \u2028 שלום 日本 🏷️ e\u0301'
_MIXED: dict[str, Any] = {
    "": None,
    ODD_TEXT: [1, -2.5, 5e-324, 1.7e308, 2**70, True, None, {"a": []}],
}


class CheckedLog(Log, Protocol):
    """A log that can also be asked where it ends and whether its chain holds."""

    @property
    def position(self) -> int:
        """Position of the last event; 0 for an empty log."""

    def verify(self) -> int:
        """Walk the hash chain; return the last position or raise TamperedLog."""


def every_event() -> list[Event]:
    """One event of each kind, full of values that are easily damaged on the way.

    Examples
    --------
    >>> from querist.core.events import EVENTS
    >>> [event.kind for event in every_event()] == list(EVENTS)
    True
    """
    item = QueuedItem(
        task_id="r1-0",
        item_id=ODD_TEXT,
        arm="policy",
        strategy="0.7 * Entropy()",
        score=None,
        rank=0,
        probability=1 / 3,
        candidates=10**7,
    )
    return [
        Opened(at=1.7e9, question=_MIXED, seed=2**63, recipe=_MIXED, reserved={"stop": 0.1}),
        ItemsAdded(at=0.1 + 0.2, count=3, total=3, digest="0" * 64),
        Queued(round=1, model_version=None, items=(item, item)),
        Asked(task_ids=("r1-0", ODD_TEXT), by=ODD_TEXT, lease=1e-9),
        Told(task_id="", item_id=ODD_TEXT, value=_MIXED, seconds=None, key=ODD_TEXT),
        Skipped(task_id="r1-0", item_id="a", reason=ODD_TEXT),
        Retracted(task_id="r1-0", item_id="a", by=""),
        Released(task_ids=("r1-0", ODD_TEXT), by=ODD_TEXT),
        Noted(task_id="r1-0", item_id=ODD_TEXT, by="ann", text=ODD_TEXT, flag=True),
        Stepped(round=_MIXED, upto=4, model="models/1.skops"),
        RecipeChanged(name="batch", old=None, new=[0, -0.0, "10"], by=ODD_TEXT),
        QuestionChanged(old=_MIXED, new={"labels": [ODD_TEXT]}, by=ODD_TEXT),
    ]


def told(*values: Any) -> list[Told]:
    """Answers with the values given, one each.

    Examples
    --------
    >>> [event.value for event in told("spam", 2)]
    ['spam', 2]
    """
    return [Told(item_id=f"i{value}", value=value) for value in values]


class LogContract:
    """Tests for one kind of log.

    Override `make_log`; for a log that others can open too, set `shared` and let `make_log`
    open the same one again; override `tamper` where rows can be changed from outside.

    Examples
    --------
    >>> from querist.logs import open_log
    >>> class TestMine(LogContract):
    ...     def make_log(self, tmp_path):
    ...         return open_log("memory://")
    >>> TestMine().make_log(None).append(told("spam"))
    1
    """

    shared: ClassVar[bool] = False

    def make_log(self, tmp_path: Path) -> CheckedLog:
        """Open the log: a new one in a new folder, the same one again in the same folder."""
        raise NotImplementedError("say in make_log how your log is opened")

    def tamper(self, tmp_path: Path, position: int, payload: str | None) -> None:
        """Change the text of one row behind the log's back; None takes the row away."""
        pytest.skip("the rows of this log cannot be changed from outside")

    @pytest.fixture
    def log(self, tmp_path: Path) -> Iterator[CheckedLog]:
        """A new log."""
        log = self.make_log(tmp_path)
        yield log
        log.close()

    def test_new_log_is_empty(self, log: CheckedLog) -> None:
        """Nothing to read, position 0, a chain that holds."""
        assert list(log.read()) == []
        assert log.position == log.verify() == log.append([]) == 0

    def test_every_kind_comes_back(self, log: CheckedLog) -> None:
        """What is read equals what was appended, to the last bit."""
        events = every_event()
        assert log.append(events) == len(events)
        back = list(log.read())
        assert back == list(enumerate(events, start=1))
        assert [repr(event) for _, event in back] == [repr(event) for event in events]
        assert log.verify() == log.position == len(events)

    def test_later_changes_do_not_show(self, log: CheckedLog) -> None:
        """An event is a fact: changing the value that was appended does not change it."""
        value = ["spam"]
        log.append(told(value))
        value.append("ham")
        assert [event for _, event in log.read()] == [Told(item_id="i['spam']", value=["spam"])]

    def test_positions_are_consecutive(self, log: CheckedLog) -> None:
        """Batches of any size are numbered on from each other."""
        ends = [log.append(told(*range(size))) for size in (1, 3, 2)]
        assert ends == [1, 4, 6]
        assert [position for position, _ in log.read()] == [1, 2, 3, 4, 5, 6]

    def test_read_after(self, log: CheckedLog) -> None:
        """Reading goes on from a position, also past the end."""
        log.append(told(*"abcd"))
        assert [(at, told_.value) for at, told_ in _answers(log, after=2)] == [(3, "c"), (4, "d")]
        assert list(log.read(after=4)) == list(log.read(after=9)) == []

    def test_many_events(self, log: CheckedLog) -> None:
        """Ten thousand rows come back in order."""
        log.append(told(*range(10_000)))
        assert [event.value for _, event in _answers(log)] == list(range(10_000))
        assert [position for position, _ in log.read(after=9_998)] == [9_999, 10_000]

    def test_expect(self, log: CheckedLog) -> None:
        """Who knows the end may write; who does not gets Conflict, and nothing is written."""
        assert log.append(told("a"), expect=0) == 1
        for wrong in (0, 2):
            with pytest.raises(Conflict, match=f"position 1, not at {wrong}"):
                log.append(told("b"), expect=wrong)
        with pytest.raises(Conflict):
            log.append([], expect=0)
        assert log.append(told("c"), expect=1) == 2
        assert [event.value for _, event in _answers(log)] == ["a", "c"]

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), object(), {1, 2}, b"bytes", "\ud800", {(1,): 2}]
    )
    def test_a_value_without_json_is_refused(self, log: CheckedLog, value: Any) -> None:
        """A batch with one bad event is refused whole, and the log is as before."""
        log.append(told("a"))
        with pytest.raises(BadInput, match=r"event 1 \('told'\)"):
            log.append([*told("b"), Told(value=value), *told("c")])
        assert log.append(told("d")) == 2
        assert [event.value for _, event in _answers(log)] == ["a", "d"]
        assert log.verify() == 2

    def test_a_foreign_event_is_refused(self, log: CheckedLog) -> None:
        """What no log could read back does not get in."""
        with pytest.raises(BadInput, match="append events of the kinds"):
            log.append([Event()])
        assert log.position == 0

    def test_threads(self, log: CheckedLog) -> None:
        """Concurrent batches: none lost, doubled or torn, each where its caller was told."""
        ends: dict[str, int] = {}

        def write(name: str) -> None:
            for number in range(20):
                batch = [f"{name}.{number}.{part}" for part in range(1 + number % 3)]
                ends[batch[-1]] = log.append(told(*batch))

        _together([threading.Thread(target=write, args=(name,)) for name in "abcdefgh"])
        found = {event.value: position for position, event in _answers(log)}
        assert sorted(found.values()) == list(range(1, log.position + 1))
        assert len(ends) == 160
        assert len(found) == log.verify() == 8 * sum(1 + number % 3 for number in range(20))
        for last, position in ends.items():
            stem, parts = last.rsplit(".", 1)
            for part in range(int(parts) + 1):
                assert found[f"{stem}.{part}"] == position - int(parts) + part

    def test_one_winner_per_position(self, log: CheckedLog) -> None:
        """Of several writers who expect the same end, one writes and the others get Conflict."""
        won: list[int] = []

        def count() -> None:
            while (end := log.position) < 60:
                try:
                    won.append(log.append(told(end), expect=end))
                except Conflict:
                    continue

        _together([threading.Thread(target=count) for _ in range(4)])
        assert sorted(won) == list(range(1, log.position + 1))
        assert [event.value for _, event in _answers(log)] == list(range(log.position))

    def test_closed(self, log: CheckedLog) -> None:
        """After close, which may be called again, nothing more can be appended."""
        log.append(told("a"))
        log.close()
        log.close()
        with pytest.raises(LogError, match="closed"):
            log.append(told("b"))

    def test_reopened(self, tmp_path: Path, log: CheckedLog) -> None:
        """What was appended is there when the log is opened again, and goes on."""
        if not self.shared:
            pytest.skip("this log ends with its handle")
        log.append(every_event())
        log.close()
        again = self.make_log(tmp_path)
        assert [event for _, event in again.read()] == every_event()
        assert again.append(told("z"), expect=len(every_event())) == again.verify()
        again.close()

    def test_two_handles(self, tmp_path: Path, log: CheckedLog) -> None:
        """Two handles on one log see and respect each other."""
        if not self.shared:
            pytest.skip("this log has one handle")
        other = self.make_log(tmp_path)
        assert log.append(told("a")) == 1
        with pytest.raises(Conflict):
            other.append(told("b"), expect=0)
        assert other.append(told("c"), expect=1) == log.position == 2
        assert list(log.read()) == list(other.read())
        other.close()
        assert log.append(told("d")) == log.verify() == 3

    @pytest.mark.parametrize("position", [1, 2, 4])
    @pytest.mark.parametrize("payload", [None, '{"kind":"told","v":1}', "", "{"])
    def test_tampering_shows(
        self, tmp_path: Path, log: CheckedLog, position: int, payload: str | None
    ) -> None:
        """A row changed or taken away, the last one too, is named by verify."""
        log.append(told(*"abcd"))
        assert log.verify() == 4
        self.tamper(tmp_path, position, payload)
        with pytest.raises(TamperedLog, match=f"row {position} "):
            log.verify()


def _answers(log: Log, after: int = 0) -> list[tuple[int, Told]]:
    return [(at, event) for at, event in log.read(after) if isinstance(event, Told)]


def _together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
