"""Webhooks: what happens in a campaign, sent to other programs; signed, retried, off every click.

Messages follow Standard Webhooks (https://www.standardwebhooks.com): the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`, which is `v1,` and the base64 of HMAC-SHA256 over
`{id}.{timestamp}.{body}`. They leave in the order things happened, each at least once, with the
same id every time.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from querist.core.errors import BadInput, QueristError, need_extra
from querist.core.protocols import Log
from querist.server.addresses import reach
from querist.server.hookbook import FILE, HookBook
from querist.server.messages import Hook, Message, iso, sign

if TYPE_CHECKING:
    import httpx

Say = Callable[[str], None]
_SAID = 300  # characters of an answer that are kept
_FAR = 7_200.0  # seconds; no pause before an attempt is as long
_TURN = 100  # messages to a hook before its settings are read anew


@dataclass(frozen=True)
class Patience:
    """How long to wait for a receiver, in seconds.

    Attributes
    ----------
    timeout : float
        For one answer, connecting included.
    first, most : float
        Before the second attempt, then twice as long each time, up to `most`.
    whole : float
        From the first attempt until the message counts as failed.
    poll : float
        Between two looks at the log.

    Examples
    --------
    >>> [round(Patience().pause(k, jitter=0.5)) for k in (1, 2, 3, 12)]
    [5, 10, 20, 3600]
    """

    timeout: float = 15.0
    first: float = 5.0
    most: float = 3600.0
    whole: float = 86_400.0
    poll: float = 0.5

    def pause(self, attempts: int, jitter: float) -> float:
        """Seconds until the next attempt; `jitter` in [0, 1) spreads it from half to 3/2."""
        return min(self.first * 2.0 ** (attempts - 1), self.most) * (0.5 + jitter)

    @property
    def lease(self) -> float:
        """How long one process keeps a hook to itself without a word."""
        return 2.0 * self.timeout + 1.0


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt: the HTTP status, if any, words, and how long to wait if told."""

    status: int | None
    note: str = ""
    wait: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the receiver took the message."""
        return self.status is not None and 200 <= self.status < 300


def is_due(due: float, now: float) -> bool:
    """Whether the time of an attempt has come.

    One that is further off than any pause was set by a clock that has been set back since.
    """
    return not now < due <= now + _FAR


async def send(hook: Hook, message_id: str, body: str, timeout: float) -> Outcome:
    """Make one attempt to deliver a message; whatever goes wrong is in the outcome.

    The host is looked up once and the connection goes to the address that was checked. Redirects
    are not followed, proxies of the environment are not used.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _post(hook, message_id, body)
    except TimeoutError:
        return Outcome(None, f"no answer within {timeout:g} s")
    except BadInput as refused:
        return Outcome(None, str(refused))


async def _post(hook: Hook, message_id: str, body: str) -> Outcome:
    targets = await reach(hook.url, private=hook.private)
    now = int(time.time())
    headers = {
        "content-type": "application/json",
        "user-agent": "querist-webhooks/1",
        "accept-encoding": "identity",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": sign(hook.secrets, message_id, now, body),
    }
    httpx, certificates = await asyncio.to_thread(_tools)  # loading them takes a while
    client = httpx.AsyncClient(
        verify=certificates, trust_env=False, follow_redirects=False, timeout=None
    )
    async with client:
        for target in targets:
            try:
                async with client.stream(
                    "POST",
                    target.url,
                    content=body.encode(),
                    headers={**headers, "host": target.host_header},
                    extensions={"sni_hostname": target.host},
                ) as response:
                    wait = _seconds(response.headers.get("retry-after", ""))
                    return Outcome(response.status_code, await _words(response), wait)
            except httpx.ConnectError as error:
                refused = error  # nothing was sent yet: another address of the host may answer
            except httpx.HTTPError as error:
                return Outcome(None, _named(error))
    return Outcome(None, _named(refused))


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_SAID]


@cache
def _tools() -> tuple[ModuleType, ssl.SSLContext]:
    """httpx, and whom to trust: the machine's authorities, SSL_CERT_FILE's and the usual ones."""
    try:
        httpx, certifi = import_module("httpx"), import_module("certifi")
        for late in ("httpcore", "anyio._backends._asyncio"):  # or the first request waits for them
            import_module(late)
    except ImportError:
        raise need_extra("httpx", "server") from None
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    return httpx, context


async def _words(response: httpx.Response) -> str:
    """The beginning of what a receiver says when it does not take a message."""
    if response.is_success:
        return ""
    if response.is_redirect:
        return "a redirect, which is not followed; give the address it leads to"
    said = b""
    async for part in response.aiter_raw():  # as it came: a packed one may hold gigabytes
        said += part
        if len(said) > _SAID:
            break
    return " ".join(said.decode(errors="replace").split())[:_SAID]


def _seconds(text: str) -> float:
    """What `Retry-After` asks for, at most an hour; 0 when it names no number of seconds."""
    return min(float(text), 3600.0) if text.strip().isdecimal() else 0.0


class Postman:
    """Reads on in the log of one campaign folder and delivers to its hooks.

    Any number may run for the same folder: each hook is served by one of them at a time.

    Parameters
    ----------
    folder : str or Path
        The campaign folder.
    log : Log
        Its log, open.
    patience : Patience
        Timeouts and pauses.
    say : callable
        Hears a line about each message that was not taken.
    """

    def __init__(
        self,
        folder: str | Path,
        log: Log,
        patience: Patience | None = None,
        say: Say = lambda line: None,
    ) -> None:
        self.path = Path(folder) / FILE
        self.log = log
        self.patience = patience or Patience()
        self.say = say
        self._name = secrets.token_hex(8)
        self._book: HookBook | None = None
        self._served: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is sent again by whoever comes next."""
        try:
            while True:
                try:
                    await self._look()
                except QueristError as error:
                    self.say(f"webhooks: {error}")
                    await asyncio.sleep(10 * self.patience.poll)
                await asyncio.sleep(self.patience.poll)
        finally:
            for served in self._served.values():
                served.cancel()
            await asyncio.gather(*self._served.values(), return_exceptions=True)
            if self._book is not None:
                self._book.close()

    async def _look(self) -> None:
        """Take in what is new, and serve each hook that has something waiting."""
        if self._book is None:
            if not self.path.exists():
                return
            self._book = await asyncio.to_thread(HookBook, self.path)
        await asyncio.to_thread(self._book.take_in, self.log)
        for name in [name for name, served in self._served.items() if served.done()]:
            self._served.pop(name).result()
        now = time.time()
        for hook in await asyncio.to_thread(self._book.hooks):
            due = hook.state == "on" and hook.waiting and is_due(hook.due, now)
            if due and hook.id not in self._served:
                self._served[hook.id] = asyncio.create_task(self._serve(hook, self._book))

    async def _serve(self, hook: Hook, book: HookBook) -> None:
        """Deliver what waits for a hook, in order, until nothing does or one is not taken."""

        async def claim(seconds: float) -> bool:
            claimed = asyncio.create_task(
                asyncio.to_thread(book.claim, hook.id, self._name, seconds)
            )
            try:
                return await asyncio.shield(claimed)
            finally:  # cancelled or not: a claim that stands later would not be given back
                await asyncio.wait({claimed})

        try:
            if not await claim(self.patience.lease):
                return
            for _ in range(_TURN):
                message = await asyncio.to_thread(book.next_message, hook)
                if message is None or not is_due(message.due, time.time()):
                    return
                outcome = await send(hook, message.id, message.body, self.patience.timeout)
                await asyncio.to_thread(self._settle, book, hook, message, outcome)
                if not outcome.ok or not await claim(self.patience.lease):
                    return
        finally:
            await claim(0.0)

    def _settle(self, book: HookBook, hook: Hook, message: Message, outcome: Outcome) -> None:
        """Write down what came of an attempt, and when to try again."""
        now = time.time()
        since = now if message.since is None else message.since
        fields: dict[str, Any] = {"attempts": message.attempts + 1, "since": since}
        fields |= {"status": outcome.status, "note": outcome.note}
        if outcome.ok:
            book.settle(message.seq, state="done", ended=now, **fields)
            return
        said = f"{outcome.status or ''} {outcome.note}".strip()
        pause = self.patience.pause(message.attempts + 1, random.random())
        due = now + max(pause, outcome.wait)
        if outcome.status == 410:
            fields["note"] = "the receiver says that it is gone (410)"
            book.settle(message.seq, state="gone", ended=now, **fields)
            self.say(f"webhook {hook.url} is gone (410); nothing more is sent there")
        elif due - since > self.patience.whole:
            fields["note"] = f"given up after {message.attempts + 1} attempts: {said}"
            book.settle(message.seq, state="failing", ended=now, **fields)
            self.say(f"webhook {hook.url}: {fields['note']}")
        else:
            book.settle(message.seq, state="waiting", due=due, **fields)
            self.say(f"webhook {hook.url}: {said}; next attempt in {due - now:.0f} s")


async def try_out(hook: Hook, timeout: float = Patience.timeout) -> Outcome:
    """Send a `test` message at once; it is not written down and not repeated."""
    form = {"type": "test", "timestamp": iso(time.time()), "data": {}}
    return await send(hook, f"msg_{secrets.token_hex(16)}", json.dumps(form), timeout)
