"""What the routes of a campaign take, as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from querist.server.wire import HUGE, Body, Id, Name, Seconds

MOST = 1000  # tasks of one call
MOST_ANSWERS = 10_000
Words = Annotated[str, Field(max_length=10_000)]
Whole = Annotated[int, Field(ge=-HUGE, le=HUGE)]
Text = Annotated[str, Field(max_length=100_000)]
# a long list of what is no answer is refused at the first: to tell of each would take seconds
Texts = Annotated[list[Text], Field(max_length=10_000, fail_fast=True)]
Value = Text | bool | Whole | float | Texts | None
TaskIds = Annotated[list[Id], Field(max_length=10_000, fail_fast=True)]


class Ask(Body):
    """How many tasks, for whom, for how long."""

    n: Annotated[int, Field(ge=1, le=MOST)] = 1
    by: Name | None = None
    lease: Seconds = 600.0
    job: Literal["train", "holdout"] = "train"
    items: Annotated[list[Id], Field(min_length=1, max_length=MOST)] | None = None


class Answer(Body):
    """An answer to a task, or to an item nobody asked about."""

    task_id: Id
    value: Value
    seconds: Annotated[float, Field(ge=0, le=1e7)] | None = None
    key: Annotated[str, Field(max_length=200)] = ""
    by: Name | None = None
    guidelines: Annotated[int, Field(ge=0, le=HUGE)] = 0
    suggested: Value = None
    comment: Words = ""


class Tell(Body):
    """Answers; each is judged alone."""

    answers: Annotated[list[Answer], Field(min_length=1, max_length=MOST_ANSWERS, fail_fast=True)]
    by: Name | None = None


class LooseTell(Body):
    """Answers of which some are no answers."""

    answers: Annotated[list[Any], Field(min_length=1, max_length=MOST_ANSWERS)]
    by: Name | None = None


class Skip(Body):
    """A task to pass on."""

    task_id: Id
    reason: Words = ""
    by: Name | None = None


class Retract(Body):
    """An answer to take back; with `hold` its task comes back to the same person."""

    task_id: Id
    hold: bool = False
    lease: Seconds = 600.0
    by: Name | None = None


class Renew(Body):
    """Tasks to keep for longer."""

    task_ids: TaskIds
    lease: Seconds = 600.0
    by: Name | None = None


class Release(Body):
    """Tasks to give back; all that are held when none are named."""

    task_ids: TaskIds | None = None
    by: Name | None = None


class Note(Body):
    """A comment on a task, or a flag."""

    task_id: Id
    text: Words = ""
    flag: bool = False
    by: Name | None = None


BODIES: tuple[type[Body], ...] = (Ask, Tell, Skip, Retract, Renew, Release, Note)
