"""Who is asking, as routes and pages see it; the gate before them has looked already."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Request

from querist.server.cookies import csrf
from querist.server.errors import Refused
from querist.server.keys import Role
from querist.server.names import LONGEST
from querist.server.roles import may
from querist.server.visit import Visit

PERSON = "querist.person"  # where the gate leaves them in the scope of a request
COOKIE = "querist.cookie"
VISIT = "querist.visit"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may use the server.

    Attributes
    ----------
    name : str
        Under it answers are written.
    role : str
        owner, reviewer or annotator.
    how : str
        token, session, or open: whoever holds the token of a server without users.
    key : int
        The id of the token or session; 0 where open.
    """

    name: str
    role: Role
    how: Literal["token", "session", "open"]
    key: int = 0


async def person_of(request: Request) -> Person:
    """The person behind a request.

    Raises
    ------
    Refused
        401 on a path that is open to everybody, where nobody was asked for.
    """
    who = request.scope.get(PERSON)
    if not isinstance(who, Person):
        raise Refused(401, "this needs a login")
    return who


def csrf_of(request: Request) -> str:
    """What a page must send in the header X-Querist-CSRF with whatever it changes."""
    return csrf(request.scope.get(COOKIE, ""))


def visit_of(request: Request) -> Visit:
    """The head of a request as the gate read it."""
    found: Visit = request.scope[VISIT]
    return found


def need(role: Role) -> Callable[[Request], Coroutine[Any, Any, Person]]:
    """A dependency that gives the person, and refuses (403) one below the role."""

    async def needed(request: Request) -> Person:
        who = await person_of(request)
        if not may(who.role, role):
            raise below(who, role)
        return who

    return needed


def below(who: Person, role: Role) -> Refused:
    """The refusal of somebody whose role is not enough."""
    return Refused(403, f"this takes the role {role!r}; {who.name!r} is {who.role!r}")


def speaks_for(who: Person, by: str | None) -> str:
    """The name an act is written under: that of the person, or in open mode the one they give.

    Raises
    ------
    Refused
        403 when a person with a name gives another; 422 for a name that is none.

    Examples
    --------
    >>> speaks_for(Person("me", "owner", "open"), "ann")
    'ann'
    >>> speaks_for(Person("ann", "owner", "token"), None)
    'ann'
    >>> speaks_for(Person("ann", "owner", "token"), "bob")
    Traceback (most recent call last):
    querist.server.errors.Refused: you are 'ann' here, and cannot answer as 'bob'
    """
    if by is None or by == who.name:
        return who.name
    if who.how == "open":
        return open_name(by)
    raise Refused(403, f"you are {who.name!r} here, and cannot answer as {by!r}")


def open_name(by: str) -> str:
    """A name somebody gives himself where there are no users: any text that is not blank."""
    if not by.strip() or len(by) > LONGEST:
        raise Refused(422, f"'by' is a name of 1 to {LONGEST} characters")
    return by


Who = Annotated[Person, Depends(person_of)]
Reviewer = Annotated[Person, Depends(need("reviewer"))]
Owner = Annotated[Person, Depends(need("owner"))]
