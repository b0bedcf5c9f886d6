"""The journal: what is decided on a state is written on that state, or decided again."""

from querist.core.events import Retracted, Told
from querist.logs.memory import MemoryLog
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
