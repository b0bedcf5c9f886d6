"""What the API says of tasks and items, as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from querist.core.protocols import Pool
from querist.core.types import Task
from querist.loop.queue import TaskState
from querist.loop.state import State

KINDS = {"text": "text", "image": "image", "table": "table", "array": "vector", "sparse": "vector"}
BLIND = ("control", "holdout", "stop", "gold")  # arms nobody who labels is told of


def task_json(pool: Pool, state: State, task: Task) -> dict[str, Any]:
    """A task as its annotator sees it: what tells a control item from others stays here."""
    shaped = {
        "task_id": task.task_id,
        "item_id": task.item_id,
        "item": item_json(pool, task.item_id, task.item),
        "view": task.view,
        "kind": KINDS.get(pool.kind, "text"),
    }
    found = state.tasks.get(task.task_id)
    if found is None:
        return shaped
    shaped |= {"round": found.round, "lease_until": found.until}
    recipe, why = state.recipe, found.why
    if why.arm in BLIND:
        return shaped
    if not recipe.get("blind_why"):
        shaped["why"] = why_json(found)
    if recipe.get("suggestions") and why.guess is not None:
        shaped["suggestion"] = {"value": why.guess, "probability": why.sure}
    return shaped


def why_json(task: TaskState) -> dict[str, Any]:
    """Why a task was queued."""
    names = ("arm", "strategy", "score", "rank", "probability", "candidates")
    found = {name: getattr(task.why, name) for name in names}
    return {**found, "model_version": task.model_version}


def item_json(pool: Pool, item_id: str, item: Any) -> Any:
    """An item as JSON; an image file becomes its address below the campaign."""
    if pool.kind == "image" and isinstance(item, str) and not item.startswith("data:"):
        return f"api/v1/image/{quote(item_id, safe='')}"
    return item
