"""Every strategy on every seed, paired: same split, same start, same model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike
from threadpoolctl import threadpool_limits

from querist.core.errors import BadInput
from querist.loop.recipe import is_whole
from querist.simulation.comparison import BASELINE, Comparison
from querist.simulation.curve import Curve
from querist.simulation.engine import simulate
from querist.strategies import Random, Strategy, as_strategy

Job = Callable[[], Curve]


def compare(
    X: Any,
    y: ArrayLike,
    *,
    model: Any,
    strategies: Iterable[Any] | Mapping[str, Any],
    seeds: int | Sequence[int] = 10,
    n_jobs: int = 1,
    progress: bool = True,
    **simulate_options: Any,
) -> Comparison:
    """Simulate every strategy on every seed, and compare them with random seed by seed.

    On one seed all strategies share the split, and the random start rows where they have no
    cold start of their own. The result is the same for any `n_jobs`.

    Parameters
    ----------
    X, y, model
        As in `simulate`.
    strategies : list or mapping
        Names, objects or functions; a mapping names them. "random" is added when absent.
    seeds : int or sequence of int
        How many, or which. At least ten are wanted for an interval worth having.
    n_jobs : int
        Processes; -1 takes one per core.
    progress : bool
        Show a progress bar, where there is a terminal.
    **simulate_options
        Anything else `simulate` takes: start, batch, budget, X_test, scoring...

    Returns
    -------
    Comparison

    Raises
    ------
    BadInput
        For strategies or seeds that come twice, and whatever `simulate` refuses.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_iris(return_X_y=True)
    >>> found = compare(X, y, model=GaussianNB(), strategies=["margin"], seeds=3,
    ...                 start=9, batch=9, budget=45)
    >>> sorted(found.curves)
    ['margin', 'random']
    """
    named = name_all(strategies)
    chosen, n_jobs = _seeds(seeds), jobs_of(n_jobs)
    tasks = [(name, strategy, seed) for seed in chosen for name, strategy in named.items()]
    jobs = [
        joblib.delayed(_run)(X, y, model=model, strategy=strategy, seed=seed, **simulate_options)
        for _, strategy, seed in tasks
    ]
    curves: dict[str, list[Curve]] = {name: [] for name in named}
    for (name, _, _), curve in zip(tasks, _watched(jobs, n_jobs, progress), strict=True):
        curves[name].append(curve)
    return Comparison({name: tuple(found) for name, found in curves.items()}, tuple(chosen))


def name_all(strategies: Iterable[Any] | Mapping[str, Any]) -> dict[str, Strategy]:
    """The strategies by name, random among them.

    Examples
    --------
    >>> from querist.strategies import Margin
    >>> list(name_all([Margin(), "entropy"]))
    ['Margin', 'entropy', 'random']
    """
    if isinstance(strategies, str) or hasattr(strategies, "select"):
        strategies = [strategies]
    if not isinstance(strategies, Iterable):
        raise BadInput(
            f"strategies is a list or a dict of names, objects or functions, but got {strategies!r}"
        )
    if isinstance(strategies, Mapping):
        named = {str(name): as_strategy(given) for name, given in strategies.items()}
    else:
        named = {}
        for given in strategies:
            strategy = as_strategy(given)
            name = given if isinstance(given, str) else _name(strategy)
            if name in named:
                raise BadInput(f"two strategies are called {name!r}; name them: {{name: strategy}}")
            named[name] = strategy
    if not named:
        raise BadInput("strategies is empty; name at least one, such as 'margin'")
    return named if BASELINE in named else {**named, BASELINE: Random()}


def jobs_of(n_jobs: int) -> int:
    """How many processes `n_jobs` means here; -1 is one per core, -2 one less.

    Raises
    ------
    BadInput

    Examples
    --------
    >>> jobs_of(3)
    3
    """
    if not is_whole(n_jobs) or n_jobs == 0:
        raise BadInput(f"n_jobs is a number of processes, or -1 for all cores, not {n_jobs!r}")
    return int(joblib.effective_n_jobs(n_jobs))


def _name(strategy: Strategy) -> str:
    return BASELINE if isinstance(strategy, Random) else repr(strategy).removesuffix("()")


def _seeds(seeds: int | Sequence[int]) -> list[int]:
    if isinstance(seeds, (int, np.integer)):
        if seeds < 1:
            raise BadInput(f"seeds={seeds} runs nothing; give 1 or more, ten for an interval")
        return list(range(int(seeds)))
    chosen = [int(seed) for seed in seeds]
    if not chosen or len(set(chosen)) < len(chosen):
        raise BadInput(f"seeds must be distinct whole numbers, but got {chosen}")
    return chosen


def _run(X: Any, y: Any, **options: Any) -> Curve:
    # One thread each: sums in another order would differ in the last bit, and picks with them.
    with threadpool_limits(1):
        return simulate(X, y, **options)


def _watched(jobs: list[Any], n_jobs: int, progress: bool) -> Iterator[Curve]:
    """Run the jobs in order, with a bar where somebody can see it."""
    from rich.console import Console
    from rich.progress import track

    results: Iterable[Curve]
    if n_jobs == 1:
        results = (run(*args, **options) for run, args, options in jobs)
    else:
        results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    console = Console(stderr=True)
    if not (progress and console.is_terminal):
        yield from results
        return
    yield from track(results, "simulating", total=len(jobs), console=console, transient=True)
