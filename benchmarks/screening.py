"""Who finds nearly all relevant records with least reading? Reviews, replayed as published.

    python benchmarks/screening.py --seeds 1 --sets ace   # a look
    python benchmarks/screening.py --jobs 16              # everything; goes on after a kill
    python benchmarks/screening.py --report               # only the results and the page

Claim: `Screening` with naive Bayes on TF-IDF saves as much reading as ASReview did in Ferdinands
et al. (2020), and `auto`, which wants to learn and not to find, does not. Protocol: one relevant
and one irrelevant record at random are given; one record is read at a time; model and settings as
published (`screening_models.py`), but for the model that is not resampled, set as in querist; 15
seeds. Rows that say so read ten at a time, as all do once 95 % is found. A replay ends when all
relevant records are found. The claim falls if the mean WSS@95 is below the published one by more
than its standard deviation. Writes benchmarks/results/screening.json and the tables of
docs/evidence/screening.md.
"""

from __future__ import annotations

import csv
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

import querist as q
from querist.logs.memory import MemoryLog
from querist.metrics import discovery_time, recall_at, work_saved
from querist.strategies import Auto, Random, Screening
from running import cell_options, markdown, put_tables, run_missing
from screening_models import DATA, problem

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "screening.json"
PAGE = ROOT / "docs" / "evidence" / "screening.md"
RUNS = ROOT / "build" / "screening" / "runs.jsonl"
SETS = ("ace", "nudging", "adhd", "kitchenham")
MODELS = {"nb": "NB + TF-IDF", "lr": "LR + TF-IDF", "plain": "LR + TF-IDF, not resampled"}

# model, how the page calls it, strategy, control share of the campaign, records read at a time
POLICIES = {
    "screening": ("nb", "Screening", Screening("1"), 0.0, 1),
    "chance": ("nb", "Screening, a tenth by chance", Screening("1", chance=0.1), 0.0, 1),
    "control": (
        "nb",
        "Screening, control slice of a tenth, ten at a time",
        Screening("1"),
        0.1,
        10,
    ),
    "screening_10": ("nb", "Screening, ten at a time", Screening("1"), 0.0, 10),
    "auto": ("nb", "auto, ten at a time", Auto(), 0.0, 10),
    "auto_control": ("nb", "auto, control slice of a tenth, ten at a time", Auto(), 0.1, 10),
    "random": ("nb", "random, ten at a time", Random(), 0.0, 10),
    "lr": ("lr", "Screening, ten at a time", Screening("1"), 0.0, 10),
    "plain": ("plain", "Screening, ten at a time", Screening("1"), 0.0, 10),
    "plain_auto": ("plain", "auto, ten at a time", Auto(), 0.0, 10),
}
MEASURES = {"WSS@95": "wss95", "RRF@10": "rrf10", "ATD%": "atd"}


def replay(name: str, policy: str, seed: int) -> dict:
    """Read records of a set until all relevant ones are found."""
    model, _, strategy, control, batch = POLICIES[policy]
    X, y, estimator = problem(name, model)
    rng = np.random.default_rng(seed)
    given = [int(rng.choice(np.flatnonzero(y == kind))) for kind in (1, 0)]
    pool, log = q.open_pool(X, id=[str(row) for row in range(len(y))]), MemoryLog()

    def opened(batch):
        """The campaign; over the same log it goes on with another batch."""
        return q.campaign(
            pool,
            q.Choice(["0", "1"]),
            model=estimator,
            strategy=strategy,
            log=log,
            batch=batch,
            control=control,
            measure=False,
            labels={str(row): str(y[row]) for row in given},
            distinct="off",
            seed=seed,
        )

    campaign, hits, relevant = opened(batch), [], int(y.sum()) - 1
    while sum(hits) < relevant:
        if batch == 1 and sum(hits) >= 0.95 * relevant:
            batch = 10
            campaign = opened(batch)
        tasks = campaign.ask(batch)
        found = [int(y[int(task.item_id)]) for task in tasks]
        campaign.tell_many(
            {"task": task, "value": str(label)} for task, label in zip(tasks, found, strict=True)
        )
        hits += found
        campaign.step()
    whole = {"records": len(y) - len(given), "relevant": relevant}
    return {
        "set": name,
        "policy": policy,
        "seed": seed,
        "read": len(hits),
        "wss95": 100 * work_saved(hits, **whole),
        "rrf10": 100 * recall_at(hits, **whole),
        "atd": 100 * discovery_time(hits, **whole),
    }


def published() -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and standard deviation of each measure, by set and model of the study."""
    found: dict = {}
    path = DATA.parent / "tables" / "screening_ferdinands2020.csv"
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            own = found.setdefault(row["dataset"].removeprefix("screen_"), {})
            cell = (float(row["mean"]), float(row["std"]))
            own.setdefault(row["model"], {})[MEASURES[row["metric"]]] = cell
    return found


def summary(runs: list[dict]) -> dict:
    """Mean, standard deviation and number of seeds, by set and policy."""
    found: dict = {}
    for name in SETS:
        for policy in POLICIES:
            own = [run for run in runs if run["set"] == name and run["policy"] == policy]
            if not own:
                continue
            spent = float(np.mean([run["cpu"] for run in own]))
            cell: dict = {"seeds": len(own), "cpu_s": round(spent, 1)}
            for measure in (*MEASURES.values(), "read"):
                values = [run[measure] for run in own]
                spread = round(float(np.std(values, ddof=1)), 2) if len(own) > 1 else None
                cell[measure] = [round(float(np.mean(values)), 2), spread]
            found.setdefault(name, {})[policy] = cell
    return found


def tables(found: dict) -> dict[str, str]:
    """The tables of the page: sets with published rows, and the others."""
    theirs, rows = published(), {"published": [], "others": []}
    for name, own in found.items():
        lines = rows["published" if name in theirs else "others"]
        for policy, cell in own.items():
            model, said, *_ = POLICIES[policy]
            numbers = [_said(cell[measure]) for measure in MEASURES.values()]
            lines.append([name, said, MODELS[model], str(cell["seeds"]), *numbers])
        best = sorted(theirs.get(name, {}).items(), key=lambda row: -row[1]["wss95"][0])
        for model, cell in best:
            numbers = [_said(cell[measure]) for measure in MEASURES.values()]
            lines.append([name, "*published*", model, "15", *numbers])
    head = ["set", "strategy", "model", "seeds", "WSS@95", "RRF@10", "ATD %"]
    return {name: markdown(head, lines) for name, lines in rows.items()}


def _said(cell) -> str:
    mean, spread = cell
    return f"{mean:.1f}" if spread is None else f"{mean:.1f} ± {spread:.1f}"


def main() -> None:
    options = cell_options(__doc__, seeds=15, sets=SETS, policies=POLICIES)
    cells = {
        f"{name}|{policy}|{seed}": (name, policy, seed)
        for seed in range(options.seeds)
        for policy in options.policies
        for name in options.sets
    }
    runs = run_missing(cells, replay, RUNS, jobs=options.jobs, minutes=options.minutes)
    found = summary(list(runs.values()))
    made = {
        "command": "python benchmarks/screening.py",
        "made_with": {n: version(n) for n in ("querist", "numpy", "scikit-learn")},
        "machine": platform.machine(),
        "found": found,
        "runs": sorted(runs.values(), key=lambda r: (r["set"], r["policy"], r["seed"])),
    }
    RESULTS.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    put_tables(PAGE, tables(found))


if __name__ == "__main__":
    main()
