"""How much and how often: token buckets, and bodies that are cut off where they grow too large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

BODY = 1 << 20  # bytes of an ordinary request
ANSWERS = 4 << 20  # of a tell: 10,000 answers with room to spare
PATIENCE = 30.0  # seconds between two parts of a body
LOOK = 2.0  # seconds between two looks whether a stream may go on
_FULL = 10_000  # keys a set of buckets holds before it drops those that are full again


class Buckets:
    """A token bucket for each key: `burst` at once, `rate` a second in the long run.

    Examples
    --------
    >>> now = [0.0]
    >>> buckets = Buckets(rate=0.5, burst=2, clock=lambda: now[0])
    >>> [buckets.take("ann") for _ in range(3)], buckets.take("bob")
    ([0.0, 0.0, 2.0], 0.0)
    >>> now[0] = 2.0
    >>> buckets.take("ann")
    0.0
    """

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._held: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Take one: 0.0, or the seconds to wait when there is none."""
        now = self._clock()
        left = self._left(key, now)
        if left < 1:
            return (1 - left) / self._rate
        if len(self._held) >= _FULL and key not in self._held:
            self._drop(now)
        self._held[key] = (left - 1, now)
        return 0.0

    def wait(self, key: str) -> float:
        """What `take` would say, without taking."""
        left = self._left(key, self._clock())
        return 0.0 if left >= 1 else (1 - left) / self._rate

    def _left(self, key: str, now: float) -> float:
        left, since = self._held.get(key, (self._burst, now))
        return min(self._burst, left + (now - since) * self._rate)

    def _drop(self, now: float) -> None:
        self._held = {
            key: (left, since)
            for key, (left, since) in self._held.items()
            if left + (now - since) * self._rate < self._burst
        }
        if len(self._held) >= _FULL:  # that many at once is an attack: begin anew
            self._held.clear()


def largest(verb: str, upload: int) -> int:
    """Bytes the body of a request may have.

    Examples
    --------
    >>> largest("items", 10 << 20) > largest("tell", 10 << 20) > largest("skip", 10 << 20)
    True
    """
    return {"items": upload, "tell": ANSWERS}.get(verb, BODY)


def too_large(limit: int) -> str:
    """What is said of a body above a limit, in bytes."""
    return f"the request is larger than {limit:,} bytes; send it in parts"


def bounded(receive: Receive, limit: int, patience: float = PATIENCE) -> Receive:
    """A `receive` that refuses a body as soon as it passes the limit, and one that stands still.

    What Content-Length says does not matter here: a chunked body has none.

    Raises
    ------
    HTTPException
        413 and 408; raised into whoever reads the body.
    """
    taken = 0
    unfinished = False

    async def receive_some() -> Message:
        nonlocal taken, unfinished
        if not unfinished:  # the first part, or waiting for the client to leave
            message = await receive()
        else:
            try:
                message = await asyncio.wait_for(receive(), patience)
            except TimeoutError:
                raise HTTPException(
                    408,
                    f"nothing came for {patience:.0f} s; send the request again",
                    {"Connection": "close"},
                ) from None
        unfinished = bool(message.get("more_body"))
        taken += len(message.get("body", b""))
        if taken > limit:
            raise HTTPException(413, too_large(limit), {"Connection": "close"})
        return message

    return receive_some


def while_true(receive: Receive, known: Callable[[], bool], every: float = LOOK) -> Receive:
    """A `receive` that says the client left once `known` is false: no stream outlives its key."""

    async def receive_some() -> Message:
        waiting = asyncio.ensure_future(receive())
        try:
            while not (await asyncio.wait({waiting}, timeout=every))[0]:
                if not known():
                    return {"type": "http.disconnect"}
            return waiting.result()
        finally:
            waiting.cancel()

    return receive_some
