"""The door: logging in, joining by an invitation, leaving, and one's own account."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from querist.core.errors import BadInput
from querist.server.cookies import cookie_name, drop_cookie, open_cookie, same, set_cookie
from querist.server.errors import Refused
from querist.server.guard import Who, csrf_of, visit_of
from querist.server.people import Invitation, People, User
from querist.server.people_file import NotGranted
from querist.server.rendering import rendered
from querist.server.roles import verb_of
from querist.server.settings import Settings
from querist.server.visit import Visit, here
from querist.server.wire import answer

HEADINGS = {403: "Not open to you", 404: "Nothing here", 429: "Too many requests"}

router = APIRouter(include_in_schema=False)


def login_page(root: str, *, open_mode: bool = False, back: str = "/", said: str = "") -> str:
    """The page that asks for a token."""
    return rendered(
        "login.html", page="login", root=root, open_mode=open_mode, back=back, said=said, form=True
    )


def error_page(root: str, refused: Refused) -> str:
    """The page that says why there is nothing to see."""
    return rendered(
        "login.html",
        page="login",
        root=root,
        heading=HEADINGS.get(refused.status, "That did not work"),
        said=refused.message,
    )


def seen(request: Request, refused: Refused) -> Response | None:
    """An error as a page, where a person looks at it in a browser; None where a program does."""
    visit = visit_of(request)
    if not visit.wants_page or verb_of(visit.path) is not None:
        return None
    return HTMLResponse(error_page(visit.root, refused), refused.status)


@router.get("/login")
async def login(request: Request, next: str = "/") -> Response:
    """Ask for a token."""
    people: People = request.app.state.people
    root = visit_of(request).root
    return HTMLResponse(login_page(root, open_mode=_is_open(request, people), back=here(next)))


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Begin a session: a fresh one, whatever cookie came along."""
    people: People = request.app.state.people
    settings: Settings = request.app.state.settings
    visit = visit_of(request)
    form = await _form(request)
    token, back = form.get("token", "").strip(), here(form.get("next", "/"))
    moved = RedirectResponse(back, 303)
    if _is_open(request, people):
        if same(token, settings.token):
            name = cookie_name(settings, people, visit.scheme)
            set_cookie(moved, name, open_cookie(settings.token), lasting=False)
            await asyncio.to_thread(people.audit.came, visit.address, "the token of the server")
            return moved
    elif (holder := people.keys.holder(token)) is not None and holder.kind == "token":
        agent = visit.heads.get("user_agent", "")
        await asyncio.to_thread(people.keys.touch, holder.key)
        secret = await asyncio.to_thread(
            people.keys.open_session, holder.name, address=visit.address, agent=agent
        )
        set_cookie(moved, cookie_name(settings, people, visit.scheme), secret, lasting=True)
        return moved
    await asyncio.to_thread(people.audit.refused, visit.address, "wrong token at the login")
    said = "this token is not known here, or was revoked"
    if not visit.wants_page:
        raise Refused(401, said)
    text = login_page(visit.root, open_mode=_is_open(request, people), back=back, said=said)
    return HTMLResponse(text, 401)


@router.post("/logout")
async def log_out(request: Request, who: Who) -> Response:
    """End the session of this browser."""
    people: People = request.app.state.people
    visit = visit_of(request)
    if who.how == "session":
        await asyncio.to_thread(
            people.keys.revoke, who.key, by=who.name, of=who.name, address=visit.address
        )
    done = answer({"ok": True})
    drop_cookie(done, cookie_name(request.app.state.settings, people, visit.scheme))
    return done


@router.get("/join/{code}")
async def invited(request: Request, code: str) -> Response:
    """Show an invitation; programs that look at links before people do use nothing up."""
    people: People = request.app.state.people
    try:
        return _join_page(request, people.invitation(code))
    except NotGranted as error:
        return _join_page(request, None, said=str(error), status=error.status)


@router.post("/join/{code}")
async def join(request: Request, code: str) -> Response:
    """Use an invitation: a person, a session, and a token to come back with."""
    people: People = request.app.state.people
    visit = visit_of(request)
    agent = visit.heads.get("user_agent", "")
    name = (await _form(request)).get("name", "").strip()
    try:
        user, secret = await asyncio.to_thread(
            people.join, code, name or None, address=visit.address, agent=agent
        )
    except (NotGranted, BadInput) as error:
        status = error.status if isinstance(error, NotGranted) else 422
        await asyncio.to_thread(people.audit.refused, visit.address, f"join: {error}"[:300])
        try:
            again = people.invitation(code)
        except NotGranted:
            again = None
        return _join_page(request, again, said=str(error), name=name, status=status)
    response = await _welcome(people, user, visit)
    settings: Settings = request.app.state.settings
    set_cookie(response, cookie_name(settings, people, visit.scheme), secret, lasting=True)
    return response


async def _welcome(people: People, user: User, visit: Visit) -> Response:
    """The page that shows a token; whoever has too many is led to where some can be revoked."""
    try:
        token, _ = await asyncio.to_thread(
            people.keys.make_token,
            user.name,
            "made when joining",
            by=user.name,
            address=visit.address,
        )
    except NotGranted:  # the invitation is used up: the session must not be lost with it
        return RedirectResponse(f"{visit.root}/account", 303)
    return HTMLResponse(
        rendered("joined.html", page="join", root=visit.root, who=user, token=token)
    )


@router.get("/account")
@router.get("/c/{name}/account")
async def account(request: Request, who: Who) -> Response:
    """One's own tokens and sessions."""
    text = rendered(
        "account.html",
        page="account",
        root=visit_of(request).root,
        base=visit_of(request).root,
        csrf=csrf_of(request),
        who=who,
        role=who.role,
    )
    return HTMLResponse(text)


def _join_page(
    request: Request,
    invitation: Invitation | None,
    *,
    said: str = "",
    name: str = "",
    status: int = 200,
) -> Response:
    text = rendered(
        "join.html",
        page="join",
        root=visit_of(request).root,
        invitation=invitation,
        said=said,
        name=name,
    )
    return HTMLResponse(text, status)


def _is_open(request: Request, people: People) -> bool:
    settings: Settings = request.app.state.settings
    return settings.loopback and not people.any()


async def _form(request: Request) -> dict[str, str]:
    """The fields of a plain form; the first of each name."""
    raw = (await request.body()).decode("utf-8", "replace")
    try:
        fields = parse_qs(raw, keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise Refused(422, "a form of at most 10 fields is expected") from error
    return {name: values[0] for name, values in fields.items()}
