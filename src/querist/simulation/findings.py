"""What a study found: setting by setting, strategy by strategy, the losses before the rest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats
from querist.metrics import paired
from querist.simulation.comparison import SURE, Comparison
from querist.simulation.places import Place, place_of
from querist.simulation.plan import AGAIN, BASELINE, Cell, Plan, Setting
from querist.simulation.standings import places_by_rank, rows_of, sentence, standing

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Findings:
    """What `Study.run` returns. Scores are read as "higher is better".

    All labels count, those of the start and of a control slice included; the test comes on
    top (`Curve.tested_on`). Areas are heights of curves: 0.01 is a point of accuracy.

    Attributes
    ----------
    plan : Plan
    places : tuple of Place
        Settings with at least one whole seed.
    failed : tuple of dict
        Runs that raised: data, representation, model, strategy, seed, error.
    missing : int
        Runs that were not done yet.
    software : tuple of str
        Versions that made the runs; more than one of a package means a mixture.
    warnings : mapping of str to int
        What was warned of during runs, and in how many.
    """

    plan: Plan
    places: tuple[Place, ...]
    failed: tuple[dict[str, Any], ...]
    missing: int
    software: tuple[str, ...]
    warnings: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, runs: Mapping[str, Any]) -> Findings:
        """The findings of finished runs, by the keys of the plan's cells."""
        failed, missing = [], 0
        by_setting: dict[Setting, list[tuple[Cell, Any]]] = {s: [] for s in plan.settings}
        software: set[str] = set()
        warned: Counter[str] = Counter()
        for cell in plan.cells():
            run = runs.get(cell.key)
            if run is None:
                missing += 1
                continue
            software.update(f"{name} {number}" for name, number in run["software"].items())
            warned.update(run["warnings"])
            if "error" in run:
                told = {"strategy": cell.strategy, "seed": cell.seed, "error": run["error"]}
                failed.append(cell.setting.names | told)
            by_setting[cell.setting].append((cell, run))
        places = [place_of(plan, setting, found) for setting, found in by_setting.items()]
        kept = tuple(place for place in places if place is not None)
        return cls(plan, kept, tuple(failed), missing, tuple(sorted(software)), dict(warned))

    def comparison(self, data: str, model: str = "", representation: str = "") -> Comparison:
        """The curves of one setting, with all that `Comparison` tells of them.

        Names may be left out where they are the only ones.
        """
        return self._the(data, model, representation).comparison

    def table(self) -> list[dict[str, Any]]:
        """A dict for each setting and strategy, best area first in each setting.

        Besides the names and `seeds`: `aubc` (mean height of the curve) with a 95 % t
        interval; `gain` over random's with a paired bootstrap interval over seeds; `p` of
        the signed-rank test over seeds, `p_holm` adjusted for the strategies of the setting;
        `outcome`, "win" or "loss" where p_holm is below 0.05; `labels` to random's final
        score and `saved`; `reached` and `labels_to_target` where the data have a target;
        `points` of the curve, those `below` random (raw p < 0.05), and `below_bh`; gains on
        `easy` and `hard` items with intervals; `others`, height and gain of each further
        score; `seconds` of a run, `memory` in MB.
        """
        below = self._below()
        return [row for place in self.places for row in rows_of(place, below)]

    def ranking(self) -> list[dict[str, Any]]:
        """A dict a strategy, best mean rank first and the null row last.

        `settings` it ran in; mean `rank` among the strategies and random; mean `gain`, and
        the `worst` with where it was; `wins`, `ties`, `losses`; share of curve points `below`
        random (raw p < 0.05), and after Benjamini-Hochberg over all points of the strategy
        (`below_bh`); `areas_below`, settings whose whole area is below (paired t, one-sided,
        raw p < 0.05); median share of labels `saved`; `p` of the signed-rank test over
        settings, `p_holm` adjusted for the strategies; mean gains on `easy` and `hard` items;
        mean `seconds` of a run and the most `memory`.
        """
        rows, places = self.table(), places_by_rank(self.places)
        areas = self._areas_below()
        found = []
        for name in (BASELINE, *self.plan.strategies, AGAIN):
            mine = [row for row in rows if row["strategy"] == name]
            if mine:
                found.append(standing(name, mine, places.get(name), areas.get(name)))
        tested = [r for r in found if r["p"] is not None and r["strategy"] != AGAIN]
        if tested:
            holm = paired.adjust([row["p"] for row in tested], "holm")
            for row, value in zip(tested, holm, strict=True):
                row["p_holm"] = float(value)
        return sorted(found, key=lambda r: (r["rank"] is None, r["rank"] or 0.0))

    def losses(self) -> list[dict[str, Any]]:
        """Curve points where a strategy lies significantly below random, worst p first.

        Paired t over seeds, one-sided. `p` is raw (below 0.05): random itself, run again,
        falls below it in a few percent of points; see its share in `ranking`. `p_bh` allows
        for all points of that strategy in the study, `p_holm` is stricter still.
        """
        found = []
        for name, (points, p) in self._points().items():
            bh, holm = paired.adjust(p, "bh"), paired.adjust(p, "holm")
            for i in np.flatnonzero(p < SURE):
                place, labels, gap = points[i]
                row = place.setting.names | {
                    "strategy": name,
                    "labels": int(labels),
                    "difference": gap,
                }
                found.append(
                    row | {"p": float(p[i]), "p_bh": float(bh[i]), "p_holm": float(holm[i])}
                )
        return sorted(found, key=lambda row: float(row["p"]))

    def verdict(self) -> list[str]:
        """In plain words: one sentence a strategy."""
        return [sentence(row) for row in self.ranking() if row["strategy"] != BASELINE]

    def to_json(self) -> str:
        """Everything as JSON: ranking, table, losses, failures and every curve."""
        form = {
            "name": self.plan.name,
            "seeds": list(self.plan.seeds),
            "software": list(self.software),
            "missing": self.missing,
            "failed": list(self.failed),
            "warnings": dict(self.warnings),
            "ranking": self.ranking(),
            "table": self.table(),
            "losses": self.losses(),
            "curves": [
                place.setting.names
                | {
                    "seeds": list(place.comparison.seeds),
                    "strategies": {
                        name: [json.loads(curve.to_json()) for curve in curves]
                        for name, curves in place.comparison.curves.items()
                    },
                }
                for place in self.places
            ],
        }
        return json.dumps(form)

    def plot(self, data: str, model: str = "", representation: str = "") -> go.Figure:
        """Draw the curves of one setting (a plotly figure)."""
        return self._the(data, model, representation).plot()

    def _the(self, data: str, model: str, representation: str) -> Place:
        wanted = {"data": data, "model": model, "representation": representation}
        found = [
            place
            for place in self.places
            if all(place.setting.names[key] == name for key, name in wanted.items() if name)
        ]
        if len(found) != 1:
            known = "; ".join(str(place.setting) for place in self.places)
            raise BadInput(f"{len(found)} settings go by these names; there are: {known}")
        return found[0]

    def _points(self) -> dict[str, tuple[list[tuple[Place, float, float]], Floats]]:
        """All curve points of each strategy with their p values, the whole study through."""
        points: dict[str, list[tuple[Place, float, float]]] = {}
        values: dict[str, list[float]] = {}
        for place in self.places:
            if len(place.comparison.seeds) < 2:
                continue
            grid, base = place.comparison.matrix(BASELINE)
            for name in place.comparison.curves:
                if name == BASELINE:
                    continue
                scores = place.comparison.matrix(name)[1]
                gaps = (scores - base).mean(axis=0)
                points.setdefault(name, []).extend(
                    (place, float(x), float(gap)) for x, gap in zip(grid, gaps, strict=True)
                )
                values.setdefault(name, []).extend(paired.t_below(scores, base).tolist())
        return {name: (found, np.array(values[name])) for name, found in points.items()}

    def _below(self) -> dict[tuple[int, str], tuple[int, int, int]]:
        """Points, those below random raw, and those after Benjamini-Hochberg, by place."""
        found: dict[tuple[int, str], tuple[int, int, int]] = {}
        for name, (points, p) in self._points().items():
            bh = paired.adjust(p, "bh")
            for i, (place, _, _) in enumerate(points):
                n, raw, sure = found.get((id(place), name), (0, 0, 0))
                found[id(place), name] = (
                    n + 1,
                    raw + int(p[i] < SURE),
                    sure + int(bh[i] < SURE),
                )
        return found

    def _areas_below(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for place in self.places:
            if len(place.comparison.seeds) < 2:
                continue
            base = place.areas(BASELINE)
            for name in place.comparison.curves:
                p = paired.t_below(place.areas(name)[:, None], base[:, None])
                found[name] = found.get(name, 0) + int(p[0] < SURE)
        return found
