"""Replay a campaign on labelled data: the live ring, with an oracle that answers at once."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from querist.core.errors import BadInput
from querist.core.types import Ints, Round, Task
from querist.logs.memory import MemoryLog
from querist.loop.build import campaign
from querist.loop.campaign import Campaign
from querist.loop.mistakes import matrix_of
from querist.loop.recipe import is_whole
from querist.simulation.curve import Curve
from querist.simulation.problem import Problem, adapter_of, set_up
from querist.simulation.scoring import Scorer, Scoring, cost_scorer, score_all, scorers_of

Oracle = Callable[[Task], Any]


def simulate(
    X: Any,
    y: ArrayLike,
    *,
    model: Any,
    strategy: Any,
    start: int | Sequence[int] | Ints = 20,
    batch: int = 1,
    budget: int | None = None,
    X_test: Any = None,
    y_test: ArrayLike | None = None,
    scoring: Scoring = "accuracy",
    control: float = 0.0,
    control_until: int | None = None,
    oracle: Oracle | None = None,
    seed: int = 0,
    test_size: float = 0.25,
    groups: Any = None,
    mistakes: Any = None,
) -> Curve:
    """Let a strategy ask for the labels of data that have them, and score every model.

    It turns the ring of a live campaign over a log in memory: the labels stay hidden until
    they are asked for, and rows go to `fit` in the order of X.

    Parameters
    ----------
    X : n rows
        Any data a campaign takes: texts, an array, a table...
    y : array (n,) or (n, k)
        The true labels; numbers for a regressor, 0/1 a label for several labels an item.
    model : estimator
        A scikit-learn estimator or Pipeline; it sees the labels of y as they are. None takes
        the default for the kind of data.
    strategy : str, Strategy or callable
        As in `querist.campaign`.
    start : int or sequence of int
        Labels to begin with: how many (chosen by the strategy's cold start, or at random), or
        the row numbers of X.
    batch : int
        Labels between two models. A batch of more than one is kept free of near-duplicates.
    budget : int, optional
        Labels in all, the start included; the last batch shrinks to fit. By default it goes
        on until every row is labelled.
    X_test, y_test : optional
        What the models are scored on. Without them a share of X is held out, and never asked.
    scoring : str, callable, or several of them
        scikit-learn's names, or functions (estimator, X, y) -> number.
    control : float
        Share of every batch that is drawn uniformly at random.
    control_until : int, optional
        Control labels from which on that share shrinks, as in `querist.campaign`.
    oracle : callable, optional
        Task in, answer out, as those in `querist.oracles`; item ids are row numbers of X as
        text. By default the truth. Rows named in `start`, and the test, always are the truth.
    seed : int
        Decides the split and every draw.
    test_size : float
        Share of X held out when there is no X_test.
    groups : sequence (n,), optional
        The group of each row of X, for strategies such as `GroupQuota`.
    mistakes : array (k, k), mapping or str, optional
        What wrong decisions cost, as in `querist.campaign`: for strategies such as
        `CostSensitive`, and for scoring="neg_cost", the mean cost of the decisions with a minus.

    Returns
    -------
    Curve
        A point for the starting model, and one after every batch.

    Raises
    ------
    BadInput
        When data and settings do not fit together.
    BadStrategy
        When the strategy returns positions that are no candidates, or one twice.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000)
    >>> curve = simulate(X, y, model=model, strategy="margin", start=10, batch=5, budget=30)
    >>> curve.labels
    array([10, 15, 20, 25, 30])
    """
    if oracle is not None and not callable(oracle):
        raise BadInput(
            f"oracle is a function of a task, such as q.oracles.Noisy(y, 0.1), but got a "
            f"{type(oracle).__name__}; leave it out for answers from y"
        )
    seed = operator.index(seed)
    problem = set_up(
        X,
        y,
        model=model,
        start=start,
        X_test=X_test,
        y_test=y_test,
        test_size=test_size,
        seed=seed,
        groups=groups,
    )
    left = labels_left(batch, budget, problem)
    regression = problem.target.question.view == "number"
    costs = None if mistakes is None else matrix_of(mistakes, problem.target.question)
    own = {} if costs is None else {"neg_cost": cost_scorer(costs, problem.target.classes)}
    scorers = scorers_of(scoring, regression=regression, own=own)
    names = dict(zip(problem.origin.tolist(), problem.pool.ids(_all(problem)), strict=True))
    live = campaign(
        problem.pool,
        problem.target.question,
        model=adapter_of(model, problem.pool, problem.target),
        strategy=strategy,
        log=MemoryLog(),
        batch=batch if left is None else max(1, min(batch, left)),
        start=problem.start,
        budget=left or None,
        control=control,
        control_until=control_until,
        seed=seed,
        labels={names[row]: problem.target.answers[row] for row in problem.given.tolist()},
        distinct="batch" if batch > 1 else "off",
        measure=False,
        mistakes=costs,
    )
    replay = _Replay(live, problem, scorers)
    replay.run(oracle or replay.truth, left)
    return replay.curve(seed)


class _Replay:
    """A campaign being answered at once, and the points of its curve so far."""

    def __init__(self, live: Campaign, problem: Problem, scorers: dict[str, Scorer]) -> None:
        self.live = live
        self.problem = problem
        self.scorers = scorers
        self.picked: list[int] = problem.given.tolist()
        self.turns: list[Round] = []
        self.scores: list[dict[str, float]] = []

    def run(self, oracle: Oracle, left: int | None) -> None:
        """Ask and step until the rules say stop or nothing is left to ask."""
        turn = self.live.history.rounds[-1]
        self._note(turn)
        while not turn.stop and left != 0 and self._answer(oracle):
            turn = self.live.step()
            self._note(turn)

    def _note(self, turn: Round) -> None:
        """A point of the curve for every new model."""
        if self.turns and turn.number == self.turns[-1].number:
            return
        self.turns.append(turn)
        if turn.model_version is not None:
            model = self.live.model
            view = getattr(model, "scorer_view", model)
            problem = self.problem
            self.scores.append(score_all(self.scorers, view, problem.X_test, problem.y_test))

    def _answer(self, oracle: Oracle) -> bool:
        """Answer whatever waits; False when nothing does."""
        tasks = self.live.ask(len(self.problem.pool), by="oracle")
        told = []
        for task in tasks:
            value = oracle(task)
            if value is None:
                self.live.skip(task, "the oracle passed", by="oracle")
            else:
                told.append({"task": task, "value": value, "by": "oracle"})
        self.live.tell_many(told)
        self.picked += [self._row(answer["task"]) for answer in told]
        return bool(tasks)

    def truth(self, task: Task) -> Any:
        """The true answer."""
        return self.problem.target.answers[self._row(task)]

    def _row(self, task: Task) -> int:
        return int(self.problem.origin[self.problem.pool.rows([task.item_id])[0]])

    def curve(self, seed: int) -> Curve:
        """The points as a curve."""
        trained = [turn for turn in self.turns if turn.model_version is not None]
        seconds = {
            name: np.array([turn.seconds.get(name, 0.0) for turn in trained])
            for name in ("fit", "committee", "score", "select")
        }
        for cold in self.turns[: len(self.turns) - len(trained)]:
            for name in seconds:
                seconds[name][:1] += cold.seconds.get(name, 0.0)
        arms = {row["id"]: row["arm"] for row in self.live.labels()}
        ids = dict(
            zip(
                self.problem.origin.tolist(), self.problem.pool.ids(_all(self.problem)), strict=True
            )
        )
        return Curve(
            labels=np.array([turn.labels for turn in trained], dtype=np.int64),
            scores={n: np.array([score[n] for score in self.scores]) for n in self.scorers},
            picked=np.array(self.picked, dtype=np.int64),
            seconds=seconds,
            arms=tuple(arms[ids[row]] for row in self.picked),
            strategy=repr(self.live.parts.strategy),
            seed=seed,
            test_rows=self.problem.test_rows,
            tested_on=len(self.problem.y_test),
            ended=self._ended(),
        )

    def _ended(self) -> str:
        last = self.live.history.rounds[-1]
        if last.stop:
            return last.verdicts["stop"].reason
        return f"the budget of {len(self.picked)} labels is spent"


def labels_left(batch: int, budget: int | None, problem: Problem) -> int | None:
    """Labels the campaign may buy; labels of start rows that were named are given."""
    if not is_whole(batch) or batch < 1:
        raise BadInput(f"batch is a number of labels, 1 or more, but got {batch!r}")
    if budget is None:
        return None
    if not is_whole(budget):
        raise BadInput(f"budget is a number of labels in all, but got {budget!r}")
    if budget < problem.start:
        raise BadInput(
            f"budget {budget} is below the {problem.start} labels of the start, which it "
            "includes: raise budget or lower start"
        )
    if budget < batch:
        raise BadInput(f"budget {budget} is below batch {batch}: lower batch or raise budget")
    return int(budget) - len(problem.given)


def _all(problem: Problem) -> Ints:
    return np.arange(len(problem.pool))
