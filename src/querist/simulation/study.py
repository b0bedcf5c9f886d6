"""Strategies x models x data sets x seeds: runs kept one by one, taken up where they ended."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib

from querist.core.errors import BadInput
from querist.core.progress import tick
from querist.simulation.cells import check, refer_ahead, reference_missing, run_cell
from querist.simulation.findings import Findings
from querist.simulation.plan import Cell
from querist.simulation.planning import read_plan
from querist.simulation.runs import jobs_of
from querist.simulation.shelf import Shelf

RUNS, REFERENCE = "runs.jsonl", "reference"
EVERY = 30.0  # seconds between two lines where no bar can be drawn


class Study:
    """A grid of replays in a folder: killed at any moment, it goes on where it was.

    Every strategy runs in every setting (data set, representation, model) on every seed. A
    finished run is on the disk before the next is counted, under a hash of all that decides
    it: file contents, columns, model and its settings, strategy, seed, start, batch, budget.
    A second start runs only what is missing, and finds the same as one start would have.
    A run that failed is told in the findings, and tried again at the next start.

    Random runs `random_runs` times a seed from one start; the mean is what strategies are
    compared with. One more random run goes through as a strategy would, as the null row: what
    it "wins" and "loses" is luck.

    Parameters
    ----------
    plan : path or mapping
        A TOML file, or a dict of the same form; see the recipe on comparing.
    folder : path, optional
        Where finished runs are kept; by default beside the TOML, as ``name.study``.

    Raises
    ------
    BadInput
        For a plan that could not run, before anything does.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from sklearn.datasets import load_iris
    >>> home = Path(tempfile.mkdtemp())
    >>> X, y = load_iris(return_X_y=True)
    >>> np.savez(home / "iris.npz", X=X, y=y)
    >>> plan = {"data": {"iris": {"file": str(home / "iris.npz"), "label": "y"}},
    ...         "models": ["linear"], "strategies": ["margin"], "seeds": 2, "random_runs": 1,
    ...         "start": 9, "batch": 9, "budget": 36}
    >>> study = Study(plan, home / "iris.study")
    >>> len(study.missing())
    6
    >>> found = study.run(progress=False)
    >>> [row["strategy"] for row in found.ranking()][-1], len(study.missing())
    ('random again', 0)
    """

    def __init__(
        self, plan: str | Path | Mapping[str, Any], folder: str | Path | None = None
    ) -> None:
        self.plan = read_plan(plan)
        if folder is None:
            if isinstance(plan, Mapping):
                raise BadInput(
                    "a study given as a dict needs a folder for its runs: Study(plan, folder)"
                )
            folder = Path(plan).with_suffix(".study")
        self.folder = Path(folder)
        self._shelf = Shelf(self.folder / RUNS)

    def missing(self) -> list[Cell]:
        """The runs still to be done: never done, or failed."""
        done = self._shelf.read()
        return [cell for cell in self.plan.cells() if "error" in done.get(cell.key, {"error": ""})]

    def run(self, *, n_jobs: int = 1, progress: bool = True) -> Findings:
        """Do what is missing, each run on one thread, and tell what came out.

        Parameters
        ----------
        n_jobs : int
            Processes; -1 takes one per core. The result is the same for any number.
        progress : bool
            Show how far it is and the time left: a bar on a terminal, else a line now and
            then. `querist.progress` hears "study" either way.
        """
        n_jobs = jobs_of(n_jobs)
        references = self.folder / REFERENCE if self.plan.easy_hard else None
        cells = self.missing()
        check({cell.setting: 0 for cell in cells}, self.plan.seeds[0])
        if references is not None and cells:
            sources = reference_missing(tuple({cell.setting: 0 for cell in cells}), references)
            jobs = [joblib.delayed(refer_ahead)(source, references) for source in sources]
            with _watched("reference models", len(jobs), progress) as advance:
                for _ in _done(jobs, n_jobs):
                    advance(None)
        clock = Clock(cells, n_jobs)
        self._recall(clock)
        tick("study", 0, len(cells))
        runs = [joblib.delayed(_keyed)(cell, references) for cell in cells]
        with _watched("runs", len(cells), progress) as advance:
            for done, (cell, run) in enumerate(_done(runs, n_jobs), 1):
                self._shelf.put(cell.key, run)
                clock.finish(cell, float(run["wall"]))
                advance(clock.left())
                tick("study", done, len(cells))
        return self.findings()

    def _recall(self, clock: Clock) -> None:
        """Tell the clock what earlier runs took."""
        done = self._shelf.read()
        for cell in self.plan.cells():
            run = done.get(cell.key, {})
            if run and "error" not in run:
                clock.know(cell, float(run["wall"]))

    def findings(self) -> Findings:
        """What the finished runs say; whole seeds only, so that every difference is paired."""
        return Findings.of(self.plan, self._shelf.read())


class Clock:
    """Time left of a grid: runs still to come take what their like took.

    Examples
    --------
    >>> clock = Clock([], 1)
    >>> clock.left()
    0.0
    """

    def __init__(self, cells: Sequence[Cell], n_jobs: int) -> None:
        self.jobs = n_jobs
        self.to_come: dict[tuple[str, str], int] = defaultdict(int)
        self.took: dict[tuple[str, str], list[float]] = defaultdict(list)
        for cell in cells:
            self.to_come[self._like(cell)] += 1

    @staticmethod
    def _like(cell: Cell) -> tuple[str, str]:
        return str(cell.setting), cell.strategy

    def finish(self, cell: Cell, seconds: float) -> None:
        """Count a run as done."""
        self.to_come[self._like(cell)] -= 1
        self.know(cell, seconds)

    def know(self, cell: Cell, seconds: float) -> None:
        """Take the time of a run into account."""
        self.took[self._like(cell)].append(seconds)

    def left(self) -> float | None:
        """Seconds left; None while nothing is known."""
        every = [seconds for took in self.took.values() for seconds in took]
        left = sum(self.to_come.values())
        if not every:
            return None if left else 0.0
        mean = sum(every) / len(every)
        total = 0.0
        for like, count in self.to_come.items():
            took = self.took.get(like)
            total += count * (sum(took) / len(took) if took else mean)
        return total / min(self.jobs, max(1, left))


def _keyed(cell: Cell, references: Path | None) -> tuple[Cell, dict[str, Any]]:
    began = time.perf_counter()
    run = run_cell(cell, references)
    return cell, run | {"wall": round(time.perf_counter() - began, 4)}


def _done(jobs: list[Any], n_jobs: int) -> Iterator[Any]:
    """Results as they come."""
    if n_jobs == 1:
        yield from (run(*args, **options) for run, args, options in jobs)
    elif jobs:
        yield from joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(jobs)


@contextmanager
def _watched(what: str, total: int, progress: bool) -> Iterator[Callable[[float | None], None]]:
    """Give a function to be called after each of `total`, with the seconds left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not progress or not total:
        yield lambda _: None
        return
    if not console.is_terminal:
        yield _Lines(what, total, console)
        return
    columns: Iterable[Any] = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what, total=total, note="")
        yield lambda left: shown.update(task, advance=1, note=said(left))


class _Lines:
    """A line now and then, for logs."""

    def __init__(self, what: str, total: int, console: Any) -> None:
        self.what, self.total, self.console = what, total, console
        self.done, self.last = 0, time.monotonic()

    def __call__(self, left: float | None) -> None:
        self.done += 1
        now = time.monotonic()
        if now - self.last >= EVERY:
            self.last = now
            line = f"{self.done} of {self.total} {self.what}, {said(left)}"
            self.console.print(line.rstrip(", "), highlight=False, markup=False)


def said(seconds: float | None) -> str:
    """Time left in words.

    Examples
    --------
    >>> said(45.2), said(200.0), said(7300.0), said(None)
    ('about 45 s left', 'about 3 min left', 'about 2.0 h left', '')
    """
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {seconds:.0f} s left"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min left"
    return f"about {seconds / 3600:.1f} h left"
