"""The clerk: the desk's asyncio face. One thread owns the desk, so no two requests cross there."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from querist.core.errors import LogError, QueristError
from querist.core.events import Event
from querist.core.types import Task
from querist.loop.desk import Answer, Desk
from querist.loop.state import State

T = TypeVar("T")
News = Sequence[tuple[int, Event]]
Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]

_POLL = 0.3  # seconds between looks at what other processes wrote
_TOGETHER = 64  # requests decided at one go at most


class Bench:
    """Runs what is asked of it on the one thread that owns a desk, in the order it came.

    Use it from one event loop: `start` there, and every other call there too.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._listeners: list[Callable[[News], None]] = []
        self._seen = desk.journal.state.position
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="querist-clerk", daemon=True)
        self._closed = False

    async def start(self) -> None:
        """Begin to work."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """Finish what was asked, then stop; the desk's log stays open."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

    async def do(self, act: Callable[[Desk], T]) -> T:
        """Run `act` with the desk on its thread and give its result.

        Raises
        ------
        LogError
            When the bench is not open.
        """
        return await self._put(lambda: act(self.desk))

    async def look(self, read: Callable[[State], T]) -> T:
        """Run `read` with the state, between two writes; it must be quick and change nothing."""
        return await self._put(lambda: read(self.desk.journal.state))

    def subscribe(self, callback: Callable[[News], None]) -> Callable[[], None]:
        """Call back, in the event loop, with what is new in the log: positions and events.

        What other processes wrote comes within 0.3 s. Returns a function that ends it.
        """
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback)

    async def _put(self, act: Callable[[], T]) -> T:
        if self._loop is None or self._closed:
            raise LogError("the clerk is not at work: start() it, and ask nothing after close()")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((act, future))
        return await future

    def _run(self) -> None:
        assert self._loop is not None
        open_ = True
        while open_:
            jobs: list[Job] = []
            try:
                job = self._jobs.get(timeout=_POLL)
                while job is not None:
                    jobs.append(job)
                    if len(jobs) == _TOGETHER or self._jobs.empty():
                        break
                    job = self._jobs.get()
                open_ = job is not None
            except queue.Empty:
                pass
            outcomes = [(future, *_outcome(act)) for act, future in jobs]
            news = self._news()
            self._loop.call_soon_threadsafe(self._answer, outcomes, news)

    def _news(self) -> News:
        journal = self.desk.journal
        if self._listeners:
            journal.sync()
        if journal.state.position == self._seen:
            return ()
        news = list(journal.log.read(after=self._seen)) if self._listeners else []
        self._seen = max([journal.state.position, *(position for position, _ in news)])
        return news

    def _answer(
        self, outcomes: list[tuple[asyncio.Future[Any], Any, Exception | None]], news: News
    ) -> None:
        for future, result, error in outcomes:
            if future.done():  # whoever asked has gone away
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if news:
            for listener in list(self._listeners):
                listener(news)


class Clerk(Bench):
    """The desk's verbs, awaitable, for all requests of a server at once.

    Examples
    --------
    >>> import asyncio
    >>> from querist.loop.build import campaign
    >>> from querist.core.questions import Choice
    >>> desk = campaign(["a", "b", "c"], Choice(["yes", "no"]), control=0)._desk
    >>> async def work():
    ...     clerk = Clerk(desk)
    ...     await clerk.start()
    ...     [task] = await clerk.ask(1, by="ann")
    ...     results = await clerk.judge([{"task": task, "value": "yes", "by": "ann"}, {}])
    ...     await clerk.close()
    ...     return [type(result).__name__ for result in results]
    >>> asyncio.run(work())
    ['int', 'BadInput']
    """

    async def ask(
        self, n: int = 1, *, by: str = "me", lease: float = 600.0, job: str = "train"
    ) -> list[Task]:
        """Lend up to `n` waiting tasks to `by`."""
        return await self.do(lambda desk: desk.ask(n, by, lease, job))

    async def judge(self, answers: Sequence[Answer]) -> list[int | QueristError]:
        """Take answers in, each judged alone: its log position, or why it was refused."""
        return await self.do(lambda desk: [_judged(desk, answer) for answer in answers])

    async def skip(self, task: Task | str, reason: str = "", *, by: str = "me") -> None:
        """Record that `by` passed on a task."""
        await self.do(lambda desk: desk.skip(task, reason, by))

    async def retract(self, task: Task | str, *, by: str = "me") -> None:
        """Take back what `by` said."""
        await self.do(lambda desk: desk.retract(task, by))


def _judged(desk: Desk, answer: Answer) -> int | QueristError:
    try:
        return desk.tell([answer])[0]
    except QueristError as error:
        return error


def _outcome(act: Callable[[], Any]) -> tuple[Any, Exception | None]:
    try:
        return act(), None
    except Exception as error:  # raised again where it was awaited
        return None, error
