"""What a campaign cost: every label by what it was bought for, and the computing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from querist.loop.state import IMPORTED, State, Vote
from querist.reports.page import Amount, Table

COSTS = {
    "seed": "first batch, before any model",
    "open": "picked by the strategy",
    "control": "control slice, drawn at random",
    "holdout": "holdout, for measuring",
    "requested": "requested by the owner",
    "volunteered": "told unasked",
    "repeat": "second opinions",
    "imported": "imported",
}


def label_costs(state: State) -> dict[str, int]:
    """Standing answers by what they were bought for; all but "imported" add up to `bought`.

    Examples
    --------
    >>> import querist as q
    >>> c = q.campaign([f"text {i}" for i in range(40)], q.Choice(["odd", "even"]), batch=10)
    >>> c.tell_many({"task": task, "value": "odd"} for task in c.ask(10))
    >>> state = State()
    >>> state.fold(c.log.read())
    >>> label_costs(state)
    {'seed': 9, 'control': 1}
    """
    counted: Counter[str] = Counter()
    for votes in state.votes.values():
        paid = [vote for vote in votes.values() if vote.by != IMPORTED]
        counted["imported"] += len(votes) - len(paid)
        counted["repeat"] += max(len(paid) - 1, 0)
        if paid:
            counted[_kind(state, min(paid, key=lambda vote: vote.position))] += 1
    return {name: counted[name] for name in COSTS if counted[name]}


def cost_table(state: State, price: float | None) -> Table:
    """The cost sheet: labels and money by kind, their total, and the seconds of computing."""
    costs = label_costs(state)
    rate = 0.0 if price is None else price

    def money(labels: int, name: str = "") -> Amount | None:
        return None if price is None else Amount(0.0 if name == "imported" else rate * labels)

    rows: list[list[Any]] = [[COSTS[name], n, money(n, name), None] for name, n in costs.items()]
    rows.append(["total bought", state.bought, money(state.bought), None])
    spent: Counter[str] = Counter()
    for turn in state.rounds:
        spent.update({f"computing: {name}": s for name, s in turn.seconds.items()})
    rows += [[name, None, None, round(seconds, 2)] for name, seconds in spent.items()]
    told = [v.seconds for votes in state.votes.values() for v in votes.values() if v.seconds]
    if told:
        rows.append(["people, as far as measured", None, None, round(sum(told), 1)])
    return Table(["for", "labels", "money", "seconds"], rows)


def _kind(state: State, vote: Vote) -> str:
    task = state.tasks.get(vote.task_id)
    if task is None:
        return "volunteered"
    if task.why.arm == "open" and task.model_version is None:
        return "seed"
    return task.why.arm
