"""What the runs of `auto_evidence.py` say: one row a policy, one a kind, and every loss."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from importlib.metadata import version

import numpy as np
from scipy import stats

from querist.metrics.paired import adjust, aubc, curve_band, labels_to

RANDOM = ("random0", "random1", "random2")
FIXED = (
    "badge",
    "margin",
    "typiclust_margin",
    "kcenter",
    "entropy",
    "cluster_margin",
    "uncertainty_herding",
)
FEW = 5  # seeds; a t test of fewer hardly ever speaks
SHOWN = ("null", *FIXED, "auto_no_control", "auto")


def grouped(runs: list[dict]) -> list[dict]:
    """The runs of each setting as arrays: scores (seeds, steps) in points, and area gains."""
    by = defaultdict(list)
    for run in runs:
        by[run["setting"]].append(run)
    found = []
    for name, own in sorted(by.items()):
        own = sorted(own, key=lambda run: run["seed"])
        steps = min(len(run["labels"]) for run in own)
        labels = np.array(own[0]["labels"][:steps])
        scores = {
            policy: 100 * np.array([run["scores"][policy][:steps] for run in own])
            for policy in own[0]["scores"]
        }
        base = np.mean([scores[name] for name in RANDOM], axis=0)
        full = 100 * float(np.mean([run["full"] for run in own]))
        gain = {p: aubc(labels, scores[p]) - aubc(labels, base) for p in SHOWN}
        found.append(
            {
                "name": name,
                "kind": own[0]["kind"],
                "labels": labels,
                "scores": scores,
                "base": base,
                "full": full,
                "gain": gain,
                "cpu": float(np.mean([run["cpu"] for run in own])),
            }
        )
    return found


def tested(setting: dict, policy: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean gap to random at each step, and the two-sided p of the paired t test over seeds."""
    gaps = setting["scores"][policy] - setting["base"]
    return _tested(gaps)


def _tested(gaps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = gaps.mean(0)
    if len(gaps) < 2:
        return mean, np.ones(len(mean))
    error = stats.sem(gaps, axis=0)
    # no spread over seeds: no gap is no difference, a constant gap is a certain one
    sure = np.where(np.abs(mean) > 1e-9, np.inf, 0.0)
    t = np.where(error > 1e-9, np.abs(mean) / np.maximum(error, 1e-9), sure)
    return mean, 2 * stats.t.sf(t, len(gaps) - 1)


def saving(setting: dict, policy: str) -> float:
    """Share of labels saved at random's last mean score; minus infinity if never reached."""
    labels, mine = setting["labels"], setting["scores"][policy].mean(0)
    base = setting["base"].mean(0)
    ours, theirs = labels_to(labels, mine, base[-1]), labels_to(labels, base, base[-1])
    return -np.inf if np.isnan(ours) else 100 * (1 - ours / theirs)


def to_full(setting: dict, policy: str) -> tuple[float, float]:
    """Labels to 95 % of the score on the full pool: the policy's, and random's; NaN if never."""
    goal = 0.95 * setting["full"]
    return tuple(
        labels_to(setting["labels"], curve.mean(0), goal)
        for curve in (setting["scores"][policy], setting["base"])
    )


def best_fixed(setting: dict) -> float:
    """Gain of the fixed strategy that was best on the other half of the seeds, both ways."""
    seeds = len(setting["gain"]["badge"])
    if seeds < 2:
        return np.nan
    halves = np.arange(seeds) % 2 == 0
    gains = []
    for own in (halves, ~halves):
        chosen = max(FIXED, key=lambda name: setting["gain"][name][~own].mean())
        gains.append(np.average(setting["gain"][chosen][own]))
    return float(np.average(gains, weights=[halves.sum(), (~halves).sum()]))


def row(found: list[dict], policy: str) -> dict:
    """One policy over some settings."""
    gains = np.array([s["gain"][policy].mean() for s in found])
    area = np.array([_tested(s["gain"][policy][:, None])[1][0] for s in found])
    parts = [tested(s, policy) for s in found]
    means, cells = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    # all differences are corrected together, then those below are counted
    raw, kept = (cells < 0.05) & (means < 0), (adjust(cells, "bh") < 0.05) & (means < 0)
    can_test = min(len(s["base"]) for s in found) > 1
    saved = np.array([saving(s, policy) for s in found])
    reach = np.array([to_full(s, policy) for s in found])
    both = ~np.isnan(reach).any(axis=1)
    best = np.sum([best_fixed(s) for s in found])  # NaN with one seed only
    worst = int(np.argmin(gains))
    middle = float(np.median(saved))
    return {
        "settings": len(found),
        "gain": round(float(gains.mean()), 2),
        "v_tcm": round(float(np.mean([_gap(s, policy, "typiclust_margin") for s in found])), 2),
        "v_badge": round(float(np.mean([_gap(s, policy, "badge") for s in found])), 2),
        "cells": len(cells),
        "below_raw_pct": round(100 * float(raw.mean()), 2) if can_test else None,
        "below_bh_pct": round(100 * float(kept.mean()), 2) if can_test else None,
        "mean_below_pct": round(100 * float(np.mean(means < -0.05)), 1),
        "areas_below": int((gains < 0).sum()),
        "areas_below_significantly": int(((area < 0.05) & (gains < 0)).sum()) if can_test else None,
        "worst": f"{gains[worst]:+.2f} {found[worst]['name']}",
        "saving_pct": round(middle) if np.isfinite(middle) else None,
        "never_reached": int(np.isinf(saved).sum()),
        "labels_to_95": round(float(np.median(reach[both, 0] / reach[both, 1])), 2)
        if both.any()
        else None,
        "reached_only_by_random": int((np.isnan(reach[:, 0]) & ~np.isnan(reach[:, 1])).sum()),
        "of_best_fixed_pct": round(100 * float(gains.sum()) / best) if best > 0 else None,
    }


def _gap(setting: dict, policy: str, other: str) -> float:
    return float((setting["gain"][policy] - setting["gain"][other]).mean())


def price_of_control(found: list[dict]) -> list[float]:
    """Points of area that the control share costs: mean over settings, 95 % t interval."""
    lost = [float((s["gain"]["auto_no_control"] - s["gain"]["auto"]).mean()) for s in found]
    mean, low, high = (float(part[0]) for part in curve_band(np.array(lost)[:, None]))
    return [round(mean, 2), round(low, 2), round(high, 2)]


def losses(found: list[dict]) -> list[dict]:
    """Every setting where `auto` is below random in area or significantly at some step."""
    lost = []
    for s in found:
        mean, p = tested(s, "auto")
        steps = np.flatnonzero((p < 0.05) & (mean < 0))
        gain = float(s["gain"]["auto"].mean())
        if gain < 0 or len(steps):
            at = s["labels"][steps].tolist()
            lost.append({"setting": s["name"], "gain": round(gain, 2), "below_at_labels": at})
    return sorted(lost, key=lambda loss: loss["gain"])


def bars(report: dict) -> list[dict]:
    """What `auto` was asked to reach, and what it reached."""
    auto, kinds = report["policies"]["auto"], report["kinds"]
    worst = float(auto["worst"].split()[0])
    wanted = [
        ("cells significantly below random, raw p, %", auto["below_raw_pct"], "<=", 1.0),
        ("the same after Benjamini-Hochberg, %", auto["below_bh_pct"], "<=", 0.2),
        ("settings significantly below in area", auto["areas_below_significantly"], "<=", 0),
        ("worst setting, mean points of area", worst, ">=", -0.5),
        ("share of the best fixed strategy's gain, %", auto["of_best_fixed_pct"], ">=", 92),
        ("area over TypiClust then margin, points", auto["v_tcm"], ">=", 0.5),
        ("area over BADGE, points", auto["v_badge"], ">=", 1.3),
        ("median labels saved at random's last score, %", auto["saving_pct"], ">=", 50),
    ]
    for kind, least in {"tabular": 47, "emb": 50, "tfidf": 22, "imbalanced": 75}.items():
        if kind in kinds:
            saved = kinds[kind]["auto"]["saving_pct"]
            wanted.append((f"the same, {kind}, %", saved, ">=", least))
    wanted.append(
        ("labels to 95 % of the full score, of random's", auto["labels_to_95"], "<=", 0.62)
    )
    return [
        {
            "what": what,
            "wanted": f"{sign} {bar}",
            "measured": value,
            "held": None if value is None else bool(value <= bar if sign == "<=" else value >= bar),
        }
        for what, value, sign, bar in wanted
    ]


def write(runs: list[dict], root, about: dict, every_name: list[str]) -> None:
    """Compute everything, and write the JSON and the page; `every_name` has all settings."""
    if not runs:
        raise SystemExit("no finished cell yet: run without --report first")
    every = grouped(runs)
    found = [s for s in every if len(s["base"]) > 1] or every
    left_out = sorted({s["name"] for s in every} - {s["name"] for s in found})
    kinds = sorted({s["kind"] for s in found})
    counts = [len(s["base"]) for s in found]
    cpu = float(np.sum([s["cpu"] for s in found]))
    report = {
        "command": " ".join(
            ["python", "benchmarks/auto_evidence.py", *(a for a in sys.argv[1:] if a != "--report")]
        ),
        "asked_for": about,
        "seeds_per_setting": [min(counts), max(counts)],
        "finished_cells": int(np.sum(counts)),
        "left_out": left_out,
        "not_run": sorted(set(every_name) - {s["name"] for s in every}),
        "cpu_seconds_a_seed": round(cpu),
        "versions": {name: version(name) for name in ("querist", "numpy", "scikit-learn")},
        "policies": {p: row(found, p) for p in SHOWN},
        "kinds": {
            k: {p: row([s for s in found if s["kind"] == k], p) for p in SHOWN} for k in kinds
        },
        "settings": {
            s["name"]: {p: round(float(s["gain"][p].mean()), 2) for p in SHOWN} for s in found
        },
        "price_of_control": price_of_control(found),
        "losses_of_auto": losses(found),
    }
    report["bars"] = bars(report)
    path = root / "benchmarks" / "results" / "auto_evidence.json"
    path.write_text(json.dumps(report, indent=1) + "\n")
    (root / "docs" / "evidence" / "auto.md").write_text(page(report))
    wanted = about["settings"] * about["seeds"]
    print(f"{len(runs)} cells of {wanted}; written to {path.relative_to(root)}")


def verdict(policies: dict, seeds: int) -> str:
    """Whether the claim at the head of the page stands."""
    auto, null = policies["auto"], policies["null"]
    if seeds < FEW:
        return f"With {seeds} seeds a t test hardly ever speaks: neither shown nor refuted."
    refuted = auto["areas_below_significantly"] > 0 or auto["below_raw_pct"] > 1
    parts = [
        f"{own['below_raw_pct']} % of the cells and {own['areas_below_significantly']} of the areas"
        for own in (auto, null)
    ]
    return (
        f"**{'Refuted' if refuted else 'Not refuted'}**: {parts[0]} are significantly below "
        f"random. Of a fourth random run {parts[1]} are."
    )


def page(report: dict) -> str:
    """The page, from the JSON alone."""
    low, high = report["seeds_per_setting"]
    asked, cells = report["asked_for"], report["finished_cells"]
    left_out, (price, least, most) = report["left_out"], report["price_of_control"]
    whole = cells == asked["settings"] * asked["seeds"] and asked["seeds"] >= 20
    each = f"{low}" if low == high else f"{low} to {high}"
    state = f"{len(report['settings'])} settings, {each} seeds each, {cells} cells."
    if left_out:
        state += f" Left out, as one seed tests nothing: {', '.join(left_out)}."
    if report["not_run"]:
        state += f" Not run (`emb`: sentence embeddings): {', '.join(report['not_run'])}."
    if asked["remark"]:
        state += f" {asked['remark']}"
    if not whole:
        state += " **A partial run.**"
    state += f"\n\n{verdict(report['policies'], low)}"
    lines = [
        "# Evidence: `auto` against random",
        "",
        "Claim: with its control share of 10 %, `auto` is never worse than random. Refuted by a "
        "setting significantly below in area, or more than 1 % of cells (setting, step) below "
        "(paired t over seeds, two-sided p < .05; then after Benjamini-Hochberg).",
        "",
        "Comparator: the mean of three random runs on the same split; `null` is a fourth. Points "
        "of accuracy, balanced accuracy for imbalanced sets. `python benchmarks/auto_evidence.py "
        "--quick` runs three seeds of all but the heaviest sets, without `--quick` twenty of all; "
        "both go on after a kill.",
        "",
        "With the RBF SVM, `badge`, `entropy` and `uncertainty_herding` get the softmax of its "
        "decision values as probabilities, the others the plain SVM.",
        "",
        state,
        "",
        f"One seed of all these settings took {report['cpu_seconds_a_seed']} CPU seconds.",
        "",
        "## What was wanted, and what came",
        "",
        "| what | wanted | measured | held |",
        "|---|---|---|---|",
        *(
            f"| {bar['what']} | {bar['wanted']} | {_or(bar['measured'])} | "
            f"{ {True: 'yes', False: '**no**', None: '-'}[bar['held']] } |"
            for bar in report["bars"]
        ),
        "",
        f"The control share costs {price:.2f} points of area, [{least:.2f}, {most:.2f}] over "
        "settings: `auto` beside `auto_no_control`, which promises neither a fair sample nor the "
        "check against random.",
        "",
        "## All settings",
        "",
        *table(report["policies"]),
    ]
    for kind, rows in report["kinds"].items():
        lines += ["", f"## {kind}: {rows['auto']['settings']} settings", "", *table(rows)]
    lines += ["", "## Where `auto` is below random", ""]
    if report["losses_of_auto"]:
        lines += ["| setting | area gain | significantly below at (labels) |", "|---|---|---|"]
    else:
        lines += ["Nowhere in these runs."]
    for lost in report["losses_of_auto"]:
        at = ", ".join(map(str, lost["below_at_labels"])) or "-"
        lines.append(f"| {lost['setting']} | {lost['gain']:+.2f} | {at} |")
    return "\n".join(lines) + "\n"


def table(rows: dict) -> list[str]:
    """Policies as a Markdown table."""
    lines = [
        "| policy | area gain | v TypiClust-margin | v BADGE | below random, raw % | after BH % | "
        "mean below % | areas below (sig.) | worst | labels saved % (never) | "
        "labels to 95 % of full v random | of best fixed % |",
        "|" + "---|" * 12,
    ]
    for name, r in rows.items():
        lines.append(
            f"| {name} | {r['gain']:+.2f} | {r['v_tcm']:+.2f} | {r['v_badge']:+.2f} | "
            f"{_or(r['below_raw_pct'])} | {_or(r['below_bh_pct'])} | "
            f"{r['mean_below_pct']} | {r['areas_below']} ({_or(r['areas_below_significantly'])}) | "
            f"{r['worst']} | {_or(r['saving_pct'])} ({r['never_reached']}) | "
            f"{_or(r['labels_to_95'])} | {_or(r['of_best_fixed_pct'])} |"
        )
    return lines


def _or(value) -> str:
    return "-" if value is None else str(value)
