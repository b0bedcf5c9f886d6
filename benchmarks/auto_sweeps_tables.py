"""What the runs of the sweeps say: means, paired differences, and tables of both."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from auto_sweeps_runs import CLAIMS, RANDOM, Claim
from strategy_claims import mean

SHARES = (
    "accuracy", "balanced_accuracy", "score", "score_left", "easy", "hard", "below_full",
    "calibration_error", "f1_micro", "f1_macro", "in_blob", "wrong", "never_stopped",
)  # fmt: skip
LESS = ("rmse", "calibration_error")  # less of it is better


def stem(measure: str) -> str:
    """The measure without the word that says when it was taken."""
    return measure.removesuffix("_last")


def by_arm(runs: list[dict]) -> dict[str, dict[str, np.ndarray]]:
    """Measures of each arm as arrays over seeds; the three random runs as their mean."""
    found: dict = defaultdict(dict)
    names = [name for name in runs[0] if name not in RANDOM]
    for name in names:
        for measure in runs[0][name]:
            found[name][measure] = np.array([run[name][measure] for run in runs])
    if RANDOM[0] in runs[0]:
        for measure in runs[0][RANDOM[0]]:
            values = [[run[name][measure] for name in RANDOM] for run in runs]
            found["random"][measure] = np.mean(values, axis=1)
    for measures in found.values():
        for measure in measures:
            if stem(measure) in SHARES:
                measures[measure] = 100 * measures[measure]
    return found


def rows_of(own: Claim, runs: dict[str, list[dict]]) -> list[dict]:
    """A row for each cell and arm: means and differences to the base, with 95 % intervals."""
    rows = []
    for cell, found in runs.items():
        arms = by_arm(found)
        for name, measures in sorted(arms.items(), key=lambda arm: arm[0] in ("random", "null")):
            row = {"cell": cell, "arm": name, "seeds": len(found)}
            row["mean"] = {key: mean(values) for key, values in measures.items()}
            row["gain"] = {
                # t, not bootstrap: resampling three seeds of one sign never gives the other sign
                key: mean(measures[key] - arms[own.base][key])
                for key in own.gains
                if name != own.base and key in measures
            }
            rows.append(row)
    return rows


def counted(own: Claim, rows: list[dict]) -> list[str]:
    """How often each arm is shown to be ahead of the base, and behind it."""
    lines = [
        f"| arm, against {own.base} | measure | cells | mean difference | shown ahead | "
        "shown behind |",
        "|---|---|---|---|---|---|",
    ]
    for arm in dict.fromkeys(row["arm"] for row in rows):
        for key in own.gains:
            gains = [row["gain"][key] for row in rows if row["arm"] == arm and key in row["gain"]]
            if not gains:
                continue
            middle, low, high = np.array(gains).T
            up, down = (low > 0).sum(), (high < 0).sum()
            if stem(key) in LESS:
                up, down = down, up
            lines.append(
                f"| {arm} | {spoken(key)} | {len(gains)} | {middle.mean():+.2f} | {up} | {down} |"
            )
    return lines


def pivot(rows: list[dict], part: str, key: str) -> list[str]:
    """One measure: a line a cell, a column an arm."""
    arms = list(dict.fromkeys(row["arm"] for row in rows if key in row[part]))
    lines = ["| set | " + " | ".join(arms) + " |", "|" + "---|" * (len(arms) + 1)]
    for cell in dict.fromkeys(row["cell"] for row in rows):
        own = {row["arm"]: row[part].get(key) for row in rows if row["cell"] == cell}
        shown = " | ".join(said(own.get(arm), signed=part == "gain") for arm in arms)
        lines.append(f"| {cell} | {shown} |")
    return lines


def said(value, *, signed: bool) -> str:
    """A number with its interval."""
    if value is None:
        return ""
    digits = 0 if abs(value[0]) >= 1000 else 2 if max(map(abs, value)) < 2 else 1
    form = f"+.{digits}f" if signed else f".{digits}f"
    return f"{value[0]:{form}} [{value[1]:{form}}, {value[2]:{form}}]"


def spoken(measure: str) -> str:
    """The name of a measure for people."""
    name = stem(measure).replace("_", " ").replace("cpu", "CPU") + (
        ", last" if measure.endswith("_last") else ""
    )
    return name + (" (less is better)" if stem(measure) in LESS else "")


def tables(report: dict) -> dict[str, str]:
    """The tables of each claim in the report, in one text a claim."""
    found = {}
    for name, kept in report["claims"].items():
        own, rows = CLAIMS[name], kept["rows"]
        low, high = min(row["seeds"] for row in rows), max(row["seeds"] for row in rows)
        seeds = f"{low}" if low == high else f"{low} to {high}"
        lines = [f"{seeds} seeds; {kept['cpu_seconds']:,} CPU seconds in all.", ""]
        if own.gains:
            lines += [*counted(own, rows), ""]
        for key in own.gains:
            lines += [
                f"Difference to {own.base}, {spoken(key)}:",
                "",
                *pivot(rows, "gain", key),
                "",
            ]
        for key in own.shown:
            title = spoken(key)[0].upper() + spoken(key)[1:]
            lines += [f"{title}:", "", *pivot(rows, "mean", key), ""]
        found[name] = "\n".join(lines).rstrip()
    return found
