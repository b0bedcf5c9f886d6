"""openapi.json: the routes as FastAPI sees them, with the bodies that are read by hand."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from querist.server.bodies import BODIES
from querist.server.intake import Items
from querist.server.wire import Body

_bodies: list[type[Body]] = [*BODIES, Items]


def declare(*kinds: type[Body]) -> None:
    """Have openapi.json describe further bodies that routes name through `takes`."""
    _bodies.extend(kind for kind in kinds if kind not in _bodies)


def install(app: FastAPI) -> None:
    """Describe the bodies in the app's openapi.json."""
    plain = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None or "x-bodies" not in app.openapi_schema:
            schema = plain()
            pairs: Any = [(kind, "validation") for kind in _bodies]
            _, found = models_json_schema(pairs, ref_template="#/components/schemas/{model}")
            parts = schema.setdefault("components", {}).setdefault("schemas", {})
            parts.update(found.get("$defs", {}))
            schema["x-bodies"] = len(_bodies)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]
