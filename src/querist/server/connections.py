"""Connections that must get on: nobody holds one by sending, or reading, a byte now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ROOM = 4096  # connections and files a server may have open, where the system allows as many


class Connection(HttpToolsProtocol):
    """A connection that is closed when the head of a request, or its reader, takes too long.

    What a body may take is in `limits.bounded`.

    Attributes
    ----------
    head_seconds, head_bytes : float, int
        From the connection, or the first byte of a further request, to the end of its headers.
    drain_seconds : float
        Without a byte taken by whoever is being answered.
    quiet_seconds : int
        Between two requests. Longer than clients and proxies keep one, most of them for 5 or 60 s:
        whoever uses it again when it is just being closed does not know what came of his request.
    """

    head_seconds = 30.0
    head_bytes = 256 << 10
    drain_seconds = 60.0
    quiet_seconds = 75

    _in_head = False
    _size = 0
    _left = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.timeout_keep_alive = self.quiet_seconds
        self._give(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came; most requests come in one piece, and start no clock."""
        super().data_received(data)
        if self._in_head:
            self._size += len(data)
            if self._size > self.head_bytes:
                self.transport.abort()
            elif self._late is None:
                self._give(self.head_seconds)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head, self._size = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._in_head = False
        self._stop()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The other side does not read as fast as it is written to."""
        super().pause_writing()
        self._left = self.transport.get_write_buffer_size()
        self._give(self.drain_seconds, self._look)

    def resume_writing(self) -> None:
        """It has read on."""
        self._stop()
        super().resume_writing()

    def _look(self) -> None:
        """Leave a reader who took nothing since the last look."""
        left = self.transport.get_write_buffer_size()
        if left >= self._left:
            self.transport.abort()
        else:
            self._left = left
            self._give(self.drain_seconds, self._look)

    def _give(self, seconds: float, then: Callable[[], None] | None = None) -> None:
        self._stop()
        self._late = self.loop.call_later(seconds, then or self.transport.abort)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def make_room() -> None:
    """Allow this process as many open files as a busy team needs: often it is only 1,024, or 256.

    Examples
    --------
    >>> make_room()
    """
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ROOM if hard == resource.RLIM_INFINITY else min(hard, ROOM)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
