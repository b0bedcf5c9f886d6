"""The pages: templates filled with what their scripts need, and nothing of the pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse, Response

from querist.server.campaigns import Served
from querist.server.guard import Person, Role, below, csrf_of, person_of, visit_of
from querist.server.roles import may

HERE = Path(__file__).parent
TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape(default=True)
)
PAGES: dict[str, tuple[str, Role]] = {
    "": ("label.html", "annotator"),
    "/insight": ("insight.html", "reviewer"),
    "/admin": ("admin.html", "owner"),
}

router = APIRouter(include_in_schema=False)


def page(request: Request, template: str, who: Person, status: int = 200, **more: Any) -> Response:
    """A page; templates get base, csrf, name, who, the campaigns, and what base.html shows."""
    served: Served = request.app.state.served
    root = visit_of(request).root
    name = request.path_params.get("name") or (served.root.name if served.single else "")
    text = TEMPLATES.get_template(template).render(
        base=root + served.base(name) if name else root,
        root=root,
        csrf=csrf_of(request),
        name=name,
        title=name,
        page=template.removesuffix(".html"),
        role=who.role,
        who=who,
        campaigns=[{"name": other, "base": root + served.base(other)} for other in served.names()],
        **more,
    )
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


async def _serve(request: Request, path: str) -> Response:
    template, role = PAGES[path]
    who = await person_of(request)
    served: Served = request.app.state.served
    name = request.path_params.get("name")
    if name is None and not served.single:
        return page(request, "campaigns.html", who)
    served.folder(name or served.root.name)
    if not may(who.role, role):
        raise below(who, role)
    return page(request, template, who)


@router.get("/")
@router.get("/c/{name}")
@router.get("/c/{name}/")
async def label(request: Request) -> Response:
    """Where people label; with several campaigns "/" lists them."""
    return await _serve(request, "")


@router.get("/insight")
@router.get("/c/{name}/insight")
async def insight(request: Request) -> Response:
    """How the campaign goes."""
    return await _serve(request, "/insight")


@router.get("/admin")
@router.get("/c/{name}/admin")
async def admin(request: Request) -> Response:
    """Settings, people, export."""
    return await _serve(request, "/admin")
