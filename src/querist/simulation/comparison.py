"""Curves of several strategies and seeds: who saves labels, who loses to random, how surely."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from querist.core.errors import BadInput
from querist.core.measures import is_share
from querist.core.types import Floats, Interval
from querist.metrics import paired
from querist.metrics.plateau import diminishing_point
from querist.simulation.asked import asked_of
from querist.simulation.curve import Curve

if TYPE_CHECKING:
    import plotly.graph_objects as go

BASELINE = "random"
Role = Literal["run", "random", "other"]  # of a line in the plot
SURE = 0.05  # p below which a curve point counts as a loss


@dataclass(frozen=True)
class Reach:
    """Labels to a score: the median over seeds, and how many seeds got there at all.

    The interval is a bootstrap over seeds; infinite where seeds never got there. It never goes
    beyond what was seen: of fewer than six seeds it covers the median less often than it says.
    """

    labels: Interval
    reached: int
    seeds: int

    def __str__(self) -> str:
        return f"{self.labels} labels; {self.reached} of {self.seeds} seeds got there"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` returns. Every label of a curve counts: start and control slice included.

    The labels of the test (`Curve.tested_on`) come on top, for all strategies alike.
    Scores are read as "higher is better", as scikit-learn's scorers are. Methods take the
    name of a score; without one they take the first.

    Attributes
    ----------
    curves : mapping of str to tuple of Curve
        The curves of each strategy, one a seed, the same seeds in the same order.
    seeds : tuple of int
    """

    curves: Mapping[str, tuple[Curve, ...]]
    seeds: tuple[int, ...]

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores."""
        return tuple(self._any.scores)

    @property
    def _any(self) -> Curve:
        return next(iter(self.curves.values()))[0]

    def matrix(self, name: str, score: str | None = None) -> tuple[Floats, Floats]:
        """Label counts (r,) and the scores (seeds, r) of a strategy there.

        Where runs differ in their label counts, all are read at those they have in common.
        """
        if name not in self.curves:
            raise BadInput(f"no strategy {name!r} here; there are: {', '.join(self.curves)}")
        every = [curve.labels for curves in self.curves.values() for curve in curves]
        grid = every[0].astype(np.float64)
        if any(not np.array_equal(labels, every[0]) for labels in every):
            low, high = max(x[0] for x in every), min(x[-1] for x in every)
            grid = np.unique(np.clip(np.concatenate(every), low, high)).astype(np.float64)
        rows = [np.interp(grid, curve.labels, curve.score(score)) for curve in self.curves[name]]
        return grid, np.array(rows)

    def table(self, score: str | None = None) -> list[dict[str, Any]]:
        """One dict a strategy, best first; 95 % intervals over seeds, None with one seed.

        Keys: `strategy`; `aubc` (mean height of the curve) and `final` (score at the end),
        each with `_low` and `_high`; `labels` to random's final score; `saved`, the share of
        random's labels, with `_low` and `_high`; `losses`, curve points significantly below
        random, and `losses_holm`, those that stand after Holm's correction; `seconds` of
        computing per run.
        """
        savings = self.saved(score=score) if len(self.seeds) > 1 else {}
        losses = self.losses(score=score) if len(self.seeds) > 1 else []
        goal = float(self.matrix(BASELINE, score)[1][:, -1].mean())
        reach = self.labels_to(goal, score)
        rows = []
        for name in self.curves:
            grid, scores = self.matrix(name, score)
            lost = [loss for loss in losses if loss["strategy"] == name]
            row: dict[str, Any] = {"strategy": name}
            row |= _spread(
                "aubc", np.atleast_1d(paired.aubc(grid, scores)), score or self.scores[0]
            )
            row |= _spread("final", scores[:, -1], score or self.scores[0])
            row["labels"] = _finite(reach[name].labels.value)
            share = savings[name].share if name in savings else None
            row |= {
                "saved": share and share.value,
                "saved_low": share and share.low,
                "saved_high": share and share.high,
                "losses": len(lost),
                "losses_holm": sum(loss["p_holm"] < SURE for loss in lost),
                "seconds": float(np.mean([_seconds(curve) for curve in self.curves[name]])),
            }
            rows.append(row)
        return sorted(rows, key=lambda row: -row["aubc"])

    def labels_to(self, target: float, score: str | None = None) -> dict[str, Reach]:
        """Labels each strategy needs to first reach a score.

        Examples
        --------
        >>> one = Curve(np.array([10, 20]), {"accuracy": np.array([0.5, 0.9])}, np.arange(20), {})
        >>> print(Comparison({"random": (one, one)}, (0, 1)).labels_to(0.7)["random"])
        15.000 [15.000, 15.000] labels; 2 of 2 seeds got there
        """
        found = {}
        for name in self.curves:
            grid, scores = self.matrix(name, score)
            needed = np.array([paired.labels_to(grid, row, target) for row in scores])
            reached = int(np.isfinite(needed).sum())
            found[name] = Reach(
                _median(np.where(np.isnan(needed), np.inf, needed)), reached, len(needed)
            )
        return found

    def saved(self, against: str = BASELINE, score: str | None = None) -> dict[str, paired.Saving]:
        """Labels each strategy saves against another, with paired bootstrap intervals over seeds.

        Claim a saving only where it is `proven`: its whole interval lies above 0.
        """
        grid, base = self.matrix(against, score)
        return {
            name: paired.saved(grid, self.matrix(name, score)[1], base)
            for name in self.curves
            if name != against
        }

    def losses(self, against: str = BASELINE, score: str | None = None) -> list[dict[str, Any]]:
        """Curve points where a strategy lies significantly below random, worst p first.

        A paired t test over seeds, one-sided, at every point of every strategy. `p` is the
        raw value (below 0.05); a second random run falls below it in a few percent of the
        points too, so read `p_holm` and `p_bh`, which allow for having looked so often.
        """
        grid, base = self.matrix(against, score)
        names = [name for name in self.curves if name != against]
        if not names:
            return []
        rows = [self.matrix(name, score)[1] for name in names]
        p = np.array([paired.t_below(row, base) for row in rows])
        holm = paired.adjust(p.ravel(), "holm").reshape(p.shape)
        bh = paired.adjust(p.ravel(), "bh").reshape(p.shape)
        found = [
            {
                "strategy": names[i],
                "labels": int(grid[k]),
                "difference": float((rows[i][:, k] - base[:, k]).mean()),
                "p": float(p[i, k]),
                "p_holm": float(holm[i, k]),
                "p_bh": float(bh[i, k]),
            }
            for i, k in np.argwhere(p < SURE)
        ]
        return sorted(found, key=lambda loss: float(loss["p"]))

    def asked(self, of: Any) -> list[dict[str, Any]]:
        """Whom each strategy asked about: a dict for each strategy and group.

        Parameters
        ----------
        of : array (n,)
            Group of each row of X: a column, a mask of a tricky region, or the labels `y`
            themselves, to see how many of a rare class each one found.

        Returns
        -------
        list of dict
            `strategy` and `group`; `pool`, share of the rows that could be asked; `share` of
            the queries after the start; `found`, labels of the group in the end, the start
            included; both means over seeds, with 95 % t intervals in `_low` and `_high`;
            `more` than random, paired over seeds, with its interval.

        Examples
        --------
        >>> one = Curve(np.array([2, 4]), {"accuracy": np.zeros(2)}, np.array([0, 1, 2, 4]), {})
        >>> row, *_ = Comparison({"random": (one,)}, (0,)).asked([0, 0, 1, 1, 1])
        >>> row["group"], row["pool"], row["share"], row["found"]
        ('0', 0.4, 0.0, 2.0)
        """
        return asked_of(self.curves, of, BASELINE)

    def verdict(self, score: str | None = None) -> dict[str, str]:
        """In plain words for each strategy: what it saves, or that no saving is shown."""
        if len(self.seeds) < 2:
            return {n: "one seed shows nothing; run ten" for n in self.curves if n != BASELINE}
        losses = self.losses(score=score)
        points = len(self.matrix(BASELINE, score)[0])
        said = {}
        for name, saving in self.saved(score=score).items():
            lost = [loss for loss in losses if loss["strategy"] == name]
            holm = sum(loss["p_holm"] < SURE for loss in lost)
            said[name] = _saying(saving) + (
                f" Below random at {len(lost)} of {points} points ({holm} after Holm's correction)."
                if lost
                else " Nowhere significantly below random."
            )
        return said

    def plot(
        self, score: str | None = None, *, colours: Mapping[str, str] | None = None
    ) -> go.Figure:
        """Draw mean curves with 95 % bands, and where the best stops paying (a plotly figure).

        `colours` of strategies by name make several figures agree.
        """
        from querist.reports.figures import CurveLine, learning_curve

        best = next(
            (r["strategy"] for r in self.table(score) if r["strategy"] != BASELINE), BASELINE
        )
        lines, plateau = [], None
        for name in sorted(self.curves, key=lambda name: (name != best, name == BASELINE)):
            grid, scores = self.matrix(name, score)
            mean, low, high = _band(scores, score or self.scores[0])
            role: Role = "random" if name == BASELINE else "run" if name == best else "other"
            x, y, below, above = (part.tolist() for part in (grid, mean, low, high))
            colour = (colours or {}).get(name, "")
            lines.append(CurveLine(name, x, y, below, above, role, colour))
            if name == best:
                found = diminishing_point(grid.astype(int).tolist(), mean.tolist())
                plateau = None if found is None else float(found.at)
        return learning_curve(lines, metric=score or self.scores[0], plateau_at=plateau)

    def to_json(self) -> str:
        """Table, savings, losses, verdicts and every curve as JSON."""
        many = len(self.seeds) > 1
        form = {
            "seeds": list(self.seeds),
            "scores": list(self.scores),
            "tested_on": self._any.tested_on,
            "table": self.table(),
            "saved": {n: _saving(s) for n, s in self.saved().items()} if many else {},
            "losses": self.losses() if many else [],
            "verdict": self.verdict(),
            "curves": {n: [json.loads(c.to_json()) for c in cs] for n, cs in self.curves.items()},
        }
        return json.dumps(form)


def _spread(name: str, values: Floats, score: str) -> dict[str, float | None]:
    mean, low, high = _band(values[:, None], score)
    return {
        name: float(mean[0]),
        f"{name}_low": _finite(float(low[0])),
        f"{name}_high": _finite(float(high[0])),
    }


def _band(scores: Floats, score: str) -> tuple[Floats, Floats, Floats]:
    """Mean and t-interval over seeds; a share stays within [0, 1]."""
    mean, low, high = paired.curve_band(scores)
    return (mean, np.maximum(low, 0), np.minimum(high, 1)) if is_share(score) else (mean, low, high)


def _median(values: Floats, seed: int = 0, resamples: int = 2000) -> Interval:
    """Median with its bootstrap interval; infinite values stay in order."""
    rng = np.random.default_rng(seed)
    drawn = np.sort(values[rng.integers(len(values), size=(resamples, len(values)))], axis=1)
    medians = np.sort(_middle(drawn))
    low, high = medians[int(0.025 * resamples)], medians[int(0.975 * resamples)]
    return Interval(float(_middle(np.sort(values)[None])[0]), float(low), float(high))


def _middle(ordered: Floats) -> Floats:
    n = ordered.shape[1]
    middle: Floats = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    return middle


def _saying(saving: paired.Saving) -> str:
    value, low, high = (100 * x for x in (saving.share.value, saving.share.low, saving.share.high))
    interval = f"[{low:.0f}, {high:.0f}]"
    if saving.proven:
        return f"Saves {value:.0f} % of the labels {interval}."
    if saving.share.high < 0:
        return f"Needs more labels than random: {-value:.0f} % {interval}."
    return f"No saving is shown: {value:.0f} % {interval} includes 0."


def _saving(saving: paired.Saving) -> dict[str, Any]:
    return {
        "share": asdict(saving.share),
        "labels": asdict(saving.labels),
        "proven": saving.proven,
        "never": saving.never,
    }


def _seconds(curve: Curve) -> float:
    return float(sum(values.sum() for values in curve.seconds.values()))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
