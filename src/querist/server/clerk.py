"""The clerk: the desk's asyncio face. All requests of a turn of the loop are one write."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from querist.core.errors import LogBusy, LogError, QueristError
from querist.core.events import Event
from querist.core.types import Task
from querist.loop.answers import Answer
from querist.loop.desk import Desk
from querist.loop.state import State

T = TypeVar("T")
News = list[tuple[int, Event]]

_LOG = logging.getLogger("querist.server")

_POLL = 0.3  # seconds between looks at what other processes wrote
_TOGETHER = 64  # requests decided at one go at most: the log is held no longer than for these
_FIRST_NAP, _LAST_NAP = 0.0003, 0.004  # seconds until a log that others hold is tried again
_PATIENCE = 60.0  # seconds until those who wait for such a log are told


@dataclass(slots=True)
class _Job:
    """Something to do with the desk; `firm` when its answer must outlive a power cut."""

    act: Callable[[], Any]
    firm: bool
    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def run(self) -> None:
        try:
            self.result = self.act()
        except Exception as error:  # raised again where it was awaited
            self.error = error

    def answer(self) -> None:
        if self.future.done():  # whoever asked has gone away
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Bench:
    """Runs what is asked of it with a desk, in the order it came, in the event loop itself.

    What came in since the last turn of the loop is decided on one state and written in one
    commit, which waits for nobody: a log in other hands is tried again a moment later. Answers
    that must be durable then wait for a thread that syncs the disk, once for all of them, while
    the loop goes on. Deciding takes far less than handing it to a thread and back.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._jobs: deque[_Job] = deque()
        self._due: asyncio.Handle | None = None
        self._busy_since = 0.0
        self._nap = _FIRST_NAP
        self._fresh: deque[tuple[int, Event]] = deque()
        self._settling: queue.SimpleQueue[tuple[list[_Job], News] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._settle, name="querist-settle", daemon=True)
        self._subscribers: list[Callable[[News], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poll: asyncio.Handle | None = None

    async def start(self) -> None:
        """Begin to work, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self.desk.journal.listen(lambda position, event: self._fresh.append((position, event)))
        self._thread.start()
        self._poll = self._loop.call_later(_POLL, self._look_around)

    async def close(self) -> None:
        """Finish what was asked, then stop; the desk's log stays open."""
        if self._loop is not None and self._poll is not None:
            self._poll.cancel()
            self._poll = None
            while self._jobs:
                await asyncio.sleep(_FIRST_NAP)
            self._settling.put(None)
            await self._loop.run_in_executor(None, self._thread.join)

    async def do(self, act: Callable[[Desk], T], *, firm: bool = True) -> T:
        """Run `act` with the desk and give its result, once it is durable.

        It holds up everybody else: what takes longer than some milliseconds belongs into a
        thread.

        Parameters
        ----------
        firm : bool
            False for what may be forgotten in a power cut, such as who holds a task.

        Raises
        ------
        LogError
            When the bench is not open, or the log could not be written.
        """
        return await self._put(lambda: act(self.desk), firm)

    async def look(self, read: Callable[[State], T]) -> T:
        """Run `read` with the state, between two decisions; it is quick and changes nothing."""
        return await self._put(lambda: read(self.desk.journal.state), False)

    def subscribe(self, callback: Callable[[News], None]) -> Callable[[], None]:
        """Call back, in the event loop, with what is new in the log: positions and events.

        What other processes wrote comes within 0.3 s. Returns a function that ends it.
        """
        self._subscribers.append(callback)

        def leave() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return leave

    def _put(self, act: Callable[[], T], firm: bool) -> asyncio.Future[T]:
        if self._loop is None or self._poll is None:
            raise LogError("the clerk is not at work: start() it, and ask nothing after close()")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.append(_Job(act, firm, future))
        if self._due is None:
            self._due = self._loop.call_soon(self._turn)
        return future

    def _turn(self) -> None:
        """Decide what waits, and commit it; look again later where others hold the log."""
        assert self._loop is not None
        self._due = None
        jobs = [self._jobs.popleft() for _ in range(min(len(self._jobs), _TOGETHER))]
        begun = False
        try:
            with self.desk.journal.together(patience=0):
                begun = True
                for job in jobs:
                    job.run()
        except Exception as error:
            if isinstance(error, LogBusy) and not begun and self._wait(jobs):
                return
            for job in jobs:  # nothing of it stands: all of them hear why
                job.error = error
        self._busy_since, self._nap = 0.0, _FIRST_NAP
        if self._jobs:
            self._due = self._loop.call_soon(self._turn)
        firm = [job for job in jobs if job.firm]
        if firm or self._fresh:
            self._settling.put((firm, self._news()))
        for job in jobs:
            if not job.firm:
                job.answer()

    def _wait(self, jobs: list[_Job]) -> bool:
        """Put the jobs back and come again in a moment, unless that has gone on for too long."""
        assert self._loop is not None
        now = self._loop.time()
        self._busy_since = self._busy_since or now
        if now - self._busy_since > _PATIENCE:
            return False
        self._jobs.extendleft(reversed(jobs))
        self._due = self._loop.call_later(self._nap, self._turn)
        self._nap = min(2 * self._nap, _LAST_NAP)
        return True

    def _look_around(self) -> None:
        """Take in what other processes wrote."""
        assert self._loop is not None
        self._poll = self._loop.call_later(_POLL, self._look_around)
        journal = self.desk.journal
        if not journal.lock.acquire(blocking=False):
            return
        try:
            journal.sync()
        except QueristError as error:  # whoever asks next hears it too
            _LOG.warning("the log cannot be followed: %s", error)
        finally:
            journal.lock.release()
        if self._fresh and self._due is None:
            self._settling.put(([], self._news()))

    def _news(self) -> News:
        """What was heard of the log since; a thread that writes to it may add more meanwhile."""
        return [self._fresh.popleft() for _ in range(len(self._fresh))]

    def _settle(self) -> None:
        """Sync the disk for all who wait, and have them answered."""
        assert self._loop is not None
        open_ = True
        while open_:
            group = [self._settling.get()]
            while not self._settling.empty():
                group.append(self._settling.get())
            open_ = group[-1] is not None
            jobs = [job for part in group if part is not None for job in part[0]]
            news = [piece for part in group if part is not None for piece in part[1]]
            try:
                if jobs:
                    self.desk.journal.settle()
            except Exception as error:
                for job in jobs:
                    job.error = error
            if jobs or news:
                self._loop.call_soon_threadsafe(self._answer, jobs, news)

    def _answer(self, jobs: list[_Job], news: News) -> None:
        for job in jobs:
            job.answer()
        if news:
            for subscriber in list(self._subscribers):
                subscriber(news)


class Clerk(Bench):
    """The desk's verbs, awaitable, for all requests of a server at once.

    Examples
    --------
    >>> import asyncio
    >>> from querist.loop.build import campaign
    >>> from querist.core.questions import Choice
    >>> desk = campaign(["a", "b", "c"], Choice(["yes", "no"]), control=0).desk
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
        return await self.do(lambda desk: desk.ask(n, by, lease, job), firm=False)

    async def request(
        self, item_ids: Sequence[str], *, by: str = "me", lease: float = 600.0
    ) -> list[Task]:
        """Lend tasks for items the owner names, past the strategy."""
        return await self.do(lambda desk: desk.request(item_ids, by, lease), firm=False)

    async def judge(
        self, answers: Sequence[Answer], *, strict: bool = True
    ) -> list[int | QueristError]:
        """Take answers in, each judged alone: its log position, or why it was refused."""
        return await self.do(lambda desk: desk.judge(answers, strict))

    async def skip(self, task: Task | str, reason: str = "", *, by: str = "me") -> None:
        """Record that `by` passed on a task."""
        await self.do(lambda desk: desk.skip(task, reason, by))

    async def retract(
        self, task: Task | str, *, by: str = "me", lease: float | None = None
    ) -> Task | None:
        """Take back what `by` said; with `lease` the task is in his hands again at once."""
        return await self.do(lambda desk: desk.retract(task, by, lease))

    async def renew(
        self, task_ids: Sequence[str], *, by: str = "me", lease: float = 600.0
    ) -> tuple[list[str], list[str]]:
        """Lengthen leases of `by`: the tasks he holds now, and those he has lost."""
        return await self.do(lambda desk: desk.renew(task_ids, by, lease), firm=False)

    async def release(self, task_ids: Sequence[str] | None = None, *, by: str = "me") -> int:
        """Give tasks back unanswered, all that `by` holds with None; how many there were."""
        return await self.do(lambda desk: desk.release(task_ids, by), firm=False)

    async def note(
        self, task: Task | str, text: str, *, by: str = "me", flag: bool = False
    ) -> None:
        """Keep a comment on an item; with `flag` somebody else should look at it."""
        await self.do(lambda desk: desk.note(task, text, by, flag))
