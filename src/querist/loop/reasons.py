"""Why an item was asked, from the state alone."""

from __future__ import annotations

from querist.loop.growth import Growth
from querist.loop.state import State
from querist.reports.text import why


def reasons(state: State, growth: Growth, item_id: str) -> str:
    """In plain words: why an item was asked, by which model, who labelled it, and when.

    Raises
    ------
    UnknownTask
        When the pool holds no such item.
    """
    role = growth.ledger.role_of(int(growth.pool.rows([item_id])[0]))
    tasks = [state.tasks[t] for t in state.by_item.get(item_id, ())]
    firsts = {task.batch: task for task in reversed(tasks)}  # copies were picked as one
    asked = [firsts[batch] for batch in sorted(firsts)]
    return why(
        item_id,
        role=role,
        asked=[(task.why, task.round, task.model_version) for task in asked],
        votes=[(v.by, v.value, v.at) for v in state.votes.get(item_id, {}).values()],
        skips=[(s.by, s.reason, s.at) for s in state.skips.get(item_id, [])],
        stood_in={task.why.task_id for task in asked if task.stood_in},
    )
