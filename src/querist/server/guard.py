"""Who is asking, and whether they may."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from querist.server.errors import Refused
from querist.server.settings import Settings

Role = Literal["owner", "reviewer", "annotator"]
RANKS: tuple[Role, ...] = ("annotator", "reviewer", "owner")
COOKIE = "querist"


@dataclass(frozen=True)
class Person:
    """Somebody who may use the server: name, role, and how that is known."""

    name: str
    role: Role
    how: Literal["token", "session", "open"]


def install(app: FastAPI, settings: Settings) -> None:
    """Put the guard into an app."""
    app.state.settings = settings


def csrf_of(request: Request) -> str:
    """What a page must send in the header X-Querist-CSRF with whatever it changes."""
    settings: Settings = request.app.state.settings
    return hmac.new(settings.token.encode(), b"csrf", "sha256").hexdigest()[:32]


async def person_of(request: Request) -> Person:
    """The person behind a request.

    Raises
    ------
    Refused
        401 without the right token, 403 for a page of somebody else's.
    """
    settings: Settings = request.app.state.settings
    bearer = request.headers.get("authorization", "")
    if bearer:
        _check(bearer.removeprefix("Bearer ").strip(), settings.token)
        return Person(request.query_params.get("by", "me"), "owner", "open")
    given = request.cookies.get(COOKIE) or request.query_params.get("token", "")
    _check(given, settings.token)
    if request.method not in ("GET", "HEAD") and not _same(
        request.headers.get("x-querist-csrf", ""), csrf_of(request)
    ):
        raise Refused(403, "this change did not come from a page of this server; reload the page")
    return Person(request.query_params.get("by", "me"), "owner", "open")


def speaks_for(who: Person, by: str | None) -> str:
    """The name an act is written under: that of the person, or in open mode the one they give.

    Raises
    ------
    Refused
        403 when a person with a name gives another.
    """
    if not by or by == who.name:
        return who.name
    if who.how == "open":
        return by
    raise Refused(403, f"you are {who.name!r} here, and cannot answer as {by!r}")


def need(role: Role) -> Callable[[Request], Coroutine[Any, Any, Person]]:
    """A dependency that gives the person, and refuses (403) one below the role."""

    async def needed(request: Request) -> Person:
        who = await person_of(request)
        if RANKS.index(who.role) < RANKS.index(role):
            raise Refused(403, f"this takes the role {role!r}; {who.name!r} is {who.role!r}")
        return who

    return needed


async def enter(request: Request) -> Person | Response:
    """The person who opens a page, or what to send instead of the page."""
    settings: Settings = request.app.state.settings
    given = request.query_params.get("token", "")
    if given and _same(given, settings.token):
        rest = {name: v for name, v in request.query_params.items() if name != "token"}
        address = request.url.path + ("?" + urlencode(rest) if rest else "")
        answer = RedirectResponse(address, 303)
        answer.set_cookie(COOKIE, given, httponly=True, samesite="strict", path="/")
        return answer
    try:
        return await person_of(request)
    except Refused as refused:
        return PlainTextResponse(f"querist: {refused.message}\n", refused.status)


def _check(given: str, token: str) -> None:
    if not given:
        raise Refused(401, "this needs a token; open the address that querist serve printed")
    if not _same(given, token):
        raise Refused(401, "the token is not the one of this server; see what querist serve prints")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
