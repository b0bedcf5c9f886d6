"""What the API says of tasks and items, as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from querist.core.types import Task
from querist.loop.state import State
from querist.server.campaigns import Open

KINDS = {"text": "text", "image": "image", "table": "table", "array": "vector", "sparse": "vector"}
BLIND = ("control", "holdout", "stop", "gold")  # arms nobody who labels is told of


def task_json(here: Open, state: State, task: Task) -> dict[str, Any]:
    """A task as its annotator sees it."""
    found = state.tasks[task.task_id]
    shaped = {
        "task_id": task.task_id,
        "item_id": task.item_id,
        "item": item_json(here, task.item_id, task.item),
        "view": task.view,
        "kind": KINDS.get(here.pool.kind, "text"),
        "round": found.round,
        "lease_until": found.until,
    }
    if found.why.arm not in BLIND:
        shaped["why"] = {
            "strategy": found.why.strategy,
            "score": found.why.score,
            "rank": found.why.rank,
            "candidates": found.why.candidates,
            "model_version": found.model_version,
        }
    return shaped


def item_json(here: Open, item_id: str, item: Any) -> Any:
    """An item as JSON; an image file becomes its address below the campaign's API."""
    if here.pool.kind == "image" and isinstance(item, str) and not item.startswith("data:"):
        return f"api/v1/image/{quote(item_id, safe='')}"
    return item
