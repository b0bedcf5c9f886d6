"""The routes of a campaign: thin, each one parses, calls the clerk and shapes JSON."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from querist.core.errors import QueristError
from querist.server import standing
from querist.server.bodies import (
    MOST,
    Answer,
    Ask,
    LooseTell,
    Note,
    Release,
    Renew,
    Retract,
    Skip,
    Tell,
)
from querist.server.campaigns import Here
from querist.server.errors import Refused, refusal
from querist.server.guard import Person, Reviewer, Who, speaks_for
from querist.server.live import EventStream
from querist.server.pictures import picture
from querist.server.recent import midnight
from querist.server.shapes import task_json
from querist.server.wire import answer, misshapen, read, takes
from querist.server.worklog import last_words

TOGETHER = 500  # answers judged at one go

router = APIRouter()
By = Annotated[str | None, Query(min_length=1, max_length=100)]
Count = Annotated[int, Query(ge=1, le=MOST)]


@router.post("/ask", openapi_extra=takes(Ask))
async def ask(request: Request, here: Here, who: Who) -> Response:
    """Take tasks from the queue; nobody else gets them until the lease ends."""
    body = await read(request, Ask)
    by = speaks_for(who, body.by)
    if body.items is None:
        tasks = await here.clerk.ask(body.n, by=by, lease=body.lease, job=body.job)
    elif who.role == "annotator":
        raise Refused(403, "only reviewers and owners may ask for items by name")
    else:
        tasks = await here.clerk.request(body.items, by=by, lease=body.lease)
    state = here.desk.journal.state
    found: dict[str, Any] = {
        "tasks": [task_json(here.pool, state, task) for task in tasks],
        "waiting": len(state.queues[body.job]),
    }
    if not tasks:
        found["reason"] = standing.why_none(state, body.job)
    return answer(found)


@router.post("/tell", openapi_extra=takes(Tell))
async def tell(request: Request, here: Here, who: Who) -> Response:
    """Answers, each judged alone: good ones stand, bad ones change nothing."""
    answers, results = await _answers(request, who)
    good = [at for at, found in enumerate(results) if found is None]
    for start in range(0, len(good), TOGETHER):  # a long list lets others in between
        some = good[start : start + TOGETHER]
        judged = await here.clerk.judge([answers[at] for at in some])
        for at, found in zip(some, judged, strict=True):
            results[at] = found
    shaped = [_result(given, found) for given, found in zip(answers, results, strict=True)]
    refused = next((r["status"] for r in shaped if not r["ok"]), 200)
    status = 200 if any(r["ok"] for r in shaped) else refused
    return answer({"results": shaped}, status)


async def _answers(request: Request, who: Person) -> tuple[list[dict[str, Any]], list[Any]]:
    """The answers of a call as the clerk takes them, with an error beside each that is none."""
    raw = await request.body()
    try:
        body: Tell | LooseTell = Tell.model_validate_json(raw)
    except ValidationError:
        body = await read(request, LooseTell)  # each by itself: one bad one must not stop the rest
    default = speaks_for(who, body.by)
    answers: list[dict[str, Any]] = []
    results: list[Any] = []
    for given in body.answers:
        found, error = _one(given, who, default)
        answers.append(found)
        results.append(error)
    return answers, results


def _one(given: Any, who: Person, default: str) -> tuple[dict[str, Any], Refused | None]:
    try:
        if not isinstance(given, Answer):
            given = Answer.model_validate(given)
        by = default if given.by is None else speaks_for(who, given.by)
    except ValidationError as error:
        named = given if isinstance(given, dict) else {}
        keep = {n: named[n] for n in ("task_id", "key") if isinstance(named.get(n), str)}
        return keep, misshapen(error)
    except Refused as refused:
        return {"task_id": given.task_id, "key": given.key}, refused
    return {
        "task": given.task_id,
        "task_id": given.task_id,
        "value": given.value,
        "by": by,
        "seconds": given.seconds,
        "key": given.key,
        "guidelines": given.guidelines,
        "suggested": given.suggested,
        "comment": given.comment,
    }, None


def _result(given: dict[str, Any], found: Any) -> dict[str, Any]:
    named = {"task_id": given.get("task_id"), "key": given.get("key", "")}
    if isinstance(found, int):
        return {**named, "ok": True, "position": found}
    refused = refusal(found) if isinstance(found, QueristError) else found
    return {**named, "ok": False, **refused.body()}


@router.post("/skip", openapi_extra=takes(Skip))
async def skip(request: Request, here: Here, who: Who) -> Response:
    """Pass on a task; others may have it."""
    body = await read(request, Skip)
    await here.clerk.skip(body.task_id, body.reason, by=speaks_for(who, body.by))
    return answer({"ok": True})


@router.post("/retract", openapi_extra=takes(Retract))
async def retract(request: Request, here: Here, who: Who) -> Response:
    """Take an answer back; with `hold` its task comes back to the same person at once."""
    body = await read(request, Retract)
    by, lease = speaks_for(who, body.by), body.lease if body.hold else None
    task = await here.clerk.retract(body.task_id, by=by, lease=lease)
    if task is None:
        return answer({"ok": True})
    return answer({"ok": True, "task": task_json(here.pool, here.desk.journal.state, task)})


@router.post("/renew", openapi_extra=takes(Renew))
async def renew(request: Request, here: Here, who: Who) -> Response:
    """Keep tasks for longer, also such as ran out while nobody else took them."""
    body = await read(request, Renew)
    by = speaks_for(who, body.by)
    renewed, lost = await here.clerk.renew(body.task_ids, by=by, lease=body.lease)
    return answer({"renewed": renewed, "lost": lost})


@router.post("/release", openapi_extra=takes(Release))
async def release(request: Request, here: Here, who: Who) -> Response:
    """Give tasks back unanswered, to the front of the queue; all that are held with null."""
    body = await read(request, Release)
    by = speaks_for(who, body.by)
    return answer({"released": await here.clerk.release(body.task_ids, by=by)})


@router.post("/note", openapi_extra=takes(Note))
async def note(request: Request, here: Here, who: Who) -> Response:
    """Write a comment on a task, or flag it."""
    body = await read(request, Note)
    by = speaks_for(who, body.by)
    await here.clerk.note(body.task_id, body.text, by=by, flag=body.flag)
    return answer({"ok": True})


@router.get("/status")
async def status(here: Here, who: Reviewer) -> Response:
    """Where the campaign stands."""
    found = await here.read(standing.status)
    work = await asyncio.to_thread(last_words, here.folder)
    return answer({**found, "present": here.live.present, "work": work})


@router.get("/labels")
async def labels(here: Here, who: Reviewer) -> Response:
    """Every label: id, value, confidence, votes, arm, probability of having been picked."""
    return answer({"labels": await here.read(standing.labels)})


@router.get("/curve")
async def curve(here: Here, who: Reviewer) -> Response:
    """What each round measured."""
    return answer(await here.read(lambda desk: standing.curve(desk.journal.state)))


@router.get("/why/{item_id:path}")
async def why(item_id: str, here: Here, who: Reviewer) -> Response:
    """Why an item was asked, by which model, who labelled it, and when."""
    return answer(await here.read(lambda desk: standing.why_item(desk, item_id)))


@router.get("/image/{item_id:path}", response_class=Response)
async def image(item_id: str, here: Here, who: Who) -> Response:
    """The image of an item."""
    return picture(here.pool, here.folder, item_id)


@router.get("/question")
async def question(here: Here, who: Who) -> Response:
    """What is asked, and what the page needs to ask it."""
    found = await here.read(standing.question)
    return answer({**found, "campaign": {"id": here.identity, "name": here.name}})


@router.get("/me")
async def me(request: Request, here: Here, who: Who, by: By = None) -> Response:
    """Who is asking, and how much they have done."""
    name, now = speaks_for(who, by), time.time()
    mine = here.recent.of(name)
    return answer(
        {
            "name": name,
            "role": who.role,
            "today": mine.since(midnight(now)),
            "answered": len(mine.items),
            "labels_per_minute": mine.pace(now),
            "open": request.app.state.served.names(),
        }
    )


@router.get("/recent")
async def recent(here: Here, who: Who, n: Count = 20, by: By = None) -> Response:
    """The last answers of whoever asks, newest first: tasks with value and time."""
    name = speaks_for(who, by)
    items = here.recent.last(name, n)
    return answer({"answers": await here.read(lambda desk: standing.given(desk, name, items))})


@router.get("/events", response_class=Response)
async def events(here: Here, who: Who, by: By = None) -> Response:
    """What happens, as it happens: told, queued, trained, changed, stop (text/event-stream)."""
    return EventStream(here.live, speaks_for(who, by))
