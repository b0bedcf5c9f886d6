"""What every log shares: events to rows of text, rows to events, and the walk along the chain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from querist.core.errors import BadInput, Conflict, LogError, NewerLog, TamperedLog
from querist.core.events import EVENTS, GENESIS, Event, event_from_json, event_to_json, link

Row = tuple[int, str, str]


def payloads_of(events: Sequence[Event]) -> list[str]:
    """Texts of the events, refusing what could not be read back.

    Raises
    ------
    BadInput
        An event of a kind no log knows, or one holding a value JSON has no form for.

    Examples
    --------
    >>> from querist.core.events import Told
    >>> payloads_of([Told(value=float("nan"))])
    Traceback (most recent call last):
    querist.core.errors.BadInput: event 0 ('told') cannot be logged: Out of range float values \
are not JSON compliant; use text, finite numbers, true, false, null, lists and dicts of them
    """
    payloads = []
    for number, event in enumerate(events):
        if EVENTS.get(getattr(event, "kind", "")) is not type(event):
            raise BadInput(
                f"event {number} is a {type(event).__name__}, which no log can read back; "
                f"append events of the kinds {', '.join(EVENTS)}"
            )
        try:
            payload = event_to_json(event)
            payload.encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise BadInput(
                f"event {number} ({event.kind!r}) cannot be logged: {error}; use text, "
                "finite numbers, true, false, null, lists and dicts of them"
            ) from error
        payloads.append(payload)
    return payloads


def chain(position: int, previous: str, payloads: Iterable[str]) -> list[Row]:
    """Rows that follow the row at `position`, whose hash is `previous`.

    Examples
    --------
    >>> [(position, payload) for position, payload, _ in chain(4, GENESIS, ["{}", "{}"])]
    [(5, '{}'), (6, '{}')]
    """
    rows = []
    for payload in payloads:
        position += 1
        previous = link(previous, payload)
        rows.append((position, payload, previous))
    return rows


def check_expect(expect: int | None, position: int) -> None:
    """Raise Conflict unless a log that ends at `position` ends where the writer expects.

    Examples
    --------
    >>> check_expect(3, 3)
    >>> check_expect(None, 3)
    """
    if expect is not None and expect != position:
        raise Conflict(
            f"the log ends at position {position}, not at {expect} as expected: someone else "
            "wrote to it; read on from there and try again"
        )


def event_at(position: int, payload: str) -> Event:
    """Read the event of one row.

    Raises
    ------
    NewerLog
        A newer querist wrote it.
    LogError
        The row is damaged.

    Examples
    --------
    >>> event_at(7, "{}")
    Traceback (most recent call last):
    querist.core.errors.LogError: row 7 is damaged (a row of the log is not an event: '{}' \
('kind')); restore the log from a backup
    """
    try:
        return event_from_json(payload)
    except NewerLog:
        raise
    except (LogError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise LogError(
            f"row {position} is damaged ({error}); restore the log from a backup"
        ) from error


def check_chain(rows: Iterable[Row], head: tuple[int, str]) -> int:
    """Walk all rows of a log and return the last position.

    Parameters
    ----------
    rows : iterable of (position, payload, hash)
        Every row, in order.
    head : (position, hash)
        Where the log ended after its last write, kept apart from the rows.

    Raises
    ------
    TamperedLog
        Names the first position that was changed, put in or taken away.

    Examples
    --------
    >>> rows = chain(0, GENESIS, ["{}", "{}"])
    >>> check_chain(rows, (2, rows[1][2]))
    2
    >>> check_chain(rows[:1], (2, rows[1][2]))
    Traceback (most recent call last):
    querist.core.errors.TamperedLog: row 2 is missing: it was taken away after it was written; \
restore the log from a backup
    """
    last, previous = 0, GENESIS
    for position, payload, digest in rows:
        if position != last + 1:
            what = "is missing" if position > last + 1 else "comes before the first"
            raise _tampered(min(position, last + 1), what, "the rows are not consecutive")
        if position > head[0]:
            raise _tampered(position, "is one too many", "it was put in past the end of the log")
        previous = link(previous, payload)
        if digest != previous:
            raise _tampered(
                position, "breaks the hash chain", "it was changed after it was written"
            )
        last = position
    if last < head[0]:
        raise _tampered(last + 1, "is missing", "it was taken away after it was written")
    if previous != head[1]:
        raise _tampered(last, "is not the row written last", "the end of the log was replaced")
    return last


def _tampered(position: int, what: str, why: str) -> TamperedLog:
    return TamperedLog(f"row {position} {what}: {why}; restore the log from a backup")
