"""One setting of a study: the curves of its whole seeds, and what they held of memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.types import Floats
from querist.metrics import paired
from querist.simulation.comparison import Comparison
from querist.simulation.curve import Curve
from querist.simulation.plan import AGAIN, BASELINE, Cell, Plan, Setting

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Place:
    """What was found in one setting.

    Attributes
    ----------
    setting : Setting
    comparison : Comparison
        Every strategy, "random" (the mean of its runs) and "random again".
    memory : mapping of str to float
        The most MB a run of each strategy held.
    order : tuple of str
        The strategies of the plan, which decide their colours.
    """

    setting: Setting
    comparison: Comparison
    memory: Mapping[str, float]
    order: tuple[str, ...] = ()

    def areas(self, name: str, score: str | None = None) -> Floats:
        """Height of the curve of a strategy on each seed, (s,)."""
        return np.atleast_1d(np.asarray(paired.aubc(*self.comparison.matrix(name, score))))

    def plot(self) -> go.Figure:
        """Draw the curves, without those of the null row (a plotly figure).

        A strategy has one colour in all places of a study.
        """
        from querist.reports.figures import PALETTE

        curves = {n: found for n, found in self.comparison.curves.items() if n != AGAIN}
        colours = dict(zip(self.order, cycle(PALETTE), strict=False))
        return Comparison(curves, self.comparison.seeds).plot(colours=colours)


def place_of(plan: Plan, setting: Setting, found: Sequence[tuple[Cell, Any]]) -> Place | None:
    """The curves of a setting on its whole seeds; None without any."""
    broken = {cell.strategy for cell, run in found if "error" in run}
    if BASELINE in broken:
        return None
    names = [n for n in (*plan.strategies, BASELINE, AGAIN) if n not in broken]
    runs = {(c.strategy, c.seed, c.draw): _curve(c, run) for c, run in found if "error" not in run}
    draws = {name: [0] for name in names}
    draws |= {BASELINE: list(range(plan.random_runs)), AGAIN: [plan.random_runs]}
    wanted = [(name, draw) for name in names for draw in draws[name]]
    seeds = [s for s in plan.seeds if all((name, s, draw) in runs for name, draw in wanted)]
    if not seeds:
        return None
    curves = {
        name: tuple(mean_of([runs[name, seed, draw] for draw in draws[name]]) for seed in seeds)
        for name in names
    }
    memory: dict[str, float] = {}
    for cell, run in found:
        if cell.strategy in names and run["memory"] is not None:
            memory[cell.strategy] = max(memory.get(cell.strategy, 0.0), run["memory"])
    return Place(setting, Comparison(curves, tuple(seeds)), memory, tuple(plan.strategies))


def _curve(cell: Cell, run: Mapping[str, Any]) -> Curve:
    return Curve(
        labels=np.array(run["labels"], dtype=np.int64),
        scores={name: np.array(values, dtype=float) for name, values in run["scores"].items()},
        picked=np.array(run["picked"], dtype=np.int64),
        seconds={name: np.array(values) for name, values in run["seconds"].items()},
        strategy=cell.expression,
        seed=cell.seed,
        tested_on=run["tested_on"],
        ended=run["ended"],
    )


def mean_of(curves: Sequence[Curve]) -> Curve:
    """The mean curve of several runs on one seed; it has no picks of its own.

    Examples
    --------
    >>> low, high = (Curve(np.array([5, 9]), {"accuracy": np.array([s, s])}, np.arange(9), {})
    ...              for s in (0.25, 0.75))
    >>> mean_of([low, high]).score().tolist()
    [0.5, 0.5]
    """
    first = curves[0]
    if len(curves) == 1:
        return first
    ends = min(curve.labels[-1] for curve in curves)
    grid = first.labels[first.labels <= ends]

    def mean(name: str) -> Floats:
        rows = [np.interp(grid, curve.labels, curve.scores[name]) for curve in curves]
        found: Floats = np.mean(rows, axis=0)
        return found

    seconds = {
        name: np.array([np.mean([curve.seconds[name].sum() for curve in curves])])
        for name in first.seconds
    }
    return Curve(
        labels=grid,
        scores={name: mean(name) for name in first.scores},
        picked=np.zeros(0, dtype=np.int64),
        seconds=seconds,
        strategy=f"mean of {len(curves)} runs of {first.strategy}",
        seed=first.seed,
        tested_on=first.tested_on,
        ended=first.ended,
    )
