"""The gate: every request passes here first, and is let through, or answered and sent away."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from querist.core.errors import QueristError
from querist.server.cookies import cookie_name, csrf, open_cookie, same, set_cookie
from querist.server.door import error_page, login_page
from querist.server.errors import Refused, refusal
from querist.server.guard import COOKIE, PERSON, VISIT, Person, below, open_name
from querist.server.keys import Holder, new_secret
from querist.server.limits import Buckets, bounded, largest, too_large, while_true
from querist.server.people import People
from querist.server.roles import is_free, least_role, may, verb_of
from querist.server.settings import Settings
from querist.server.visit import Visit
from querist.server.wire import answer

_LOG = logging.getLogger("querist.server")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
STREAM = "events"  # the verb whose answer does not end by itself
STREAMS = 64  # of one person at a time
_HEADERS = 64 << 10  # bytes of all headers of a request
_NO_STORE = (b"cache-control", b"no-store")
_ASK_AGAIN = (b"cache-control", b"no-cache")

# A link on another site brings no cookie (SameSite=Strict); the page that loads itself does.
_AGAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0">'
    "<title>querist</title><p>One moment."
)


def install(app: FastAPI, settings: Settings) -> None:
    """Put the gate before an app, and the people of the served folder behind it."""
    if not settings.token:  # an empty one would be matched by nothing at all
        settings = replace(settings, token=new_secret())
    people = People(settings.root)
    app.state.settings = settings
    app.state.people = people
    app.add_middleware(Gate, people=people, settings=settings)


class Gate:
    """ASGI middleware that knows who asks, and lets nothing else through.

    Parameters
    ----------
    app : ASGI app
        What lies behind.
    people : People
        Who may come in.
    settings : Settings
        How the server is bound.
    """

    def __init__(self, app: ASGIApp, people: People, settings: Settings) -> None:
        self._app = app
        self._people = people
        self._settings = settings
        self._loopback = settings.loopback  # looked at in every request
        self._calls = Buckets(settings.rate, 2 * settings.rate)
        # by address: a whole office may join in a minute, but nobody may try many wrong secrets
        self._doors = Buckets(1, 60)
        self._failed = Buckets(10 / 60, 10)
        self._wrong = Buckets(1, 60)  # by address: wrong tokens
        self._aside: set[asyncio.Future[Any]] = set()
        self._touching: set[int] = set()
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            try:
                await self._app(scope, receive, send)
            finally:
                await asyncio.gather(*self._aside, return_exceptions=True)
                await asyncio.to_thread(self._people.close)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        if self._settings.root_path:
            scope["root_path"] = self._settings.root_path
        visit = Visit.of(scope, proxy=self._settings.proxy)
        scope[VISIT] = visit
        started = ended = False

        async def dressed(message: Message) -> None:
            nonlocal started, ended
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = _dressed(visit.path, message.get("headers", ()))
            else:
                ended = not message.get("more_body", False)
            await send(message)

        try:
            response = await self._pass(visit, scope, receive, dressed)
        except Refused as refused:
            response = self._sent_away(visit, refused)
        except ClientDisconnect:
            return
        except Exception as error:
            failure = _failure(visit, error)
            if started:
                raise
            response = self._sent_away(visit, failure)
        if response is not None:
            await response(scope, receive, dressed)
        elif started and not ended:  # a stream that was told its reader is gone
            await send({"type": "http.response.body", "body": b""})

    async def _pass(
        self, visit: Visit, scope: Scope, receive: Receive, send: Send
    ) -> Response | None:
        verb = verb_of(visit.path)
        open_mode = self._loopback and not self._people.any()
        _check_shape(visit)
        if open_mode and not visit.is_local(self._settings.port, self._settings.hosts):
            raise Refused(
                403,
                "without users this server answers to localhost and 127.0.0.1 at its own port "
                "only; invite people with: querist people DIR --invite owner",
            )
        limit = self._check_length(visit, verb)
        if is_free(visit.path):
            if visit.changes:
                self._check_origin(visit)
                if (wait := self._failed.wait(visit.neighbourhood)) > 0:
                    raise _slower(wait)
                self._check_rate(self._doors, visit.neighbourhood)
                send = self._counted(visit, send)
            await self._app(scope, bounded(receive, limit), send)
            return None
        name = cookie_name(self._settings, self._people, visit.scheme)
        who = self._who(visit, name, open_mode)
        if isinstance(who, Response):
            return who
        if visit.changes and visit.bearer is None:
            self._check_page(visit, visit.cookie(name) or "")
        least = least_role(visit.path, verb)
        if not may(who.role, least):
            raise below(who, least)
        self._check_rate(self._calls, who.name)
        scope[PERSON] = who
        cookie = visit.cookie(name) or ""
        scope[COOKIE] = cookie
        taken = bounded(receive, limit)
        if verb == STREAM:
            with self._one_more_stream(who):
                known = partial(self._is_known, visit.bearer or cookie, open_mode)
                await self._app(scope, while_true(taken, known), send)
        else:
            await self._app(scope, taken, send)
        return None

    def _is_known(self, secret: str, open_mode: bool) -> bool:
        """Whether what opened a stream would open it again."""
        if open_mode:
            return not self._people.any()
        return self._people.keys.holder(secret) is not None

    @contextmanager
    def _one_more_stream(self, who: Person) -> Iterator[None]:
        if self._streams[who.name] >= STREAMS:
            raise Refused(429, f"{who.name!r} has {STREAMS} streams open; close some", wait=5)
        self._streams[who.name] += 1
        try:
            yield
        finally:
            self._streams[who.name] -= 1
            self._streams += Counter()  # drops names at 0

    def _counted(self, visit: Visit, send: Send) -> Send:
        """Count a login or a join that came to nothing against its address."""

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                self._failed.take(visit.neighbourhood)
            await send(message)

        return counted

    # Who

    def _who(self, visit: Visit, name: str, open_mode: bool) -> Person | Response:
        """The person, or what to answer on the way to knowing one."""
        if open_mode:
            return self._by_server_token(visit, name)
        secret = visit.bearer
        kind = "token"
        if secret is None:
            secret, kind = visit.cookie(name), "session"
        if secret:
            holder = self._people.keys.holder(secret)
            if holder is not None and holder.kind == kind:
                self._note_use(holder)
                return Person(holder.name, holder.role, holder.kind, holder.key)
            if kind == "token":
                raise self._wrong_token(visit)
        return self._unknown(visit, "log in, or send a token as Authorization: Bearer TOKEN")

    def _by_server_token(self, visit: Visit, name: str) -> Person | Response:
        token = self._settings.token
        by = visit.asked("by")
        me = Person("me" if by is None else open_name(by), "owner", "open")
        if visit.bearer is not None:
            if not same(visit.bearer, token):
                raise self._wrong_token(visit)
            return me
        cookie = visit.cookie(name)
        if cookie and same(cookie, open_cookie(token)):
            if visit.wants_page and visit.asked("token") is not None:
                return RedirectResponse(visit.without("token"), 303)
            return me
        given = visit.asked("token")
        if given is not None and not visit.changes:
            if not same(given, token):
                raise self._wrong_token(visit)
            if verb_of(visit.path) is not None:
                return me
            self._do_aside(self._people.audit.came, visit.address, "the token of the server")
            moved = RedirectResponse(visit.without("token"), 303)
            set_cookie(moved, name, open_cookie(token), lasting=False)
            return moved
        if cookie:  # made of another token: of an earlier start of the server, or of a guess
            raise self._wrong_token(visit)
        return self._unknown(visit, "open the address that querist serve printed")

    def _unknown(self, visit: Visit, advice: str) -> Response:
        if visit.wants_page and not visit.changes and visit.came_across:
            return HTMLResponse(_AGAIN)
        raise Refused(401, f"this needs a login: {advice}")

    def _wrong_token(self, visit: Visit) -> Refused:
        if (wait := self._wrong.take(visit.neighbourhood)) > 0:
            return _slower(wait)
        detail = f"wrong token for {visit.method} {visit.path[:200]}"
        self._do_aside(self._people.audit.refused, visit.address, detail)
        return Refused(401, "this token is not known here, or was revoked")

    def _note_use(self, holder: Holder) -> None:
        if self._people.keys.is_stale(holder) and holder.key not in self._touching:
            self._touching.add(holder.key)
            done = self._do_aside(self._people.keys.touch, holder.key)
            done.add_done_callback(lambda _: self._touching.discard(holder.key))

    def _do_aside(self, fn: Callable[..., None], *values: Any) -> asyncio.Future[None]:
        """Write what no answer waits for; a disk that refuses is told to the log."""

        def work() -> None:
            try:
                fn(*values)
            except QueristError as error:
                _LOG.error("%s", error)

        task = asyncio.get_running_loop().run_in_executor(None, work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task

    # Whether

    def _check_length(self, visit: Visit, verb: str | None) -> int:
        limit = largest(verb or "", self._settings.upload)
        length = visit.heads.get("content_length", "0")
        if not (length.isascii() and length.isdigit()):
            raise Refused(400, "Content-Length must be a whole number")
        if int(length[:20]) > limit:
            raise Refused(413, too_large(limit))
        return limit

    def _check_origin(self, visit: Visit) -> None:
        if not visit.is_from_here():
            raise Refused(403, "this request comes from a page of another site")

    def _check_page(self, visit: Visit, cookie: str) -> None:
        """Refuse what a page of another site would make a browser send along with its cookie."""
        self._check_origin(visit)
        if not same(visit.heads.get("x_querist_csrf", ""), csrf(cookie)):
            raise Refused(403, "this change did not come from a page of this server; reload it")

    def _check_rate(self, buckets: Buckets, key: str) -> None:
        if (wait := buckets.take(key)) > 0:
            raise _slower(wait)

    def _sent_away(self, visit: Visit, refused: Refused) -> Response:
        headers = {}
        if "wait" in refused.more:
            headers["Retry-After"] = str(refused.more["wait"])
        if refused.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if refused.status == 413:
            headers["Connection"] = "close"  # the rest of the body is not waited for
        if visit.wants_page and verb_of(visit.path) is None:
            if refused.status == 401:
                back = visit.without("token")
                text = login_page(visit.root, open_mode=not self._people.any(), back=back)
            else:
                text = error_page(visit.root, refused)
            return HTMLResponse(text, refused.status, headers)
        return answer(refused.body(), refused.status, headers)


def _failure(visit: Visit, error: Exception) -> Refused:
    """What is said of an error: no more than its kind, as anybody may hear it."""
    if isinstance(error, QueristError):
        _LOG.error("%s %s failed: %s", visit.method, visit.path, error)
        status = refusal(error).status
        return Refused(status, "the server cannot use its file of people; its log says why")
    _LOG.error("%s %s failed", visit.method, visit.path, exc_info=error)
    return Refused(500, "the server failed; its log says how")


def _slower(wait: float) -> Refused:
    seconds = max(1, round(wait + 0.5))
    return Refused(429, f"too many requests; wait {seconds} s", wait=seconds)


def _check_shape(visit: Visit) -> None:
    if "\x00" in visit.path or ".." in visit.path.split("/"):
        raise Refused(400, "there is no such path")
    if visit.size > _HEADERS:
        raise Refused(431, f"the headers are larger than {_HEADERS:,} bytes")
    if visit.twice:
        raise Refused(400, "a header that must be alone came twice")


def _dressed(path: str, headers: Any) -> list[tuple[bytes, bytes]]:
    """The headers of an answer and, where it does not say otherwise itself, those of safety."""
    given = list(headers)
    names = {name.lower() for name, _ in given}
    given += [pair for pair in _RAW if pair[0] not in names]
    if b"cache-control" not in names:
        given.append(_ASK_AGAIN if path.startswith("/static/") else _NO_STORE)
    return given
