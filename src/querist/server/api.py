"""The routes of a campaign: thin, each one parses, calls the clerk and shapes JSON."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from querist.core.errors import QueristError
from querist.loop.desk import Desk
from querist.loop.state import State
from querist.server import standing
from querist.server.bodies import Answer, Ask, LooseTell, Retract, Skip, Tell
from querist.server.campaigns import Open, campaign_of
from querist.server.errors import Refused, refusal, said
from querist.server.guard import Person, need, person_of, speaks_for
from querist.server.shapes import task_json
from querist.server.wire import answer, read, takes

router = APIRouter()
Here = Annotated[Open, Depends(campaign_of)]
Who = Annotated[Person, Depends(person_of)]
Reader = Annotated[Person, Depends(need("reviewer"))]


@router.post("/ask", openapi_extra=takes(Ask))
async def ask(request: Request, here: Here, who: Who) -> Response:
    """Take tasks from the queue; nobody else gets them until the lease ends."""
    body = await read(request, Ask)
    by = speaks_for(who, body.by)
    if body.items is not None:
        if who.role == "annotator":
            raise Refused(403, "only reviewers and owners may ask for items by name")
        items, lease = body.items, body.lease
        tasks = await here.clerk.do(lambda desk: desk.request(items, by, lease))
    else:
        tasks = await here.clerk.ask(body.n, by=by, lease=body.lease, job=body.job)
    found = await here.clerk.do(lambda desk: _asked(here, desk, tasks, body.job))
    return answer(found)


def _asked(here: Open, desk: Desk, tasks: list[Any], job: str) -> dict[str, Any]:
    state = desk.journal.state
    found: dict[str, Any] = {
        "tasks": [task_json(here, state, task) for task in tasks],
        "waiting": len(state.queues[job]),
    }
    if not tasks:
        found["reason"] = standing.why_none(desk, job)
    return found


@router.post("/tell", openapi_extra=takes(Tell))
async def tell(request: Request, here: Here, who: Who) -> Response:
    """Answers, each judged alone: good ones stand, bad ones change nothing."""
    answers, results = await _answers(request, who)
    good = [at for at, found in enumerate(results) if found is None]
    judged = await here.clerk.judge([answers[at] for at in good]) if good else []
    for at, found in zip(good, judged, strict=True):
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
        problems: Any = error.errors(include_url=False, include_input=False, include_context=False)
        named = given if isinstance(given, dict) else {}
        keep = {n: named[n] for n in ("task_id", "key") if isinstance(named.get(n), str)}
        return keep, Refused(422, said(problems))
    except Refused as refused:
        return {"task_id": given.task_id, "key": given.key}, refused
    return {
        "task": given.task_id,
        "task_id": given.task_id,
        "value": given.value,
        "by": by,
        "seconds": given.seconds,
        "key": given.key,
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
    """Take an answer back; its task is open again."""
    body = await read(request, Retract)
    await here.clerk.retract(body.task_id, by=speaks_for(who, body.by))
    return answer({"ok": True})


@router.get("/status")
async def status(here: Here, who: Reader) -> Response:
    """Where the campaign stands."""
    return answer(await here.clerk.do(standing.status))


@router.get("/labels")
async def labels(here: Here, who: Reader) -> Response:
    """Every label: id, value, confidence, votes, arm, probability of having been picked."""
    return answer({"labels": await here.clerk.do(standing.labels)})


@router.get("/curve")
async def curve(here: Here, who: Reader) -> Response:
    """What each round measured."""
    return answer(await here.clerk.look(standing.curve))


@router.get("/why/{item_id:path}")
async def why(item_id: str, here: Here, who: Reader) -> Response:
    """Why an item was asked, by which model, who labelled it, and when."""
    return answer(await here.clerk.do(lambda desk: standing.why_item(desk, item_id)))


@router.get("/question")
async def question(here: Here, who: Who) -> Response:
    """What is asked, and what the page needs to ask it."""
    return answer(await here.clerk.do(standing.question))


@router.get("/me")
async def me(request: Request, here: Here, who: Who) -> Response:
    """Who is asking, and how much they have done."""
    name = who.name

    def mine(state: State) -> dict[str, Any]:
        return standing.done_by(state, name, time.time())

    found = await here.clerk.look(mine)
    names = request.app.state.served.names()
    return answer({"name": name, "role": who.role, **found, "open": names})
