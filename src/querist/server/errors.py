"""Errors of the server: one shape for all of them, {"error": sentence, "status": number}."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from querist.core.errors import (
    BadInput,
    BadLabel,
    LogError,
    LogFull,
    NotServed,
    QueristError,
    UnknownTask,
)

# the first that fits decides
STATUS: tuple[tuple[type[QueristError], int], ...] = (
    (BadLabel, 422),
    (BadInput, 422),
    (UnknownTask, 404),
    (NotServed, 403),
    (LogFull, 507),
    (LogError, 503),
)


class Refused(Exception):
    """A request the server will not do, with the HTTP status that says so.

    Parameters
    ----------
    status : int
        HTTP status.
    message : str
        A sentence for the person who reads it.
    more : Any
        Further fields of the answer.

    Examples
    --------
    >>> Refused(404, "no campaign goes by that name").body()
    {'error': 'no campaign goes by that name', 'status': 404}
    """

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.more = more

    def body(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {"error": self.message, "status": self.status, **self.more}


def refusal(error: QueristError) -> Refused:
    """An error of the loop as a refused request.

    Examples
    --------
    >>> refusal(UnknownTask("no task goes by that id")).status
    404
    """
    code = getattr(error, "code", None)
    if isinstance(code, str):  # a lease that ran out, or is somebody else's
        return Refused(409, str(error), code=code)
    if isinstance(status := getattr(error, "status", None), int):  # it knows itself
        return Refused(status, str(error))
    status = next((number for kind, number in STATUS if isinstance(error, kind)), 409)
    return Refused(status, str(error))


def said(problems: Sequence[Any]) -> str:
    """What a validator found, as a sentence.

    Examples
    --------
    >>> said([{"loc": ("n",), "msg": "Input should be less than 1001"}])
    "'n': input should be less than 1001"
    """
    found = []
    for problem in problems[:5]:
        place = ".".join(str(part) for part in problem["loc"])
        message = str(problem["msg"])
        message = message[:1].lower() + message[1:]
        found.append(f"{place!r}: {message}" if place else message)
    more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
    return "; ".join(found) + more
