"""The journal: what is decided on a state is written on that state, or decided again."""

import pytest

from querist.core.errors import Conflict, LogFull
from querist.core.events import Retracted, Told
from querist.logs.memory import MemoryLog
from querist.logs.sqlite import SQLiteLog
from querist.loop.journal import Journal


def told(item_id, by="ann"):
    return Told(item_id=item_id, value="a", by=by)


def test_own_events_and_those_of_others_are_folded_in_log_order():
    log = MemoryLog()
    one, two = Journal(log), Journal(log)
    one.append([told("x")])
    two.append([told("y"), told("z")])
    one.sync()
    assert list(one.state.votes) == list(two.state.votes) == ["x", "y", "z"]
    assert one.state.position == two.state.position == log.position == 3


def test_a_decision_that_was_outrun_is_made_again():
    log = MemoryLog()
    journal, other = Journal(log), Journal(log)
    seen = []

    def look():
        seen.append(journal.state.bought)
        if len(seen) == 1:
            other.append([told("x")])
        return [told(f"after-{journal.state.bought}")], journal.state.bought

    assert journal.decide(look) == 1
    assert seen == [0, 1]
    assert list(journal.state.votes) == ["x", "after-1"]


def test_an_answer_taken_back_twice_at_once_folds():
    log = MemoryLog()
    log.append([told("x"), *[Retracted(item_id="x", by="ann")] * 2])
    state = Journal(log).state
    assert state.bought == 0 and not state.votes


@pytest.fixture
def file_log(tmp_path):
    log = SQLiteLog(tmp_path / "log.db")
    yield log
    log.close()


def test_many_decisions_are_one_commit(file_log):
    journal = Journal(file_log)
    with journal.together():
        for name in "xyz":
            journal.append([told(name)])
            assert name in journal.state.votes
            journal.sync()
        with journal.together():
            journal.decide(lambda: ([told("w")], None))
        assert file_log.position == 0
    journal.settle()
    assert file_log.commits == 1
    assert list(journal.state.votes) == [*"xyzw"] == [e.item_id for _, e in file_log.read()]


def test_a_block_begins_with_what_others_wrote(file_log, tmp_path):
    other = SQLiteLog(tmp_path / "log.db")
    journal = Journal(file_log)
    other.append([told("theirs")])
    with journal.together():
        assert list(journal.state.votes) == ["theirs"]
        journal.append([told("mine")])
        with pytest.raises(Conflict):
            journal.append([told("late")], expect=1)
    assert list(Journal(other).state.votes) == ["theirs", "mine"]
    other.close()


@pytest.mark.parametrize("held", [True, False])
def test_listeners_hear_each_event_once_and_in_order(held, file_log):
    log = file_log if held else MemoryLog()
    journal, other = Journal(log), Journal(log)
    heard = []
    journal.listen(lambda position, event: heard.append((position, event.item_id)))
    other.append([told("a")])
    with journal.together():
        journal.append([told("b")])
        if held:
            assert heard == [(1, "a")]  # what is not committed yet is no news
    other.append([told("c")])
    journal.sync()
    assert heard == [(1, "a"), (2, "b"), (3, "c")]


def test_a_block_that_fails_leaves_no_trace(file_log):
    journal = Journal(file_log)
    heard, touched = [], []
    journal.append([told("before")])
    journal.listen(lambda position, event: heard.append(event.item_id))
    journal.state.watch(touched.append)
    with pytest.raises(LogFull), journal.together():
        journal.append([told("a")])
        file_log._writer._connection.execute("PRAGMA max_page_count = 8")
        journal.append([Told(item_id="b", value="x" * 100_000, by="ann")])
    assert list(journal.state.votes) == ["before"] and journal.state.bought == 1
    assert journal.state.position == file_log.position == 1
    assert heard == [] and set(touched) == {"before", "a", "b"}
    journal.append([told("after")])
    assert heard == ["after"] and list(journal.state.votes) == ["before", "after"]


def test_a_log_that_cannot_be_held_writes_each_decision():
    journal = Journal(MemoryLog())
    with pytest.raises(KeyError), journal.together():
        journal.append([told("x")])
        raise KeyError
    journal.settle()
    assert list(journal.state.votes) == ["x"]
    assert [position for position, _ in journal.log.read()] == [1]
