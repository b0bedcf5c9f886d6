from __future__ import annotations

from fastapi.routing import APIRoute

from querist.server.app import OF_A_CAMPAIGN, OF_THE_SERVER
from querist.server.roles import is_free, least_role, verb_of

# Routes that are owners' on purpose. A new route comes here, or into server/roles.py.
OWNERS = {
    *("people", "invitations", "audit"),
    *("items", "export", "hooks", "settings", "guidelines", "classes", "preview"),
}


def test_every_route_has_a_role_on_purpose():
    verbs = {
        route.path.split("/")[1]
        for router in OF_A_CAMPAIGN
        for route in router.routes
        if isinstance(route, APIRoute)
    }
    assert {"ask", "tell", "labels", "people"} <= verbs
    by_default = {verb for verb in verbs if least_role(f"/api/v1/{verb}", verb) == "owner"}
    assert by_default <= OWNERS, "name these in server/roles.py, or here as owners'"


def test_every_page_has_a_role_on_purpose():
    pages = {
        route.path
        for router in OF_THE_SERVER
        for route in router.routes
        if isinstance(route, APIRoute)
    }
    owners = {p for p in pages if not is_free(p) and least_role(p, verb_of(p)) == "owner"}
    assert owners == {"/admin", "/c/{name}/admin"}


def test_a_path_cannot_dress_up_as_another():
    for path in (
        "/static",
        "/staticfiles",
        "/joined",
        "/health/",
        "/login/x",
        "/api/v1",
        "//static/x",
        "/x/static/",
        "/c/static/api/v1/labels",
    ):
        assert not is_free(path), path
    for path in ("/api/v1/labels/ask", "/api/v1/people/ask", "/c/ask/api/v1/people"):
        assert least_role(path, verb_of(path)) != "annotator", path
    for path in ("/c/api/v1/ask", "/api/v2/ask", "/c/a/b/api/v1/ask", "/API/V1/ask"):
        assert least_role(path, verb_of(path)) == "owner", path
