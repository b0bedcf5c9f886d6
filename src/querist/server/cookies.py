"""The session cookie, and what is derived from it."""

from __future__ import annotations

import hmac

from starlette.responses import Response

from querist.server.keys import SESSION_DAYS
from querist.server.people import People
from querist.server.settings import Settings


def cookie_name(settings: Settings, people: People, scheme: str) -> str:
    """The name of the session cookie: servers on one host must not take each other's.

    Browsers keep cookies by host and not by port. ``__Host-`` keeps other hosts of a domain
    from setting it.
    """
    own = people.file.mark if people.any() else str(settings.port)
    return ("__Host-" if scheme == "https" else "") + f"querist-{own}"


def set_cookie(response: Response, name: str, value: str, *, lasting: bool) -> None:
    """Give the browser a session; no script can read it, and no other site can use it."""
    response.set_cookie(
        name,
        value,
        max_age=SESSION_DAYS * 86400 if lasting else None,
        path="/",
        secure=name.startswith("__Host-"),
        httponly=True,
        samesite="strict",
    )


def drop_cookie(response: Response, name: str) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        name, path="/", secure=name.startswith("__Host-"), httponly=True, samesite="strict"
    )


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell how far they agree.

    Examples
    --------
    >>> same("a", "a"), same("a", "b"), same("", "a")
    (True, False, False)
    """
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def csrf(cookie: str) -> str:
    """What only a page that belongs to a cookie can know: derived from it, and no way back."""
    return hmac.new(cookie.encode("utf-8", "replace"), b"querist csrf", "sha256").hexdigest()


def open_cookie(token: str) -> str:
    """The cookie of whoever showed the server's token: it lives as long as the token does."""
    return hmac.new(token.encode(), b"querist open", "sha256").hexdigest()
