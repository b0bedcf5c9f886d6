"""The short way: the two calls of every click go straight to their handlers.

FastAPI finds a route among some dozens, resolves its dependencies and opens two exit stacks for
each request: more work than asking and telling themselves. The routes are still there, for
openapi.json and for whatever does not look exactly like a click.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from querist.core.errors import QueristError
from querist.server.campaigns import Open, campaign_of
from querist.server.errors import Refused
from querist.server.guard import PERSON, Person

if TYPE_CHECKING:
    from starlette.types import ExceptionHandler

Handler = Callable[[Request, Open, Person], Awaitable[Response]]

_ALONE, _NAMED, _API = "/api/v1/", "/c/", "api/v1"


def install(app: FastAPI, handlers: Mapping[str, Handler]) -> None:
    """Let POST api/v1/{verb} go straight to its handler; call it before the gate is put on."""
    app.add_middleware(ShortWay, handlers=dict(handlers), answers=app.exception_handlers)


class ShortWay:
    """ASGI middleware behind the gate, which has left the person in the scope.

    Parameters
    ----------
    app : ASGI app
        What all other requests go to.
    handlers : mapping
        Verb to its endpoint.
    answers : mapping
        The app's own handlers of exceptions, so that an error looks the same on either way.
    """

    def __init__(
        self,
        app: ASGIApp,
        handlers: Mapping[str, Handler],
        answers: Mapping[type[Exception] | int, ExceptionHandler],
    ) -> None:
        self._app = app
        self._handlers = handlers
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope.get("root_path"):
            await self._app(scope, receive, send)
            return
        verb, name = split(scope["path"])
        handler = self._handlers.get(verb)
        if handler is None or PERSON not in scope:
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {} if name is None else {"name": name}
        request = Request(scope, receive, send)
        try:
            response = await handler(request, await campaign_of(request), scope[PERSON])
        except (Refused, QueristError, HTTPException) as error:
            response = await self._said(request, error)
        await response(scope, receive, send)

    async def _said(self, request: Request, error: Exception) -> Response:
        kind = next(kind for kind in type(error).__mro__ if kind in self._answers)
        found = self._answers[kind](request, error)  # type: ignore[arg-type]
        response: Response = await found  # type: ignore[misc]
        return response


def split(path: str) -> tuple[str, str | None]:
    """Verb and campaign a path speaks of; no verb when it is not one of a campaign's API.

    Examples
    --------
    >>> split("/api/v1/ask"), split("/c/spam/api/v1/tell")
    (('ask', None), ('tell', 'spam'))
    >>> split("/c/spam/ask"), split("/static/app.js"), split("/api/v1/why/a/ask")
    (('', None), ('', None), ('', None))
    """
    if path.startswith(_ALONE):
        verb = path[len(_ALONE) :]
        return ("" if "/" in verb else verb), None
    if path.startswith(_NAMED):
        name, *rest = path[len(_NAMED) :].split("/")
        if len(rest) == 3 and "/".join(rest[:2]) == _API and name:
            return rest[2], name
    return "", None
