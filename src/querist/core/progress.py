"""Progress of long computations: a listener that hears how far they are, and may end them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]  # what is done, how many of it, of how many

_listener: ContextVar[Listener | None] = ContextVar("querist_progress", default=None)


@contextmanager
def progress(listener: Listener) -> Iterator[None]:
    """Have everything within the block tell `listener` how far it is: what, done, total.

    Whatever the listener raises ends the computation: that is how one is cancelled. A pick
    or a campaign's step that ended so has changed nothing. The listener belongs to the
    thread (or task) that set it; two computations at once do not hear each other.

    Examples
    --------
    >>> with progress(lambda what, done, total: print(f"{what}: {done} of {total}")):
    ...     tick("k-means", 3, 10)
    k-means: 3 of 10
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tick(what: str, done: int, total: int) -> None:
    """Say how far `what` is; next to nothing while nobody listens."""
    listener = _listener.get()
    if listener is not None:
        listener(what, done, total)
