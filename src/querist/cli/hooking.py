"""Webhooks from a shell: who hears of what happens in a campaign, and whether it arrives."""

from __future__ import annotations

import time
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from querist.cli.options import AsJson, Folder
from querist.cli.output import hint, say, say_json, say_table
from querist.core.errors import BadInput

if TYPE_CHECKING:
    from querist.core.protocols import Log
    from querist.logs.sqlite import SQLiteLog
    from querist.server.hookbook import HookBook


class Act(StrEnum):
    """What to do with the webhooks of a campaign."""

    list = "list"
    add = "add"
    remove = "remove"
    test = "test"
    rotate = "rotate"
    resume = "resume"
    log = "log"
    run = "run"


def hooks(
    act: Annotated[Act, typer.Argument(metavar="ACT", help=f"One of {', '.join(Act)}.")],
    folder: Folder,
    hook: Annotated[
        str | None,
        typer.Argument(metavar="HOOK", help="The URL to add; else the id or URL of a webhook."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option("--events", help="What to tell of, comma-separated. Default: everything."),
    ] = None,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="Allow http and addresses of the own network."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell other programs what happens, signed and in order.

    A running `querist serve` delivers; without one, `querist hooks run DIR` does. `add` prints the
    secret that messages are signed with, once. `test` sends a message at once; `rotate` gives
    a new secret (the old one signs too for a day); `resume` sends again to a webhook that was
    given up, beginning with what it did not take; `log` shows what was sent and what came of it.
    """
    from querist.loop.config import read_config
    from querist.server.hookbook import FILE, HookBook

    read_config(folder)  # says so when this is no campaign
    if act is Act.run:
        _run(folder)
        return
    with closing(HookBook(folder / FILE)) as book:
        if act is Act.list:
            with closing(_log_of(folder)) as log:
                book.take_in(log)  # so that what waits is counted, whether or not anybody delivers
            _list(book, as_json)
            return
        if hook is None:
            raise BadInput(f"which webhook? querist hooks {act} {folder} HOOK")
        if act is Act.add:
            _add(book, folder, hook, events, allow_private, as_json)
            return
        found = book.find(hook)
        if act is Act.remove:
            book.remove(found.id)
        elif act is Act.resume:
            book.resume(found.id)
        elif act is Act.rotate:
            _say_secret(found.id, book.rotate(found.id), as_json)
            return
        elif act is Act.log:
            _log(book, found.id, as_json)
            return
        else:
            _test(book, found.id, as_json)
            return
        if as_json:
            say_json({"id": found.id, "ok": True})
        else:
            say(f"{found.id} {act}d")


def _add(
    book: HookBook, folder: Path, url: str, events: str | None, private: bool, as_json: bool
) -> None:
    from querist.cli.options import parts_of
    from querist.server.addresses import check_url
    from querist.server.facts import KINDS

    check_url(url, private=private)
    with closing(_log_of(folder)) as log:
        made = book.add(log, url, parts_of(events) or KINDS, private=private)
    _say_secret(made.id, made.secrets[0], as_json)
    hint(
        "keep the secret: it is not shown again. Is the receiver there? "
        f"querist hooks test {folder} {made.id}"
    )


def _say_secret(name: str, secret: str, as_json: bool) -> None:
    if as_json:
        say_json({"id": name, "secret": secret})
    else:
        say(f"{name}  {secret}")


def _list(book: HookBook, as_json: bool) -> None:
    found = [hook.shown() for hook in book.hooks()]
    if as_json:
        say_json(found)
    elif found:
        columns = ("id", "url", "events", "state", "waiting", "why")
        rows = [{**h, "events": ", ".join(h["events"]), "why": h["why"] or None} for h in found]
        say_table(columns, [[row[name] for name in columns] for row in rows])
    else:
        hint("no webhooks yet; add one with: querist hooks add DIR URL --events answered,trained")


def _log(book: HookBook, name: str, as_json: bool) -> None:
    sent = book.deliveries(name)
    if as_json:
        say_json(sent)
        return
    columns = ("made", "kind", "state", "attempts", "status", "note", "id")
    rows = [{**one, "made": _time(one["made"])} for one in sent]
    say_table(columns, [[row[column] for column in columns] for row in rows])


def _test(book: HookBook, name: str, as_json: bool) -> None:
    import asyncio

    from querist.server.webhooks import try_out

    came = asyncio.run(try_out(book.find(name)))
    if as_json:
        say_json({"id": name, "ok": came.ok, "status": came.status, "note": came.note})
    else:
        why = " ".join(filter(None, (str(came.status or ""), came.note)))
        did = "took" if came.ok else "did not take"
        say(f"{name} {did} a test message: {why}".rstrip(": "))
    if not came.ok:
        raise typer.Exit(1)


def _run(folder: Path) -> None:
    """Deliver until interrupted."""
    import asyncio

    from querist.server.webhooks import Postman

    async def deliver(log: Log) -> None:
        hint(f"delivering what happens in {folder}; Ctrl+C ends it")
        await Postman(folder, log, say=hint).run()

    with closing(_log_of(folder)) as log:
        asyncio.run(deliver(log))


def _log_of(folder: Path) -> SQLiteLog:
    from querist.logs.sqlite import SQLiteLog
    from querist.loop.folder import LOG

    if not (folder / LOG).is_file():
        raise BadInput(f"{folder} lacks {LOG}, which holds what happened; restore it first")
    return SQLiteLog(folder / LOG)


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
