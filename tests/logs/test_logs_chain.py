import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from querist.core.errors import BadInput, LogError, NewerLog, TamperedLog
from querist.core.events import GENESIS, Told
from querist.logs.chain import chain, check_chain, event_at, payloads_of
from querist.testing.logs import every_event

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(value=JSON, by=TEXT)
def test_any_json_value_comes_back(value, by):
    event = Told(value=value, by=by)
    [payload] = payloads_of([event])
    assert event_at(1, payload) == event


def test_a_bottomless_value_is_refused():
    value = []
    value.append(value)
    with pytest.raises(BadInput, match="cannot be logged"):
        payloads_of([Told(value=value)])


def test_a_subclass_no_log_knows_is_refused():
    class Mine(Told):
        kind = "mine"

    with pytest.raises(BadInput, match="event 0 is a Mine"):
        payloads_of([Mine()])
    with pytest.raises(BadInput, match="event 1 is a str"):
        payloads_of([Told(), "told"])


@pytest.mark.parametrize(
    "payload",
    ["", "[]", "null", "7", '{"kind":[],"v":1}', '{"kind":"told","v":"x"}',
     '{"kind":"queued","v":1}', '{"kind":"asked","v":1}', '{"kind":"told","v":1,"foo":2}',
     '{"kind":"queued","v":1,"items":[{}]}'],
)  # fmt: skip
def test_damaged_rows_are_named(payload):
    with pytest.raises(LogError, match=r"row 12 is damaged .*restore the log from a backup"):
        event_at(12, payload)


@pytest.mark.parametrize("payload", ['{"kind":"told","v":3}', '{"kind":"dreamt","v":1}'])
def test_newer_rows_are_told_apart_from_damaged_ones(payload):
    with pytest.raises(NewerLog, match="pip install -U querist"):
        event_at(12, payload)


def test_every_broken_chain_names_its_first_bad_row():
    rows = chain(0, GENESIS, payloads_of(every_event()))
    head = (len(rows), rows[-1][2])
    assert check_chain(rows, head) == len(rows)
    for number, (position, payload, digest) in enumerate(rows):
        before, after = rows[:number], rows[number + 1 :]
        for broken in (
            [*before, (position, payload + " ", digest), *after],
            [*before, (position, payload, GENESIS), *after],
            [*before, *after],
            [*before, *((at - 1, text, link) for at, text, link in after)],
        ):
            with pytest.raises(TamperedLog, match=f"row {position} "):
                check_chain(broken, head)
    with pytest.raises(TamperedLog, match="row 0 comes before the first"):
        check_chain([(0, "", ""), *rows], head)
    with pytest.raises(TamperedLog, match="row 1 is not the row written last"):
        check_chain(rows[:1], (1, GENESIS))
