"""Groups of items: who is asked about, and how well each group is served."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.measures import leading
from querist.core.types import Interval, Ints, Round
from querist.loop.ledger import Ledger
from querist.loop.needs import groups_of
from querist.loop.state import State
from querist.reports.page import Table

FEWEST = 10  # measured items below which a score of a group says nothing a person could use


def digest_of_groups(groups: NDArray[np.str_]) -> str:
    """What the log says of groups: their number and a hash that names them.

    Examples
    --------
    >>> digest_of_groups(np.array(["north", "south", "north"]))
    '2 groups, sha256 e5217e8e76794fdf'
    """
    named = hashlib.sha256("\n".join(groups.tolist()).encode()).hexdigest()[:16]
    return f"{len(set(groups.tolist()))} groups, sha256 {named}"


def key_of(metric: str, group: str) -> str:
    """Name of a metric of one group among the metrics of a round.

    Examples
    --------
    >>> key_of("accuracy", "north")
    'accuracy[group north]'
    """
    return f"{metric}[group {group}]"


def by_group(
    score: Any, metric: str | None, groups: NDArray[np.str_] | None
) -> dict[str, Interval]:
    """The leading metric of every group that has at least ten measured items.

    `score` maps a mask over the measured items to their metrics.
    """
    if groups is None or metric is None:
        return {}
    found = {}
    for name in np.unique(groups).tolist():
        mask = groups == name
        if np.count_nonzero(mask) >= FEWEST:
            found[key_of(metric, name)] = score(mask)[metric]
    return found


def group_rows(state: State, ledger: Ledger, last: Round) -> list[dict[str, Any]]:
    """A dict a group: its items, labels, questions of the strategy, and the last score.

    Keys: `group`; `items` and `share`, of the pool; `labels` and `labels_share`, of the
    training labels; `asked` and `asked_share`, of the answers to what the strategy picked;
    `measured`, items the score is of; `metric`, `value`, `low`, `high`, None below ten of
    them. Empty without groups.
    """
    groups = groups_of(ledger.pool)
    if groups is None:
        return []
    names, of = np.unique(groups, return_inverse=True)
    training = ledger.training_rows()
    measured = ledger.measuring_rows()
    if last.measured_on == "control":
        measured = training[ledger.drawn(training)]

    def count(rows: Ints) -> Ints:
        return np.bincount(of[rows], minlength=len(names))

    items = {"items": count(np.arange(len(of)))}
    counts = items | {"labels": count(training), "asked": count(_asked(state, ledger))}
    on = count(measured) if last.measured_on else np.zeros(len(names), dtype=np.int64)
    shares = {name: part / max(int(part.sum()), 1) for name, part in counts.items()}
    metric = leading(last.metrics)
    rows = []
    for g, name in enumerate(names.tolist()):
        row: dict[str, Any] = {"group": name}
        for key, part in counts.items():
            row[key] = int(part[g])
            row["share" if key == "items" else f"{key}_share"] = float(shares[key][g])
        found = last.metrics.get(key_of(metric or "", name))
        row |= {"measured": int(on[g]), "metric": metric}
        row |= dict.fromkeys(("value", "low", "high")) if found is None else vars(found)
        rows.append(row)
    return rows


def _asked(state: State, ledger: Ledger) -> Ints:
    """Rows that were answered because the strategy picked them."""
    chosen = []
    for item_id, votes in state.votes.items():
        first = min(votes.values(), key=lambda vote: vote.position)  # the one that was bought
        task = state.tasks.get(first.task_id)
        if task is not None and task.why.arm == "open":
            chosen.append(item_id)
    found: Ints = ledger.pool.rows(chosen) if chosen else np.zeros(0, dtype=np.int64)
    return found


def group_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """The groups as a table of the report."""
    metric = next((row["metric"] for row in rows if row["metric"]), "score")
    columns = ["group", "items", "training labels", "asked by the strategy", "measured", metric]

    def part(row: Mapping[str, Any], key: str, share: str) -> str:
        return f"{row[key]:,} ({100 * row[share]:.0f} %)"

    return Table(
        columns,
        [
            [
                row["group"],
                part(row, "items", "share"),
                part(row, "labels", "labels_share"),
                part(row, "asked", "asked_share"),
                row["measured"],
                _score_of(row),
            ]
            for row in rows
        ],
    )


def _score_of(row: Mapping[str, Any]) -> Interval | str:
    if row["value"] is not None:
        return Interval(row["value"], row["low"], row["high"])
    return f"not told: fewer than {FEWEST} items" if row["metric"] else ""
