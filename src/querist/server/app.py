"""The app: every route and guard of the server, put together in one place."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from querist.server import (
    admin,
    api,
    door,
    export,
    gate,
    hook_routes,
    insight,
    intake,
    openapi,
    pages,
    people_api,
    refusals,
    short,
)
from querist.server.campaigns import Served
from querist.server.errors import Refused
from querist.server.guard import Who
from querist.server.keeper import Keeper
from querist.server.settings import Settings
from querist.server.wire import answer

STATIC = Path(__file__).parent / "static"

# Routes of one campaign, each below /api/v1 (when there is one) and /c/{name}/api/v1.
OF_A_CAMPAIGN: tuple[APIRouter, ...] = (
    api.router,
    intake.router,
    insight.router,
    people_api.router,
    admin.router,
    export.router,
    hook_routes.router,
)
# Routes of the server as a whole, each with its own full paths.
OF_THE_SERVER: tuple[APIRouter, ...] = (pages.router, door.router, admin.whole)


def create_app(served: Served, settings: Settings) -> FastAPI:
    """The labelling server over some campaigns.

    Parameters
    ----------
    served : Served
        The campaigns.
    settings : Settings
        Where it is bound and what opens it.
    """
    keeper = Keeper(settings.root, _say)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if settings.work:
            await keeper.start()
        beside = (
            asyncio.create_task(served.open_ahead()),
            asyncio.create_task(hook_routes.deliver_all(served, _say)),
        )
        yield
        for task in beside:
            task.cancel()
        for end in await asyncio.gather(*beside, return_exceptions=True):
            if isinstance(end, Exception):  # what was cancelled ends by no Exception
                _say(f"work beside the server failed: {end!r}")
        await keeper.stop()
        await served.close()

    app = FastAPI(
        title="querist",
        version=version("querist"),
        summary="Ask for tasks, tell answers, see how the campaign goes.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.served = served
    app.state.keeper = keeper
    app.state.leaving = served.leave
    refusals.install(app, door.seen)
    short.install(app, {"ask": api.ask, "tell": api.tell})
    gate.install(app, settings)
    openapi.install(app)
    app.include_router(_whole)
    for router in OF_THE_SERVER:
        app.include_router(router)
    for router in OF_A_CAMPAIGN:
        app.include_router(router, prefix="/api/v1")
        app.include_router(router, prefix="/c/{name}/api/v1", include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _say(line: str) -> None:
    sys.stderr.write(f"querist: {line}\n")
    sys.stderr.flush()


_whole = APIRouter()


@_whole.get("/health")
async def health(request: Request) -> Response:
    """Whether the server answers, and how many campaigns it serves."""
    names = request.app.state.served.names()
    return answer({"status": "ok", "version": version("querist"), "campaigns": len(names)})


@_whole.get("/api/v1/campaigns")
async def campaigns(request: Request, who: Who) -> Response:
    """The campaigns that are served here."""
    served: Served = request.app.state.served
    return answer({"campaigns": [{"name": n, "base": served.base(n)} for n in served.names()]})


@_whole.get("/api/v1/openapi.json", include_in_schema=False)
@_whole.get("/c/{name}/api/v1/openapi.json", include_in_schema=False)
async def schema(request: Request, who: Who) -> Response:
    """What the API takes and gives."""
    return answer(request.app.openapi())


@_whole.api_route("/static/plotly.min.js", methods=["GET", "HEAD"], include_in_schema=False)
async def plotly() -> Response:
    """plotly.js as the installed plotly package brings it."""
    found = find_spec("plotly")
    if found is None or found.origin is None:
        raise Refused(404, "plotly is not installed here")
    path = Path(found.origin).parent / "package_data" / "plotly.min.js"
    return FileResponse(
        path, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"}
    )
