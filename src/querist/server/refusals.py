"""How an app answers every error: in the one shape, whoever raised it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from querist.core.errors import QueristError
from querist.server.errors import Refused, refusal, said
from querist.server.wire import answer

# what Starlette says by itself, as sentences
SENTENCES = {
    "Not Found": "there is nothing at this address",
    "Method Not Allowed": "this address does not take requests of that method",
}


def install(app: FastAPI, seen: Callable[[Request, Refused], Response | None]) -> None:
    """Have an app answer every error in the one shape, or as `seen` shows it to a person."""

    def told(
        request: Request, found: Refused, headers: Mapping[str, str] | None = None
    ) -> Response:
        return seen(request, found) or answer(found.body(), found.status, headers)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return told(request, error)

    async def of_the_loop(request: Request, error: Exception) -> Response:
        assert isinstance(error, QueristError)
        return told(request, refusal(error))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        found = Refused(error.status_code, SENTENCES.get(error.detail, str(error.detail)))
        return told(request, found, error.headers)

    async def of_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [{**p, "loc": p["loc"][1:]} for p in error.errors()]
        return told(request, Refused(422, said(problems)))

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(QueristError, of_the_loop)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_shape)
