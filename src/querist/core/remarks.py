"""Remarks of a computation: what a person should know of how it was done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_heard: ContextVar[list[str] | None] = ContextVar("querist_remarks", default=None)


@contextmanager
def remarks() -> Iterator[list[str]]:
    """Collect what the block remarks, each text once.

    Examples
    --------
    >>> with remarks() as said:
    ...     remark("looked at 10 of 20 candidates")
    ...     remark("looked at 10 of 20 candidates")
    >>> said
    ['looked at 10 of 20 candidates']
    """
    said: list[str] = []
    token = _heard.set(said)
    try:
        yield said
    finally:
        _heard.reset(token)


def remark(text: str) -> None:
    """Say something to whoever collects; nothing happens while nobody does."""
    heard = _heard.get()
    if heard is not None and text not in heard:
        heard.append(text)


def remark_sample(what: str, some: int, of: int) -> None:
    """Say that only some of the candidates are looked at, where that is so."""
    if some < of:
        remark(f"{what} {some:,} of {of:,} candidates, drawn by item")
