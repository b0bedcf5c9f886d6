"""The facts of a campaign: versioned, frozen, JSON in and out, chained by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from querist.core.errors import LogError, NewerLog

GENESIS = "0" * 64

_decode = json.JSONDecoder().raw_decode
# made once: a new encoder for each event would cost more than the event
_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode


@dataclass(frozen=True, kw_only=True)
class Event:
    """One fact. `at` is the wall-clock time in seconds since 1970.

    `since` names the fields that a later version of the kind brought; while they hold their
    defaults the event is written as version 1, which every querist reads.
    """

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
    since: ClassVar[tuple[str, ...]] = ()
    at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Opened(Event):
    """A campaign was opened; holds its whole recipe.

    `reserved` holds the upper edges, in [0, 1], of the hash ranges of the roles
    holdout, stop and control; everything above is open.
    """

    kind: ClassVar[str] = "opened"
    question: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    recipe: Mapping[str, Any] = field(default_factory=dict)
    reserved: Mapping[str, float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ItemsAdded(Event):
    """Items entered the pool: how many, how many there are now, hash of the new ids in order."""

    kind: ClassVar[str] = "items_added"
    count: int = 0
    total: int = 0
    digest: str = ""
    duplicates: int = 0


@dataclass(frozen=True)
class QueuedItem:
    """Why one item is asked: kept from the start, since it cannot be rebuilt later.

    `probability` is the chance this item had to be picked for its place in the batch,
    given the candidates (1 for a deterministic pick, null when it is not known). `guess` is the
    answer the model held likeliest when the item was queued and `sure` its probability; null
    without a model, and `sure` also where the model gives none.
    """

    task_id: str
    item_id: str
    arm: str
    strategy: str
    score: float | None
    rank: int
    probability: float | None
    candidates: int
    guess: Any = None
    sure: float | None = None


@dataclass(frozen=True, kw_only=True)
class Queued(Event):
    """Items were put into the queue.

    With `replaces`, waiting training tasks of earlier rounds that nobody holds are
    withdrawn first: the new ranking stands for them. An item that several people are to answer
    comes once for each, the copies named ``b0-3.2``, ``b0-3.3``... behind ``b0-3``.
    """

    kind: ClassVar[str] = "queued"
    version: ClassVar[int] = 2
    round: int = 0
    model_version: int | None = None
    replaces: bool = True
    items: tuple[QueuedItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked(Event):
    """Tasks were handed to an annotator, who holds them for `lease` seconds."""

    kind: ClassVar[str] = "asked"
    task_ids: tuple[str, ...] = ()
    by: str = ""
    lease: float = 600.0


@dataclass(frozen=True, kw_only=True)
class Told(Event):
    """An answer. `task_id` is empty for a label nobody asked for (imported, volunteered).

    `key` is the caller's name of this answer: the same key again is the same answer again.
    `guidelines` is the version of the guidelines that stood beside the item, 0 for none, and
    `suggested` the model's answer if the annotator was shown it.
    """

    kind: ClassVar[str] = "told"
    version: ClassVar[int] = 2
    since: ClassVar[tuple[str, ...]] = ("guidelines", "suggested")
    task_id: str = ""
    item_id: str = ""
    value: Any = None
    by: str = ""
    seconds: float | None = None
    key: str = ""
    guidelines: int = 0
    suggested: Any = None


@dataclass(frozen=True, kw_only=True)
class Skipped(Event):
    """An annotator passed on a task."""

    kind: ClassVar[str] = "skipped"
    task_id: str = ""
    item_id: str = ""
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Retracted(Event):
    """An annotator took an answer back; the task is open again."""

    kind: ClassVar[str] = "retracted"
    task_id: str = ""
    item_id: str = ""
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Released(Event):
    """An annotator gave tasks back unanswered; they come first again."""

    kind: ClassVar[str] = "released"
    task_ids: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Noted(Event):
    """An annotator's comment on an item; with `flag` somebody else should look at it."""

    kind: ClassVar[str] = "noted"
    task_id: str = ""
    item_id: str = ""
    by: str = ""
    text: str = ""
    flag: bool = False


@dataclass(frozen=True, kw_only=True)
class Stepped(Event):
    """A turn of the ring ended: what was trained, on what, how well, what the rules say.

    `upto` is the log position whose answers the training set holds; `round` is the
    JSON form of `querist.core.types.Round`.
    """

    kind: ClassVar[str] = "stepped"
    round: Mapping[str, Any] = field(default_factory=dict)
    upto: int = 0
    model: str = ""


@dataclass(frozen=True, kw_only=True)
class RecipeChanged(Event):
    """A setting of the recipe was changed by its owner: old and new value."""

    kind: ClassVar[str] = "recipe_changed"
    name: str = ""
    old: Any = None
    new: Any = None
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class QuestionChanged(Event):
    """Answers were added to the question, behind those there were: its old and new JSON form."""

    kind: ClassVar[str] = "question_changed"
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    by: str = ""


EVENTS: dict[str, type[Event]] = {
    cls.kind: cls
    for cls in (
        Opened,
        ItemsAdded,
        Queued,
        Asked,
        Told,
        Skipped,
        Retracted,
        Released,
        Noted,
        Stepped,
        RecipeChanged,
        QuestionChanged,
    )
}


def event_to_json(event: Event) -> str:
    """One line of canonical JSON: the same event gives the same text on any machine.

    Examples
    --------
    >>> event_to_json(Retracted(at=1.0, task_id="r0-1", item_id="a", by="ann"))
    '{"at":1.0,"by":"ann","item_id":"a","kind":"retracted","task_id":"r0-1","v":1}'
    """
    form: dict[str, Any] = {"kind": event.kind, "v": event.version, **vars(event)}
    if isinstance(event, Queued):
        form["items"] = [vars(item) for item in event.items]
        if all(item.guess is None and item.sure is None for item in event.items):
            form["v"] = 1
            form["items"] = [_without(item, ("guess", "sure")) for item in form["items"]]
    elif event.since and all(form[name] == getattr(type(event), name) for name in event.since):
        form = _without(form, event.since) | {"v": 1}
    return _encode(form)


def _without(form: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in form.items() if name not in names}


def campaign_mark(opened: Event) -> str:
    """What tells a campaign from every other, as 16 letters: a hash of how it was opened.

    Examples
    --------
    >>> campaign_mark(Opened(seed=1)) == campaign_mark(Opened(seed=2))
    False
    """
    return hashlib.sha256(event_to_json(opened).encode()).hexdigest()[:16]


def event_from_json(text: str) -> Event:
    """Read an event back; the inverse of `event_to_json`.

    Raises
    ------
    NewerLog
        When the event, or its version, is not known to this querist.

    Examples
    --------
    >>> event = Told(at=2.0, task_id="r0-1", item_id="a", value="spam", by="ann")
    >>> event_from_json(event_to_json(event)) == event
    True
    """
    try:
        form, end = _decode(text)
        if end != len(text):
            raise ValueError(f"there is more after the event: {text[end:][:20]!r}")
        kind, version = form.pop("kind"), form.pop("v")
    except (ValueError, KeyError, AttributeError) as error:
        raise LogError(f"a row of the log is not an event: {text[:80]!r} ({error})") from error
    cls = EVENTS.get(kind)
    if cls is None or version > cls.version:
        known = "an unknown kind" if cls is None else f"known up to version {cls.version}"
        raise NewerLog(
            f"the log holds a {kind!r} event of version {version}, {known} here: it was written "
            "by a newer querist. Upgrade with: pip install -U querist"
        )
    if cls is Queued:
        form["items"] = tuple(QueuedItem(**item) for item in form["items"])
    if cls is Asked or cls is Released:
        form["task_ids"] = tuple(form["task_ids"])
    if (blank := _BLANK.get(cls)) is not None and form.keys() <= blank.keys():
        event = cls.__new__(cls)  # past the constructor of a frozen class: most rows are these
        object.__setattr__(event, "__dict__", {**blank, **form})
        return event
    try:
        return cls(**form)
    except TypeError as error:
        raise LogError(f"a {kind!r} event of the log does not fit: {error}") from error


_BLANK: dict[type[Event], dict[str, Any]] = {cls: vars(cls()) for cls in (Told, Asked)}


def link(previous: str, payload: str) -> str:
    """Hash of a row of the log: SHA-256 over the hash before it and its own text.

    Examples
    --------
    >>> link(GENESIS, "{}")[:8] == link("1" * 64, "{}")[:8]
    False
    """
    return hashlib.sha256(f"{previous}\n{payload}".encode()).hexdigest()
