"""How an app answers every error: in the one shape, whoever raised it."""

from __future__ import annotations

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


def install(app: FastAPI) -> None:
    """Have an app answer every error in the one shape."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer(error.body(), error.status)

    async def of_the_loop(request: Request, error: Exception) -> Response:
        assert isinstance(error, QueristError)
        found = refusal(error)
        return answer(found.body(), found.status)

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        found = Refused(error.status_code, SENTENCES.get(error.detail, str(error.detail)))
        return answer(found.body(), found.status, error.headers)

    async def of_shape(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [{**p, "loc": p["loc"][1:]} for p in error.errors()]
        return answer(Refused(422, said(problems)).body(), 422)

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(QueristError, of_the_loop)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_shape)
