"""What each role may reach: one table, in which whatever is not named is for owners."""

from __future__ import annotations

from querist.server.keys import Role

RANKS: tuple[Role, ...] = ("annotator", "reviewer", "owner")

_VERBS: dict[str, Role] = {
    **dict.fromkeys(
        (
            *("ask", "tell", "skip", "retract", "renew", "release", "note", "recent", "me"),
            *("question", "events", "image", "campaigns", "openapi.json", "tokens", "sessions"),
        ),
        "annotator",
    ),
    **dict.fromkeys(("status", "labels", "curve", "why", "insight", "overview"), "reviewer"),
}
_PAGES: dict[str, Role] = {
    **dict.fromkeys(("", "account", "logout"), "annotator"),
    "insight": "reviewer",
}
FREE = ("/static/", "/join/")  # what needs no login, by its beginning
_FREE = frozenset({"/health", "/login", "/favicon.ico", "/robots.txt"})


def is_free(path: str) -> bool:
    """Whether a path is open to everybody.

    Examples
    --------
    >>> is_free("/health"), is_free("/static/a.css"), is_free("/"), is_free("/healthy")
    (True, True, False, False)
    """
    return path in _FREE or path.startswith(FREE)


def verb_of(path: str) -> str | None:
    """The verb of an API path, of one campaign or of the server; None for a page.

    Examples
    --------
    >>> verb_of("/api/v1/why/m1"), verb_of("/c/spam/api/v1/ask"), verb_of("/insight")
    ('why', 'ask', None)
    """
    parts = path.split("/", 7)
    if len(parts) > 3 and parts[1] == "api" and parts[2] == "v1":
        return parts[3]
    if len(parts) > 5 and parts[1] == "c" and parts[3] == "api" and parts[4] == "v1":
        return parts[5]
    return None


def least_role(path: str, verb: str | None) -> Role:
    """The lowest role that may ask for a path; a new route is an owner's until it is named here.

    `verb` is what `verb_of` said of the path.

    Examples
    --------
    >>> least_role("/api/v1/tell", "tell"), least_role("/api/v1/new", "new")
    ('annotator', 'owner')
    >>> [least_role(path, None) for path in ("/", "/c/spam", "/c/spam/insight", "/admin")]
    ['annotator', 'annotator', 'reviewer', 'owner']
    """
    if verb is not None:
        return _VERBS.get(verb, "owner")
    parts = path.split("/")
    rest = parts[3:] if parts[1:2] == ["c"] else parts[1:]
    return _PAGES.get("/".join(rest), "owner")


def may(role: Role, least: Role) -> bool:
    """Whether a role is at least another.

    Examples
    --------
    >>> may("owner", "reviewer"), may("annotator", "reviewer")
    (True, False)
    """
    return RANKS.index(role) >= RANKS.index(least)
