"""A study as a page: what came out in words, the ranking, the losses, the curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from querist.core.types import Interval
from querist.metrics.ranks import fewest_pairs
from querist.reports.page import Gain, Report, Section, Table, Tile, render
from querist.simulation.findings import Findings
from querist.simulation.plan import AGAIN, BASELINE

SETTING = ("data", "representation", "model")
LISTED = 100  # losses on the page; the JSON holds all
RANKING = (
    *("strategy", "settings", "mean rank", "gain", "worst gain", "wins", "ties", "losses"),
    *("% of points below", "after BH", "areas below"),
)
RESOURCES = ("strategy", "labels saved (median)", "p", "p (Holm)", "s a run", "peak MB")
SETTINGS = (
    *("setting", "strategy", "curve height", "gain", "p (Holm)", ""),
    *("to random's end", "share saved", "below"),
)
HALVES = ("setting", "strategy", "gain on easy items", "gain on hard items")
OTHERS = ("setting", "strategy", "score", "curve height", "gain over random")
TARGETS = ("setting", "strategy", "target", "labels (median)", "seeds that got there")
FAILURES = ("setting", "strategies", "seeds", "why")
LOSSES = ("setting", "strategy", "labels", "difference", "p", "p (BH)", "p (Holm)")


def page_of(found: Findings) -> str:
    """The findings as one HTML page that needs no network."""
    plan, table, losses = found.plan, found.table(), found.losses()
    ranking, called = found.ranking(), _Names(found)
    targets = [row for row in table if "reached" in row]
    halves = [row for row in table if row["easy"] is not None]
    sections = [
        Section("In words", "\n".join(found.verdict()) or "No seed is whole yet."),
        Section(
            "Ranking",
            Table(RANKING, [_ranked(row) for row in ranking]),
            note="Gains are differences of the area under the curve (its mean height) to that of "
            f"{BASELINE}, in hundredths of the score: points. {AGAIN!r} is chance: a random run "
            "that went through as a strategy would.",
        ),
        Section(
            f"Losses: curve points below {BASELINE}",
            Table(LOSSES, [_lost(row, called(row)) for row in losses[:LISTED]])
            if losses or not any(row["points"] for row in ranking)
            else "None.",
            note=_losses_note(found, len(losses)),
        ),
        Section("Labels saved, time and memory", Table(RESOURCES, [_cost(row) for row in ranking])),
        *(
            Section(f"Learning curves: {called(place.setting.names)}", place.plot())
            for place in found.places
        ),
        Section("Every setting", Table(SETTINGS, [_set(row, called(row)) for row in table])),
    ]
    if halves:
        split = [(called(r), r["strategy"], _within(r, "easy"), _within(r, "hard")) for r in halves]
        note = (
            "Gain over random in the area under the curve, on each half of the test: the items "
            "a reference model that never saw them was most and least sure of."
        )
        sections.append(Section("Easy and hard items", Table(HALVES, split), note=note))
    others = [
        (called(row), row["strategy"], score, round(of["aubc"], 4), _within(of, "gain", 1))
        for row in table
        for score, of in row["others"].items()
    ]
    if others:
        sections.append(Section("Other scores", Table(OTHERS, others)))
    if targets:
        rows = [_aimed(row, called(row), row["target"]) for row in targets]
        sections.append(Section("Labels to the target", Table(TARGETS, rows)))
    if found.failed:
        failed = [(called(r), r["strategies"], r["seeds"], r["error"]) for r in failures(found)]
        sections.append(Section("Runs that failed", Table(FAILURES, failed)))
    if found.warnings:
        heard = sorted(((count, text) for text, count in found.warnings.items()), reverse=True)
        sections.append(Section("Warnings", Table(("in runs", "warning"), heard[:LISTED])))
    return render(
        Report(
            title=plan.name,
            subtitle=f"{_score(found)}, paired over seeds, 95 % intervals",
            tiles=[
                Tile("settings", len(found.places), "data set, representation, model"),
                Tile("strategies", len(plan.strategies), f"and {BASELINE}"),
                Tile("seeds", _seeds(found)),
                Tile("runs still to do", found.missing),
                *([Tile("runs failed", len(found.failed), "see below")] if found.failed else []),
            ],
            sections=sections,
            recipe={"seeds": list(plan.seeds), "random runs": plan.random_runs}
            | {f"strategy {name}": text for name, text in plan.strategies.items()}
            | {"made with": ", ".join(found.software)},
            notes=_notes(found),
        )
    )


def failures(found: Findings) -> list[dict[str, Any]]:
    """The runs that failed, a dict for each setting and error: `strategies` and `seeds` as text."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in found.failed:
        where = tuple(row[key] for key in (*SETTING, "error"))
        alike.setdefault(where, []).append(row)
    return [
        dict(zip((*SETTING, "error"), where, strict=True))
        | {
            "strategies": ", ".join(dict.fromkeys(row["strategy"] for row in rows)),
            "seeds": ", ".join(dict.fromkeys(str(row["seed"]) for row in rows)),
        }
        for where, rows in alike.items()
    ]


def _notes(found: Findings) -> list[str]:
    runs = found.plan.random_runs
    notes = [
        "every label of a curve counts, those of the start and of a control slice included; the "
        f"test ({_tested(found)}) comes on top, for all strategies alike",
        f"{BASELINE} is the mean of {runs} run{'s' if runs > 1 else ''} a seed, all from one start",
        "a win or a loss is a signed-rank test over seeds below 0.05 after Holm's correction for "
        "the strategies of that setting; that is strict, so read the losses, which are not",
    ]
    if len({row["settings"] for row in found.ranking()}) > 1:
        notes.append(
            "some strategies did not run everywhere: ranks and gains are of where they did"
        )
    needed = fewest_pairs(len(found.plan.strategies))
    if len(found.plan.seeds) < needed:
        notes.append(
            f"so few seeds ({len(found.plan.seeds)}) can show no win or loss; with "
            f"{len(found.plan.strategies)} strategies it takes {needed}"
        )
    if len({text.split()[0] for text in found.software}) < len(found.software):
        notes.append(
            f"the runs were made by different versions: {', '.join(found.software)}; for one "
            "version remove the folder and start again"
        )
    return notes


def _tested(found: Findings) -> str:
    sizes = {
        curve.tested_on for p in found.places for c in p.comparison.curves.values() for curve in c
    }
    if not sizes:
        return "nothing yet"
    low, high = min(sizes), max(sizes)
    return f"{low:,} labels" if low == high else f"{low:,} to {high:,} labels"


def _score(found: Findings) -> str:
    return ", ".join(dict.fromkeys(place.comparison.scores[0] for place in found.places))


def _seeds(found: Findings) -> str:
    counts = {len(place.comparison.seeds) for place in found.places} or {0}
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _losses_note(found: Findings, n: int) -> str:
    points = sum(row["points"] or 0 for row in found.ranking() if row["strategy"] != AGAIN)
    if not points:
        return "Untested: no setting has two whole seeds yet."
    shown = f" The worst {LISTED} are shown; the JSON holds all." if n > LISTED else ""
    return (
        f"Paired t tests over seeds, one-sided, raw p < 0.05: {n} of them, chance run included, "
        f"where the strategies have {points:,} points in all.{shown}"
    )


class _Names:
    """How settings are called on the page: by what differs between them."""

    def __init__(self, found: Findings) -> None:
        every = [place.setting.names for place in found.places] + list(found.failed)
        self.parts = [part for part in SETTING if len({n[part] for n in every}) > 1] or ["data"]

    def __call__(self, row: Mapping[str, Any]) -> str:
        return " / ".join(row[part] for part in self.parts)


def points(value: float | None) -> Gain | None:
    """A difference of scores in points.

    Examples
    --------
    >>> print(points(0.01234), points(-0.0312), points(None))
    +1.23 -3.12 None
    """
    return None if value is None else Gain(100 * value)


def _within(row: Mapping[str, Any], name: str, scale: float = 100) -> Interval | float | None:
    value, low, high = (row[f"{name}{end}"] for end in ("", "_low", "_high"))
    if value is None or low is None:
        return None if value is None else scale * float(value)
    return Interval(scale * value, scale * low, scale * high)


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def _digits(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else float(f"{value:.{digits}g}")


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _ranked(row: Mapping[str, Any]) -> Sequence[Any]:
    head = (
        row["strategy"],
        row["settings"],
        _digits(row["rank"]),
        points(row["gain"]),
        points(row["worst"]),
    )
    wins = (row["wins"], row["ties"], row["losses"])
    return (*head, *wins, _percent(row["below"]), _percent(row["below_bh"]), row["areas_below"])


def _cost(row: Mapping[str, Any]) -> Sequence[Any]:
    saved = None if row["saved"] is None else f"{100 * row['saved']:.0f} %"
    tests = (_digits(row["p"], 2), _digits(row["p_holm"], 2))
    return (row["strategy"], saved, *tests, _digits(row["seconds"]), _whole(row["memory"]))


def _set(row: Mapping[str, Any], name: str) -> Sequence[Any]:
    head = (name, row["strategy"], round(row["aubc"], 4), _within(row, "gain"))
    tail = (_whole(row["labels"]), _within(row, "saved", 1), row["below"])
    return (*head, _digits(row["p_holm"], 2), row["outcome"], *tail)


def _aimed(row: Mapping[str, Any], name: str, target: float | None) -> Sequence[Any]:
    reached = f"{row['reached']} of {row['seeds']}"
    return name, row["strategy"], target, _whole(row["labels_to_target"]), reached


def _lost(row: Mapping[str, Any], name: str) -> Sequence[Any]:
    ps = (_digits(row[key], 2) for key in ("p", "p_bh", "p_holm"))
    return (name, row["strategy"], row["labels"], points(row["difference"]), *ps)
