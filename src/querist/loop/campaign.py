"""The campaign: ask, tell, step. A thin face over the desk and the worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from querist.core.types import Round, Task
from querist.loop.answers import Answer
from querist.loop.desk import Desk
from querist.loop.growth import Growth, arrival
from querist.loop.history import History
from querist.loop.journal import Journal
from querist.loop.settings import lasting
from querist.loop.state import State
from querist.loop.summary import decoded_rows, summary
from querist.loop.worker import Worker

if TYPE_CHECKING:
    from querist.core.events import Event
    from querist.core.protocols import Log, Model, Pool
    from querist.loop.turn import Parts

Oracle = Callable[[Task], Any]
# parts, pool, state, changed settings, who -> the new parts, and the events that say so
Rewire = Callable[["Parts", "Pool", State, Mapping[str, Any], str], "tuple[Parts, list[Event]]"]


class Campaign:
    """A pool, a question, a model and a strategy, turning round one log.

    Build one with `querist.campaign`. Any number of threads and processes may ask and
    tell at once; a step does not hold them up. As a context manager it closes its log.

    Attributes
    ----------
    desk : Desk
        Everything that asks and answers: also `release`, `renew`, `note`, `judge`.
    history : History
        Rounds, past models and training sets, and why an item was asked.

    Examples
    --------
    >>> import querist as q
    >>> c = q.campaign([f"text {i}" for i in range(40)], q.Choice(["odd", "even"]), batch=10)
    >>> task = c.ask()[0]
    >>> c.tell(task, "odd" if int(task.item.split()[1]) % 2 else "even")
    >>> c.status()["labels"]
    1
    """

    def __init__(self, journal: Journal, growth: Growth, worker: Worker, rewire: Rewire) -> None:
        self._journal = journal
        self._growth = growth
        self._worker = worker
        self._rewire = rewire
        self.desk = Desk(journal, growth)
        self.history = History(worker)

    def __repr__(self) -> str:
        state = self._journal.state
        return (
            f"<Campaign: {len(self.pool)} {self.pool.kind} items, {len(state.votes)} labelled, "
            f"round {max(len(state.rounds) - 1, 0)}, {self.parts.strategy}>"
        )

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()

    @property
    def log(self) -> Log:
        """The record behind everything."""
        return self._journal.log

    @property
    def pool(self) -> Pool:
        """The data as they stand."""
        return self._growth.pool

    @property
    def parts(self) -> Parts:
        """Question, model, strategy, stopping rule and recipe."""
        return self._worker.parts

    @property
    def model(self) -> Model:
        """The newest trained model; NoModel before there is one."""
        return self._worker.model()

    def ask(
        self,
        n: int = 1,
        *,
        by: str = "me",
        lease: float = 600,
        items: Sequence[str] | None = None,
        job: str = "train",
    ) -> list[Task]:
        """Take up to `n` tasks from the queue; nobody else gets them for `lease` seconds.

        Parameters
        ----------
        n : int
            How many at most; fewer come when the queue is short, none when it is empty.
        by : str
            The annotator.
        lease : float
            Seconds until an unanswered task is offered to others.
        items : sequence of str, optional
            Ids the owner wants labelled now, past the strategy; `n` is then ignored.
        job : {"train", "holdout"}
            Holdout items are labelled as a job of their own.

        Raises
        ------
        NotServed
            For an id of the holdout or the stop set.
        """
        if items is not None:
            return self.desk.request(items, by, lease)
        return self.desk.ask(n, by, lease, job)

    def tell(
        self, task: Task | str, value: Any, *, by: str = "me", seconds: float | None = None
    ) -> None:
        """Record an answer; durable when this returns. Saying the same again changes nothing.

        Parameters
        ----------
        task : Task or str
            A task, its id, or an item id for a label nobody asked for.
        value : Any
            The answer, checked by the question.
        seconds : float, optional
            Time the annotator took.

        Raises
        ------
        BadLabel
            When the question does not allow the value.
        UnknownTask
            When no task or item goes by that id.
        """
        self.desk.tell([{"task": task, "value": value, "by": by, "seconds": seconds}])

    def tell_many(self, answers: Iterable[Answer]) -> None:
        """Record several answers in one write: all of them, or none when one is refused.

        Each answer is a mapping with `task` (or `task_id`) and `value`, and optionally `by`,
        `seconds` and `key`; or a tuple of these in that order.
        """
        self.desk.tell(answers)

    def skip(self, task: Task | str, reason: str = "", *, by: str = "me") -> None:
        """Pass on a task: `by` is not asked it again, others may be, and no label is spent."""
        self.desk.skip(task, reason, by)

    def retract(self, task: Task | str, *, by: str = "me") -> None:
        """Take an answer back; its task is open again and the label is not paid for."""
        self.desk.retract(task, by)

    def step(self) -> Round:
        """Train, measure, judge, choose the next batch: one turn of the ring.

        Returns the last round when nothing new was told and tasks still wait. How far it is,
        and a way to end it, leaving all as it was: `querist.progress`.
        """
        return self._worker.step()

    def run(self, oracle: Oracle, *, until: Any = None, by: str = "oracle") -> list[Round]:
        """Turn the ring with an oracle that answers at once, until a rule says stop.

        Parameters
        ----------
        oracle : callable
            Task in, value out; None passes on the task.
        until : Stopping or str, optional
            Replaces the recipe's stopping rules beside the budget; the change is logged.

        Returns
        -------
        list of Round
            The rounds of this run, oldest first.
        """
        if until is not None:
            self.change(until=until)
        rounds = [self.step()]
        while not rounds[-1].stop and self._answer(oracle, by):
            rounds.append(self.step())
        return rounds

    def _answer(self, oracle: Oracle, by: str) -> int:
        """Answer every waiting task, skip those the oracle passes on; how many there were."""
        told, asked = [], 0
        try:
            for job, queue in self._journal.state.queues.items():
                open_tasks = len(queue) + len(queue.held)
                for task in self.ask(open_tasks, by=by, job=job) if open_tasks else ():
                    asked += 1
                    value = oracle(task)
                    if value is None:
                        self.skip(task, "the oracle passed", by=by)
                    else:
                        value = self.parts.question.check(value)
                        told.append({"task": task, "value": value, "by": by})
        finally:  # answers given before the oracle failed are paid for as well
            self.tell_many(told)
        return asked

    def predict(self, items: Any) -> list[Any]:
        """Labels the newest model gives to items of the pool's kind.

        With `mistakes` in the recipe, and a model that has probabilities, they are the
        decisions of the least expected cost.

        Raises
        ------
        NoModel
            Before the first labels are in and a step was taken.
        """
        return self.parts.question.decode(self._worker.decide(items))

    def labels(self) -> list[dict[str, Any]]:
        """Every label: id, value, confidence, votes, arm, probability of having been picked."""
        with self._journal.lock:
            self._journal.sync()
            return decoded_rows(self._journal.state, self.parts.question)

    def status(self) -> dict[str, Any]:
        """Where the campaign stands, as plain JSON."""
        with self._journal.lock:
            self._journal.sync()
            return summary(self.parts, self._journal.state, self._growth.ledger)

    def add(self, data: Any, **columns: Any) -> int:
        """Append items to the pool while the campaign runs; return how many came.

        `columns` are the ones `querist.campaign` takes: id, text, features, label.
        """
        growth = self._growth

        def look() -> tuple[list[Event], Pool]:
            longer = growth.extended(data, columns)
            return [arrival(longer, len(growth.pool))], longer

        with self._journal.lock:
            before, longer = len(growth.pool), self._journal.decide(look)
            growth.take_in(longer)  # only now: what is not in the log did not come
            return len(longer) - before

    def change(self, *, by: str = "me", **settings: Any) -> None:
        """Change settings while the campaign runs; old and new values are logged.

        They are budget, price, batch, until, strategy, model, mistakes, pick_limit,
        control_until, and those that work at once in every process on the log: overlap, depth,
        order, suggestions, blind_why, paused, guidelines. Where the campaign is a folder, its
        file holds what a file can; a strategy, rule or model given as an object is gone when the
        folder is opened again.

        Examples
        --------
        >>> import querist as q
        >>> data = [f"text {i}" for i in range(40)]
        >>> c = q.campaign(data, q.Choice(["a", "b"]), batch=10, budget=20)
        >>> c.change(budget=30)
        >>> c.status()["budget"]
        30
        """
        state = self._journal.state

        def look() -> tuple[list[Event], Parts]:
            parts, events = self._rewire(self.parts, self.pool, state, settings, by)
            return events, parts

        with self._journal.lock:
            if self.desk.keep is not None:
                self._journal.sync()
                look()  # refused before anything is kept
                self.desk.keep(lasting(settings))
            self._worker.parts = self._journal.decide(look)
