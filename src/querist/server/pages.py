"""The pages: templates filled with what their scripts need, and nothing of the pool.

Who may open which is settled at the gate (`roles.py`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from querist.server.campaigns import Served
from querist.server.guard import Person, Who, csrf_of, visit_of
from querist.server.rendering import rendered

router = APIRouter(include_in_schema=False)


def page(request: Request, template: str, who: Person) -> Response:
    """A page; templates get base, csrf, name, who, the campaigns, and what base.html shows."""
    served: Served = request.app.state.served
    root = visit_of(request).root
    name = request.path_params.get("name") or (served.root.name if served.single else "")
    text = rendered(
        template,
        base=root + served.base(name) if name else root,
        root=root,
        csrf=csrf_of(request),
        name=name,
        title=name,
        page=template.removesuffix(".html"),
        role=who.role,
        who=who,
        campaigns=[{"name": other, "base": root + served.base(other)} for other in served.names()],
    )
    return HTMLResponse(text, headers={"Cache-Control": "no-store"})


def _of_campaign(request: Request, template: str, who: Person) -> Response:
    """The page of the campaign that the path names; the list of them where there are several."""
    served: Served = request.app.state.served
    name = request.path_params.get("name")
    if name is None and not served.single:
        return page(request, "campaigns.html", who)
    served.folder(name or served.root.name)
    return page(request, template, who)


@router.get("/")
@router.get("/c/{name}")
@router.get("/c/{name}/")
async def label(request: Request, who: Who) -> Response:
    """Where people label; with several campaigns "/" lists them."""
    return _of_campaign(request, "label.html", who)


@router.get("/insight")
@router.get("/c/{name}/insight")
async def insight(request: Request, who: Who) -> Response:
    """How the campaign goes."""
    return _of_campaign(request, "insight.html", who)


@router.get("/admin")
@router.get("/c/{name}/admin")
async def admin(request: Request, who: Who) -> Response:
    """Settings, people, export."""
    return _of_campaign(request, "admin.html", who)
