"""Server-sent events: what happens in a campaign, as it happens; and who has its page open."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from querist.core.errors import QueristError
from querist.core.events import Asked, Event, Queued, Stepped, Told
from querist.loop.rounds import round_from_json
from querist.server.clerk import Clerk
from querist.server.errors import Refused
from querist.server.wire import dumps

BEAT = 15.0  # seconds between comment lines, which tell a proxy that the stream lives
TOGETHER = 0.1  # seconds within which answers are told of once
PATIENCE = 30.0  # seconds after which somebody who closed the page is gone
MOST = 50  # streams of one person
QUEUE = 1000  # messages a stream may lie behind before it is cut off

log = logging.getLogger("querist.server")


def message(kind: str, value: Any) -> bytes:
    r"""One event as it goes over the wire.

    Examples
    --------
    >>> message("queued", {"waiting": 3})
    b'event: queued\ndata: {"waiting":3}\n\n'
    """
    return b"event: " + kind.encode() + b"\ndata: " + dumps(value) + b"\n\n"


class Live:
    """The open streams of a campaign, and the people behind them.

    What somebody holds is given back `patience` seconds after the last stream of theirs closed,
    unless they asked or answered in the meantime (over another server, say).
    """

    def __init__(self, clerk: Clerk, patience: float = PATIENCE) -> None:
        self._clerk = clerk
        self._patience = patience
        self._streams: set[asyncio.Queue[bytes | None]] = set()
        self._present: Counter[str] = Counter()
        self._acted: dict[str, float] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._due: asyncio.TimerHandle | None = None
        self._told = 0
        self._closed = False
        self._end = clerk.subscribe(self._news)

    @property
    def present(self) -> list[str]:
        """Who has the page open."""
        return sorted(self._present)

    def close(self) -> None:
        """End every stream; nobody is taken for gone because of it."""
        self._closed = True
        self._end()
        for task in self._leaving.values():
            task.cancel()
        self._leaving.clear()
        for stream in list(self._streams):
            self._cut_off(stream)

    def enter(self, name: str) -> asyncio.Queue[bytes | None]:
        """Open a stream for somebody.

        Raises
        ------
        Refused
            429 when they have too many.
        """
        if self._present[name] >= MOST:
            raise Refused(429, f"{name!r} has {MOST} streams open; close some")
        self._present[name] += 1
        if (task := self._leaving.pop(name, None)) is not None:
            task.cancel()
        stream: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._streams.add(stream)
        if self._closed:  # nobody would ever end it
            self._cut_off(stream)
        return stream

    def leave(self, name: str, stream: asyncio.Queue[bytes | None]) -> None:
        """A stream closed."""
        self._streams.discard(stream)
        self._present[name] -= 1
        if self._present[name] > 0:
            return
        del self._present[name]
        if not self._closed:
            self._leaving[name] = asyncio.create_task(self._release(name))

    async def _release(self, name: str) -> None:
        """Give back what somebody holds once they are gone for good."""
        left = time.monotonic()
        until = left + self._patience
        while (now := time.monotonic()) < until:
            await asyncio.sleep(until - now)
            until = max(until, self._acted.get(name, left) + self._patience)
        self._leaving.pop(name, None)
        try:
            await self._clerk.release(None, by=name)
        except QueristError as error:  # nobody waits for this; the leases lapse by themselves
            log.warning("cannot give back what %s holds: %s", name, error)

    def _news(self, news: Iterable[tuple[int, Event]]) -> None:
        told = 0
        for position, event in news:
            if isinstance(event, (Told, Asked)):
                self._acted[event.by] = time.monotonic()
            told = position if isinstance(event, Told) else told
            for kind, value in self._facts(event):
                self._send(message(kind, value))
        if told:
            self._told = told
            if self._due is None:
                loop = asyncio.get_running_loop()
                self._due = loop.call_later(TOGETHER, self._tell_of_answers)

    def _tell_of_answers(self) -> None:
        self._due = None
        state = self._clerk.desk.journal.state
        value = {
            "position": self._told,
            "answered": len(state.votes),
            "waiting": len(state.queues["train"]),
        }
        self._send(message("told", value))

    def _facts(self, event: Event) -> Iterable[tuple[str, Any]]:
        if isinstance(event, Queued):
            yield "queued", {"round": event.round, "items": len(event.items)}
        elif isinstance(event, Stepped):
            turn = round_from_json(event.round)
            metrics = {name: vars(interval) for name, interval in turn.metrics.items()}
            known = {"round": turn.number, "labels": turn.labels, "spent": turn.spent}
            yield "trained", {**known, "metrics": metrics}
            if turn.stop:
                yield "stop", {"reason": turn.verdicts["stop"].reason}
        elif event.kind in ("recipe_changed", "question_changed", "items_added"):
            yield "changed", {"name": getattr(event, "name", event.kind.split("_")[0])}

    def _send(self, line: bytes) -> None:
        for stream in list(self._streams):
            try:
                stream.put_nowait(line)
            except asyncio.QueueFull:  # nobody reads it; the page connects anew
                self._cut_off(stream)

    def _cut_off(self, stream: asyncio.Queue[bytes | None]) -> None:
        """End a stream; one that nobody reads loses what it still holds."""
        self._streams.discard(stream)
        if stream.full():
            while not stream.empty():
                stream.get_nowait()
        stream.put_nowait(None)


class EventStream(Response):
    """A response that goes on until the reader, or the server, is gone."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, name: str) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._name = name
        self._stream = live.enter(name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes in until either side ends."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        gone = asyncio.create_task(_gone(receive))
        try:
            await send(start)
            await self._pump(send, gone)
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._live.leave(self._name, self._stream)

    async def _pump(self, send: Send, gone: asyncio.Task[None]) -> None:
        line: bytes | None = b"retry: 2000\n: querist\n\n"
        while line is not None and not gone.done():
            await send({"type": "http.response.body", "body": line, "more_body": True})
            waiting = asyncio.create_task(self._stream.get())
            await asyncio.wait({waiting, gone}, timeout=BEAT, return_when="FIRST_COMPLETED")
            if waiting.done():
                line = waiting.result()
            else:
                waiting.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await waiting
                line = b": still here\n\n"


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
