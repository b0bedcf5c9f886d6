"""An item, and why it was asked, in plain words."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from querist.core.events import QueuedItem

_KEPT = {
    "control": "it belongs to the control queue, which is served blind inside every batch",
    "holdout": "it is reserved for the holdout, which no strategy ever sees",
    "stop": "it is reserved for the stop set, which no strategy ever sees",
}

_STOOD_IN = (
    "It stood in for the campaign's strategy, which had lost to the control slice in two checks "
    "in a row."
)


def why(
    item_id: str,
    *,
    role: str = "open",
    asked: Iterable[tuple[QueuedItem, int, int | None]] = (),
    votes: Iterable[tuple[str, Any, float]] = (),
    skips: Iterable[tuple[str, str, float]] = (),
    stood_in: Collection[str] = (),
) -> str:
    """Tell why an item was asked, by which model, who labelled it, and when.

    Parameters
    ----------
    item_id : str
        The item.
    role : str
        Its role, drawn when it entered the pool: open, control, stop or holdout.
    asked : iterable of (QueuedItem, int, int or None)
        Each time it was queued, with the round and the model version of that time.
    votes : iterable of (str, Any, float)
        Who answered, what, and when (seconds since 1970).
    skips : iterable of (str, str, float)
        Who passed on it, the reason given, and when.
    stood_in : collection of str
        Ids of the tasks that were picked in the place of a strategy that had lost to random.

    Returns
    -------
    str
        Plain text, one fact a line.

    Examples
    --------
    >>> item = QueuedItem("b3-4", "42", "open", "Margin", -0.03, 4, 1.0, 1204)
    >>> print(why("42", asked=[(item, 3, 3)], votes=[("ann", "spam", 0.0)]))
    Item 42 was asked in round 3 (rank 5) because Margin scored it -0.03 with model 3.
    1,204 candidates remained. Chance of being picked: certain (no draw was involved).
    Labelled "spam" by ann on 1970-01-01 00:00 UTC.
    """
    lines: list[str] = []
    for item, number, model in asked:
        lines += _asked(item, number, model)
        if item.task_id in stood_in:
            lines.append(_STOOD_IN)
    if not lines:
        kept = f": {_KEPT[role]}" if role in _KEPT else " by any strategy"
        lines.append(f"Item {_plain(item_id)} was not asked so far{kept}.")
    for by, value, at in votes:
        lines.append(f"Labelled {json.dumps(value, ensure_ascii=False)} by {_plain(by)} {_on(at)}.")
    for by, reason, at in skips:
        said = f" ({_plain(reason)})" if reason else ""
        lines.append(f"Skipped by {_plain(by)}{said} {_on(at)}.")
    return "\n".join(lines)


def fields_of(item: Mapping[str, Any]) -> str:
    """The fields of an item with their names, one after the other.

    Examples
    --------
    >>> fields_of({"age": 31, "city": "Oslo"})
    'age: 31 · city: Oslo'
    """
    return " · ".join(f"{name}: {value}" for name, value in item.items())


def _asked(item: QueuedItem, number: int, model: int | None) -> Iterator[str]:
    start = f"Item {_plain(item.item_id)} was asked in round {number}"
    if item.arm == "requested":
        yield f"{start} because {_plain(item.strategy)} requested it by name."
    elif item.arm == "control":
        yield (
            f"{start} as part of the control queue: drawn uniformly at random, "
            "to keep the measurement honest."
        )
        yield f"{_left(item)} {_chance(item.probability)}"
    elif item.arm in ("holdout", "stop"):
        yield (
            f"{start} for the {item.arm} set: drawn at random when it entered the pool, to "
            "measure the models; no strategy ever sees it."
        )
    else:
        trained = "before any model was trained" if model is None else f"with model {model}"
        did = "picked it" if item.score is None else f"scored it {item.score:.4g}"
        yield f"{start} (rank {item.rank + 1}) because {_plain(item.strategy)} {did} {trained}."
        yield f"{_left(item)} {_chance(item.probability)}"


def _left(item: QueuedItem) -> str:
    noun = "candidate" if item.candidates == 1 else "candidates"
    return f"{item.candidates:,} {noun} remained."


def _chance(probability: float | None) -> str:
    if probability is None:
        return "Chance of being picked: not known for this strategy."
    if probability >= 1:
        return "Chance of being picked: certain (no draw was involved)."
    about = f", about 1 in {round(1 / probability):,}" if probability > 0 else ""
    return f"Chance of being picked: {probability:.3g}{about}."


def _on(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("on %Y-%m-%d %H:%M UTC")


def _plain(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)
