"""Where the time of a run went: waiting for labels, or computing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from querist.core.events import Stepped

if TYPE_CHECKING:
    from querist.reports.page import Table


class Wait(NamedTuple):
    """One round: its number, the labels that came in before it, and seconds of either kind."""

    round: int
    labels: int
    waiting: float
    computing: float


def waits(steps: Sequence[Stepped]) -> list[Wait]:
    """Seconds from each round's batch to the start of the next, and seconds of computing.

    Waiting is wall time, nights and weekends included: it is what the model had to wait.

    Examples
    --------
    >>> first = Stepped(at=100.0, round={"number": 0, "labels": 0, "seconds": {"select": 1.0}})
    >>> next = Stepped(at=160.0, round={"number": 1, "labels": 20, "seconds": {"fit": 4.0}})
    >>> waits([first, next])[-1]
    Wait(round=1, labels=20, waiting=56.0, computing=4.0)
    """
    found: list[Wait] = []
    before: Stepped | None = None
    for step in steps:
        computing = float(sum(step.round.get("seconds", {}).values()))
        waiting, labels = 0.0, 0
        if before is not None:
            waiting = max(step.at - computing - before.at, 0.0)
            labels = step.round["labels"] - before.round["labels"]
        found.append(Wait(step.round["number"], labels, waiting, computing))
        before = step
    return found


def waits_said(found: Sequence[Wait]) -> str:
    """The whole of it in one sentence; empty before the second round.

    Examples
    --------
    >>> waits_said([Wait(0, 0, 0.0, 1.0), Wait(1, 20, 55.0, 4.0)])
    'Waiting for labels took 55 s, computing 5 s: 92 % of the time went into waiting.'
    """
    waiting, computing = sum(w.waiting for w in found), sum(w.computing for w in found)
    if len(found) < 2 or not waiting + computing:
        return ""
    share = 100 * waiting / (waiting + computing)
    return (
        f"Waiting for labels took {duration(waiting)}, computing {duration(computing)}: "
        f"{share:.0f} % of the time went into waiting."
    )


def waits_table(found: Sequence[Wait]) -> Table:
    """A row a round."""
    from querist.reports.page import Table  # loads plotly, which a server does not at its start

    rows = [[w.round, w.labels, duration(w.waiting), duration(w.computing)] for w in found]
    return Table(["round", "new labels", "waited for labels", "computing"], rows)


def duration(seconds: float) -> str:
    """Seconds in words a person reads at a glance.

    Examples
    --------
    >>> [duration(s) for s in (0.25, 42, 754, 7300, 200_000)]
    ['0.25 s', '42 s', '12 min 34 s', '2 h 1 min', '2 d 7 h']
    """
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    for size, name, below, smaller in (
        (86_400, "d", 3600, "h"),
        (3600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size} {name}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"
