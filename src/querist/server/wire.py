"""JSON in and out: request bodies checked by their model, answers written in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticSerializationError, to_json
from starlette.responses import Response

from querist.server.errors import Refused, said

B = TypeVar("B", bound="Body")

Name = Annotated[str, Field(min_length=1, max_length=100)]
Id = Annotated[str, Field(min_length=1, max_length=2000)]
Seconds = Annotated[float, Field(gt=0, le=86_400)]
HUGE = 2**53  # whole numbers beyond it do not survive JSON in a browser


class Body(BaseModel):
    """What every request body obeys: no unknown field, no NaN, nothing taken for what it is not."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def dumps(value: Any) -> bytes:
    r"""JSON in UTF-8; what JSON has no number for (NaN, infinity) becomes null.

    Examples
    --------
    >>> dumps({"a": float("nan"), "b": "é"})
    b'{"a":null,"b":"\xc3\xa9"}'
    >>> dumps("half of a pair: \ud800")
    b'"half of a pair: \\ud800"'
    """
    try:
        return to_json(value, inf_nan_mode="null", fallback=_plain)
    except PydanticSerializationError:  # a lone surrogate has no UTF-8; JSON can spell it
        return json.dumps(_finite(value), separators=(",", ":")).encode()


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(
        dumps(value), status, dict(headers or {}), media_type="application/json; charset=utf-8"
    )


async def read(request: Request, kind: type[B]) -> B:
    """The body of a request, checked.

    Raises
    ------
    Refused
        422 when it is not what is asked for.
    """
    try:
        return kind.model_validate_json(await request.body() or b"{}")
    except ValidationError as error:
        raise misshapen(error) from None


def misshapen(error: ValidationError) -> Refused:
    """The refusal of what is not what was asked for."""
    problems: Any = error.errors(include_url=False, include_input=False, include_context=False)
    return Refused(422, said(problems))


def takes(kind: type[Body]) -> dict[str, Any]:
    """The part of openapi.json that says what a route takes."""
    schema = {"$ref": f"#/components/schemas/{kind.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {str(name): _finite(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    if isinstance(value, (str, int, type(None))):
        return value
    return _plain(value)
