"""The clerk: the desk's asyncio face. One thread owns the desk, so no two requests cross there."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from querist.core.errors import LogError, QueristError
from querist.core.events import Event
from querist.core.types import Task
from querist.loop.answers import Answer
from querist.loop.desk import Desk
from querist.loop.state import State

T = TypeVar("T")
News = list[tuple[int, Event]]

_POLL = 0.3  # seconds between looks at what other processes wrote
_TOGETHER = 64  # requests decided at one go at most: the log is held no longer than for these


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


class Bench:
    """Runs what is asked of it on the one thread that owns a desk, in the order it came.

    What waits is decided on one state and written in one commit. Answers that must be durable
    then wait for a second thread, which syncs the disk once for all of them while the next
    commit is under way. Use a bench from one event loop: the one `start` was called in.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._settling: queue.SimpleQueue[tuple[list[_Job], News] | None] = queue.SimpleQueue()
        self._fresh: News = []
        self._subscribers: list[Callable[[News], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._threads = [
            threading.Thread(target=self._work, name="querist-clerk", daemon=True),
            threading.Thread(target=self._settle, name="querist-settle", daemon=True),
        ]
        self._closed = False

    async def start(self) -> None:
        """Begin to work."""
        self._loop = asyncio.get_running_loop()
        self.desk.journal.listen(lambda position, event: self._fresh.append((position, event)))
        for thread in self._threads:
            thread.start()

    async def close(self) -> None:
        """Finish what was asked, then stop; the desk's log stays open."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        for thread in self._threads:
            await asyncio.get_running_loop().run_in_executor(None, thread.join)

    async def do(self, act: Callable[[Desk], T], *, firm: bool = True) -> T:
        """Run `act` with the desk on its thread and give its result, once it is durable.

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
        return lambda: self._subscribers.remove(callback)

    async def _put(self, act: Callable[[], T], firm: bool) -> T:
        if self._loop is None or self._closed:
            raise LogError("the clerk is not at work: start() it, and ask nothing after close()")
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(act, firm, future))
        return await future

    def _work(self) -> None:
        """Decide and commit, one group of requests after another."""
        open_ = True
        while open_:
            jobs, open_ = self._taken()
            try:
                self._decide(jobs)
            except Exception as error:  # nothing of the group stands: all of them hear why
                for job in jobs:
                    job.error = error
            self._send([job for job in jobs if not job.firm], [])
            firm = [job for job in jobs if job.firm]
            if firm or self._fresh:
                self._settling.put((firm, self._fresh))
                self._fresh = []
        self._settling.put(None)

    def _taken(self) -> tuple[list[_Job], bool]:
        """What waits, and whether more may come."""
        jobs: list[_Job] = []
        try:
            job = self._jobs.get(timeout=_POLL)
            while job is not None:
                jobs.append(job)
                if len(jobs) == _TOGETHER or self._jobs.empty():
                    return jobs, True
                job = self._jobs.get()
        except queue.Empty:
            return [], True
        return jobs, False

    def _decide(self, jobs: list[_Job]) -> None:
        journal = self.desk.journal
        if not jobs:
            journal.sync()
            return
        with journal.together():
            for job in jobs:
                job.run()

    def _settle(self) -> None:
        """Sync the disk for all who wait, and answer them."""
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
            self._send(jobs, news)

    def _send(self, jobs: list[_Job], news: News) -> None:
        if jobs or news:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._answer, jobs, news)

    def _answer(self, jobs: list[_Job], news: News) -> None:
        for job in jobs:
            if job.future.done():  # whoever asked has gone away
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)
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
