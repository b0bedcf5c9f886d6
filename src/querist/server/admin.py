"""What owners do: settings and their log, guidelines, classes, export, campaigns side by side."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from querist.core.errors import BadInput, QueristError
from querist.core.events import QuestionChanged, RecipeChanged
from querist.core.measures import leading
from querist.loop.desk import Desk
from querist.loop.settings import plan_change
from querist.server import standing
from querist.server.bodies import Text, Words
from querist.server.campaigns import Here, Open, Served
from querist.server.errors import Refused
from querist.server.guard import Owner, Who, speaks_for, visit_of
from querist.server.guidelines import html_of
from querist.server.openapi import declare
from querist.server.tally import change_said, classes_added, growth_said, rules_said
from querist.server.wire import Body, Name, answer, read, takes

SHOWN = (
    *("paused", "budget", "price", "until", "batch", "overlap", "depth", "order", "suggestions"),
    *("pick_limit", "control_until"),
)
TRAINED = ("strategy", "model", "mistakes")  # changed by a process that loads what trains
PATIENCE = 120.0  # seconds for that
LINE = 10_000  # characters of one of them
Label = Annotated[str, Field(min_length=1, max_length=1000)]

router = APIRouter()
whole = APIRouter()


class AboutLabel(Body):
    """What is written of one label."""

    text: Text = ""
    examples: Annotated[list[Words], Field(max_length=100, default_factory=list)]


class Guidelines(Body):
    """Guidelines in Markdown, and the version they were written from."""

    text: Text = ""
    labels: Annotated[dict[Label, AboutLabel], Field(max_length=10_000, default_factory=dict)]
    version: Annotated[int, Field(ge=0, le=2**53)] | None = None
    by: Name | None = None


class Preview(Body):
    """Markdown to be looked at."""

    text: Text


class NewClass(Body):
    """A label that is added behind those there are."""

    add: Label
    by: Name | None = None


declare(Guidelines, Preview, NewClass)


@router.get("/settings")
async def settings(here: Here, who: Owner) -> Response:
    """The settings as they stand, and every change there was: who, when, old, new."""
    return answer(await here.read(_settings))


@router.post("/settings")
async def change(request: Request, here: Here, who: Owner) -> Response:
    """Change settings, all or none: {"budget": 400, "until": "target=0.9, plateau"}."""
    wanted = await _object(request)
    by = speaks_for(who, _name(wanted.pop("by", None)))
    if not wanted:
        raise Refused(422, f"nothing to change; name one of {', '.join([*SHOWN, *TRAINED])}")
    slow = {name: value for name, value in wanted.items() if name in TRAINED}
    quick = {name: value for name, value in wanted.items() if name not in TRAINED}
    if slow and quick:
        raise Refused(422, f"change {', '.join(slow)} in a call of its own")
    if slow:
        await _by_process(here, slow, by)
    else:
        await here.clerk.do(lambda desk: _change(desk, quick, by))
    return answer(await here.read(_settings))


@router.get("/guidelines")
async def guidelines(
    here: Here, who: Owner, version: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """The guidelines as they were written, of any version, and which versions there are."""

    def look(desk: Desk) -> dict[str, Any]:
        found = _versions(desk)
        if version is not None and version not in found:
            raise Refused(404, f"there is no version {version} of the guidelines")
        last = max(found, default=0)
        shown = found.get(last if version is None else version, {"version": 0})
        return {
            "version": shown["version"],
            "text": shown.get("text", ""),
            "html": html_of(shown.get("text", "")),
            "labels": {
                name: {**about, "html": html_of(about["text"])}
                for name, about in (shown.get("labels") or {}).items()
            },
            "classes": list(desk.journal.state.question.get("labels", ())),
            "versions": [
                {"version": n, "at": one["at"], "by": one["by"]}
                for n, one in sorted(found.items(), reverse=True)
            ],
        }

    return answer(await here.read(look))


@router.post("/guidelines", openapi_extra=takes(Guidelines))
async def write_guidelines(request: Request, here: Here, who: Owner) -> Response:
    """Write the guidelines anew; the old version stays readable."""
    body = await read(request, Guidelines)
    by = speaks_for(who, body.by)
    form = body.model_dump(exclude={"by"})
    await here.clerk.do(lambda desk: desk.change("guidelines", form, by))
    return await guidelines(here, who)


@router.post("/guidelines/preview", openapi_extra=takes(Preview))
async def preview(request: Request, here: Here, who: Owner) -> Response:
    """Markdown as annotators would see it; nothing is kept."""
    body = await read(request, Preview)
    return answer({"html": await asyncio.to_thread(html_of, body.text)})  # may take seconds


@router.post("/classes", openapi_extra=takes(NewClass))
async def add_class(request: Request, here: Here, who: Owner) -> Response:
    """Add a class while the campaign runs; labels, models and scores stay."""
    body = await read(request, NewClass)
    by = speaks_for(who, body.by)
    await here.clerk.do(lambda desk: desk.add_class(body.add, by))
    return answer(await here.read(standing.question))


@whole.get("/api/v1/overview")
async def overview(request: Request, who: Who) -> Response:
    """The campaigns side by side: counts, score, spend, last activity."""
    served: Served = request.app.state.served
    root = visit_of(request).root
    cards = []
    for name in served.names():
        card: dict[str, Any] = {"name": name, "base": root + served.base(name)}
        try:
            here = await served.get(name)
            card |= await here.read(_card)
        except (Refused, QueristError) as error:  # one that is broken does not hide the others
            card["error"] = str(error)
        cards.append(card)
    return answer({"campaigns": cards})


def _settings(desk: Desk) -> dict[str, Any]:
    state = desk.journal.state
    found = {name: state.recipe.get(name) for name in (*SHOWN, *TRAINED)}
    found["until"] = rules_said(found["until"], found["budget"])
    return {
        "settings": found,
        "bought": state.bought,
        "waiting": len(state.queues["train"]),
        "items": len(desk.growth.pool),
        "question": desk.question.to_json(),
        "stop": standing.stop_said(state),
        "log": sorted(
            [*map(_logged, reversed(state.changes)), *map(_grown, reversed(state.regrown))],
            key=lambda line: line["at"],
            reverse=True,
        ),
    }


_SHORT: dict[str, Callable[[Any], Any]] = {
    "guidelines": lambda value: (value or {}).get("version"),  # read version by version
    "until": rules_said,
}


def _logged(event: RecipeChanged) -> dict[str, Any]:
    shown: Callable[[Any], Any] = _SHORT.get(event.name, lambda value: value)
    old, new = shown(event.old), shown(event.new)
    said = change_said(event.name, event.old, event.new, event.by)
    return {
        "at": event.at,
        "by": event.by,
        "name": event.name,
        "old": old,
        "new": new,
        "text": said,
    }


def _grown(event: QuestionChanged) -> dict[str, Any]:
    added = classes_added(event)
    return {
        "at": event.at,
        "by": event.by,
        "name": "classes",
        "old": len(event.old.get("labels", ())),
        "new": ", ".join(added),
        "text": growth_said(added, event.by),
    }


def _change(desk: Desk, wanted: Mapping[str, Any], by: str) -> None:
    """Change all of the settings; a value that is not allowed leaves every one as it was."""
    recipe, n = dict(desk.journal.state.recipe), len(desk.growth.pool)
    for name, value in wanted.items():
        try:
            recipe |= plan_change(recipe, desk.question, n, name, value)
        except BadInput as error:
            raise Refused(422, str(error), field=name) from error
    for name, value in wanted.items():
        desk.change(name, value, by)


async def _by_process(here: Open, wanted: Mapping[str, Any], by: str) -> None:
    """Change what decides how to train; the server itself never loads what trains."""
    options = []
    for name, value in {"by": by, **wanted}.items():
        # a line that the system can hand to a process
        line = isinstance(value, str) and len(value) <= LINE and value.isprintable()
        if not line or not value.strip():
            raise Refused(422, f"{name} is a line of text, up to {LINE:,} characters", field=name)
        options.append(f"--{name}={value}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "querist", "change", str(here.folder), *options),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Refused(504, f"the change took longer than {PATIENCE:g} s and was given up") from None
    if process.returncode:
        words = said.decode(errors="replace").strip().removeprefix("querist: ")
        raise Refused(422, words or "the change was refused", field=next(iter(wanted)))


def _versions(desk: Desk) -> dict[int, dict[str, Any]]:
    """Every version of the guidelines there was, with who wrote it and when."""
    found = {}
    for event in desk.journal.state.changes:
        if event.name == "guidelines" and event.new:
            found[int(event.new["version"])] = {**event.new, "at": event.at, "by": event.by}
    return found


def _card(desk: Desk) -> dict[str, Any]:
    state, recipe = desk.journal.state, desk.journal.state.recipe
    scored = next((turn for turn in reversed(state.rounds) if turn.metrics), None)
    metric = leading(scored.metrics) if scored else None
    price = recipe.get("price")
    arrivals = state.arrivals
    return {
        "items": arrivals[-1].total if arrivals else 0,
        "kind": desk.growth.pool.kind,
        "labels": len(state.votes),
        "bought": state.bought,
        "budget": recipe.get("budget"),
        "spent": None if price is None else round(price * state.bought, 2),
        "waiting": len(state.queues["train"]),
        "held": len(state.queues["train"].held),
        "round": state.rounds[-1].number if state.rounds else None,
        "metric": metric,
        "score": vars(scored.metrics[metric]) if scored and metric else None,
        "paused": bool(recipe.get("paused", False)),
        "stop": standing.stop_said(state),
        "last": _last(desk),
    }


def _last(desk: Desk) -> float | None:
    """When something last happened: the newest event of the log."""
    rows = list(desk.journal.log.read(after=max(desk.journal.state.position - 1, 0)))
    return rows[-1][1].at if rows else None


async def _object(request: Request) -> dict[str, Any]:
    def refuse(text: str) -> float:
        raise ValueError(f"{text} is no JSON")

    try:
        found = json.loads(await request.body() or b"{}", parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Refused(422, f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Refused(422, 'settings come as an object, such as {"budget": 400}')
    return found


def _name(given: Any) -> str | None:
    if given is not None and not isinstance(given, str):
        raise Refused(422, f"'by' is a name; got {given!r}")
    return given
