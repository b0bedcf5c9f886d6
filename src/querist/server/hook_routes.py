"""The routes of webhooks, for the owner, and the deliveries of all campaigns a server serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from querist.core.errors import QueristError
from querist.logs.sqlite import SQLiteLog
from querist.loop.folder import LOG
from querist.server.addresses import check_url
from querist.server.campaigns import Here, Open, Served
from querist.server.errors import Refused
from querist.server.facts import KINDS
from querist.server.guard import Owner
from querist.server.hookbook import FILE, HookBook
from querist.server.openapi import declare
from querist.server.webhooks import Postman, Say, try_out
from querist.server.wire import Body, answer, read, takes

router = APIRouter()
T = TypeVar("T")

SCAN = 2.0  # seconds between two looks for campaigns that have webhooks now


class NewHook(Body):
    """Where to send, and what; everything when nothing is named."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    events: Annotated[list[str], Field(max_length=len(KINDS))] = Field(
        default_factory=lambda: list(KINDS)
    )


declare(NewHook)


@router.get("/hooks")
async def hooks(here: Here, who: Owner) -> Response:
    """The webhooks of a campaign, without their secrets."""
    found: list[dict[str, Any]] = []
    if (here.folder / FILE).exists():
        found = await _with(here, lambda book: [hook.shown() for hook in book.hooks()])
    return answer({"hooks": found, "events": KINDS})


@router.post("/hooks", openapi_extra=takes(NewHook))
async def add(request: Request, here: Here, who: Owner) -> Response:
    """Add a webhook. The secret that signs its messages is told here and never again.

    Addresses outside the public internet can only be allowed on the machine itself.
    """
    body = await read(request, NewHook)
    check_url(body.url, private=False)
    made = await _with(here, lambda book: book.add(here.desk.journal.log, body.url, body.events))
    return answer({**made.shown(), "secret": made.secrets[0]})


@router.delete("/hooks/{hook}")
async def remove(hook: str, here: Here, who: Owner) -> Response:
    """Forget a webhook and what was sent to it."""
    await _on(here, hook, lambda book: book.remove(hook))
    return answer({"ok": True})


@router.post("/hooks/{hook}/rotate")
async def rotate(hook: str, here: Here, who: Owner) -> Response:
    """Give a webhook a new secret; for a day the old one signs too."""
    return answer({"id": hook, "secret": await _on(here, hook, lambda book: book.rotate(hook))})


@router.post("/hooks/{hook}/resume")
async def resume(hook: str, here: Here, who: Owner) -> Response:
    """Send again to a webhook that was given up, beginning with what it did not take."""
    await _on(here, hook, lambda book: book.resume(hook))
    return answer({"ok": True})


@router.post("/hooks/{hook}/test")
async def test(hook: str, here: Here, who: Owner) -> Response:
    """Send a test message at once, and tell what came of it."""
    came = await try_out(await _on(here, hook, lambda book: book.find(hook)))
    return answer({"ok": came.ok, "status": came.status, "note": came.note})


@router.get("/hooks/{hook}/deliveries")
async def deliveries(
    hook: str,
    here: Here,
    who: Owner,
    n: Annotated[int, Field(ge=1, le=500)] = 50,
) -> Response:
    """The last messages to a webhook, the newest first, and what came of each."""
    found = await _on(here, hook, lambda book: book.deliveries(hook, n))
    return answer({"deliveries": found})


async def _on(here: Open, hook: str, act: Callable[[HookBook], T]) -> T:
    """Do something with a webhook that is there."""

    def acted(book: HookBook) -> T:
        if hook not in {known.id for known in book.hooks()}:
            raise unknown
        return act(book)

    unknown = Refused(404, f"no webhook goes by the id {hook!r}")
    if not (here.folder / FILE).exists():
        raise unknown
    return await _with(here, acted)


async def _with(here: Open, act: Callable[[HookBook], T]) -> T:
    """Do something with the book of a campaign, off the event loop."""

    def acted() -> T:
        with closing(HookBook(here.folder / FILE)) as book:
            return act(book)

    return await asyncio.to_thread(acted)


async def deliver_all(served: Served, say: Say) -> None:
    """Deliver what happens in every campaign of a server that has webhooks, until cancelled."""
    running: dict[str, asyncio.Task[None]] = {}
    try:
        while True:
            folders = served.folders()
            for name in [name for name, task in running.items() if task.done()]:
                if not (ended := running.pop(name)).cancelled() and (error := ended.exception()):
                    say(f"webhooks of {name} ended and begin again: {error!r}")
            for name in running.keys() - folders.keys():
                running[name].cancel()  # its folder is gone
            for name, folder in folders.items():
                if name not in running and (folder / FILE).exists() and (folder / LOG).exists():
                    running[name] = asyncio.create_task(_deliver(folder, say))
            await asyncio.sleep(SCAN)
    finally:
        for task in running.values():
            task.cancel()
        await asyncio.gather(*running.values(), return_exceptions=True)


async def _deliver(folder: Path, say: Say) -> None:
    """Deliver for one campaign; when its log cannot be read, say so and leave."""
    try:
        log = await asyncio.to_thread(SQLiteLog, folder / LOG)
    except QueristError as error:
        say(f"webhooks of {folder.name}: {error}")
        await asyncio.sleep(10 * SCAN)
        return
    try:
        await Postman(folder, log, say=say).run()
    finally:
        await asyncio.to_thread(log.close)
