"""The routes of people: who is here, invitations, tokens, sessions, the audit."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from querist.server.campaigns import Served
from querist.server.errors import Refused
from querist.server.guard import Owner, Person, Who, speaks_for, visit_of
from querist.server.keys import Role
from querist.server.openapi import declare
from querist.server.people import INVITED_DAYS, People
from querist.server.wire import Body, Name, answer, read, takes

router = APIRouter()
Number = Annotated[int, Path(ge=1, le=2**62)]


class Change(Body):
    """What may be changed of a person."""

    name: Name
    role: Role
    by: Name | None = None


class Invite(Body):
    """Whom to invite: `name` where it is meant for one name, or somebody who lost his token."""

    role: Role
    name: Name | None = None
    days: Annotated[float, Field(gt=0, le=365)] = INVITED_DAYS
    by: Name | None = None


class NewToken(Body):
    """A token for a script or another browser."""

    label: Name
    by: Name | None = None


declare(Change, Invite, NewToken)


@router.get("/people")
async def everybody(request: Request, who: Owner) -> Response:
    """Everybody who may come in or could."""
    return answer({"people": [user.to_json() for user in _people(request).users()]})


@router.post("/people", openapi_extra=takes(Change))
async def change(request: Request, who: Owner) -> Response:
    """Change the role of a person."""
    body = await read(request, Change)
    user = await asyncio.to_thread(
        _people(request).set_role,
        body.name,
        body.role,
        by=speaks_for(who, body.by),
        address=_address(request),
    )
    return answer(user.to_json())


@router.delete("/people/{person:path}")
async def disable(request: Request, person: str, who: Owner) -> Response:
    """Close the account of a person; what he answered stays, what he held others may have."""
    user = await asyncio.to_thread(
        _people(request).disable, person, by=who.name, address=_address(request)
    )
    served: Served = request.app.state.served
    for campaign in served.opened():
        await campaign.clerk.release(None, by=person)
    return answer(user.to_json())


@router.get("/invitations")
async def invitations(request: Request, who: Owner) -> Response:
    """Invitations that can still be used."""
    return answer({"invitations": [one.to_json() for one in _people(request).invitations()]})


@router.post("/invitations", openapi_extra=takes(Invite))
async def invite(request: Request, who: Owner) -> Response:
    """A link that lets one person in once; it is shown here and never again."""
    body = await read(request, Invite)
    code, made = await asyncio.to_thread(
        _people(request).invite,
        body.role,
        by=speaks_for(who, body.by),
        name=body.name,
        days=body.days,
        address=_address(request),
    )
    visit = visit_of(request)
    link = f"{visit.scheme}://{visit.heads.get('host', '')}{visit.root}/join/{code}"
    return answer({"link": link, **made.to_json()})


@router.delete("/invitations/{number}")
async def withdraw(request: Request, number: Number, who: Owner) -> Response:
    """Make an invitation void."""
    await asyncio.to_thread(
        _people(request).withdraw, number, by=who.name, address=_address(request)
    )
    return answer({"ok": True})


@router.get("/tokens")
async def tokens(request: Request, who: Who, all: bool = False) -> Response:
    """One's own tokens; an owner may see all."""
    listed = _people(request).keys.listed("token", _whose(who, all))
    return answer({"tokens": [key.to_json() for key in listed]})


@router.post("/tokens", openapi_extra=takes(NewToken))
async def make_token(request: Request, who: Who) -> Response:
    """A new token of one's own; it is shown here and never again."""
    body = await read(request, NewToken)
    if who.how == "open":
        raise Refused(
            409, "without users there is one token, that of the server; invite an owner first"
        )
    secret, key = await asyncio.to_thread(
        _people(request).keys.make_token,
        who.name,
        body.label,
        by=speaks_for(who, body.by),
        address=_address(request),
    )
    return answer({"token": secret, **key.to_json()})


@router.get("/sessions")
async def sessions(request: Request, who: Who, all: bool = False) -> Response:
    """One's own browsers that are logged in; an owner may see all."""
    listed = _people(request).keys.listed("session", _whose(who, all))
    found = [{**key.to_json(), "this": key.id == who.key} for key in listed]
    return answer({"sessions": found})


@router.delete("/tokens/{number}")
@router.delete("/sessions/{number}")
async def revoke(request: Request, number: Number, who: Who) -> Response:
    """End a token or session of one's own; an owner may end any."""
    key = await asyncio.to_thread(
        _people(request).keys.revoke,
        number,
        by=who.name,
        of=_whose(who, True),
        address=_address(request),
    )
    return answer(key.to_json())


@router.get("/audit")
async def audit(
    request: Request,
    who: Owner,
    n: Annotated[int, Query(ge=1, le=1000)] = 200,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Logins, refusals and changes, newest first."""
    lines = await asyncio.to_thread(_people(request).audit.entries, n, before)
    return answer({"audit": [line.to_json() for line in lines]})


def _people(request: Request) -> People:
    people: People = request.app.state.people
    return people


def _address(request: Request) -> str:
    return visit_of(request).address


def _whose(who: Person, all: bool) -> str | None:
    """Whose keys: everybody's for an owner who asks for all."""
    return None if all and who.role == "owner" else who.name
