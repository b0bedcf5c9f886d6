"""Logs: the append-only record, one file per technology."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from querist.core.errors import BadInput, Unsupported

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from querist.core.protocols import Log

GROUP = "querist.logs"
_BUILT_IN = {"memory": "querist.logs.memory:from_url", "sqlite": "querist.logs.sqlite:from_url"}
_SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3")


def open_log(url: str | os.PathLike[str] | None = None) -> Log:
    """Open the log a URL names.

    Parameters
    ----------
    url : str, path or None
        ``sqlite:///relative.db``, ``sqlite:////absolute.db``, a path that ends in ``.db``,
        ``.sqlite`` or ``.sqlite3``, ``memory://`` or None for a log in memory, or a URL of a
        plug-in (entry points of the group ``querist.logs``: scheme = factory(url)).

    Raises
    ------
    BadInput
        When nothing is known by that scheme.

    Examples
    --------
    >>> type(open_log("memory://")).__name__
    'MemoryLog'
    """
    text = "memory://" if url is None else os.fspath(url)
    scheme, colon, _ = text.partition("://")
    if not colon:
        if not text.endswith(_SQLITE_ENDINGS):
            raise BadInput(
                f"{text!r} is neither a URL nor a file ending in {', '.join(_SQLITE_ENDINGS)}; "
                f"write sqlite:///{text or 'name'}.db or memory://"
            )
        scheme, text = "sqlite", f"sqlite:///{text}"
    known = factories()
    if scheme in known:
        log: Log = known[scheme].load()(text)
        return log
    if scheme in ("postgres", "postgresql"):
        raise Unsupported(
            f"logs in PostgreSQL ({scheme}://) come with a later version; "
            "use sqlite:///name.db for now"
        )
    raise BadInput(
        f"no log is known for {scheme}://; known are {', '.join(f'{name}://' for name in known)}"
    )


def factories() -> dict[str, EntryPoint]:
    """Entry points that open logs, by scheme: the built-in ones and those of plug-ins.

    Examples
    --------
    >>> sorted(factories())[:2]
    ['memory', 'sqlite']
    """
    from importlib.metadata import EntryPoint, entry_points

    plugged = {point.name: point for point in entry_points(group=GROUP)}
    # last, so that no plug-in can take the place of a built-in log
    return plugged | {name: EntryPoint(name, at, GROUP) for name, at in _BUILT_IN.items()}
