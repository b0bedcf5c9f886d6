"""What is said of the loop and of `auto`, put to real data: one claim, one command.

    python benchmarks/auto_sweeps.py batch_small            # one claim, ten seeds
    python benchmarks/auto_sweeps.py --all --seeds 20 --jobs 16
    python benchmarks/auto_sweeps.py --report               # only the tables, from the JSON

A run is one cell (a set with a model) and one seed of a claim; all its arms share the split. A
finished run is a line of build/auto_sweeps/runs.jsonl: after a kill the same command goes on (after
a change to querist that file has to go first).
Comparator: the mean of three random runs; `null` is a fourth. Differences are paired over seeds,
intervals are 95 %. Writes benchmarks/results/auto_sweeps.json, and from it the tables of
docs/evidence/sweeps.md.
"""

from __future__ import annotations

import argparse
import json
import warnings
from importlib.metadata import version
from pathlib import Path

import auto_sweeps_loop
import auto_sweeps_pools  # both register their claims
from auto_sweeps_runs import CLAIMS
from auto_sweeps_tables import rows_of, tables
from querist.simulation.shelf import Shelf
from running import put_tables, run_all

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "build" / "auto_sweeps" / "runs.jsonl"
RESULTS = ROOT / "benchmarks" / "results" / "auto_sweeps.json"
PAGE = ROOT / "docs" / "evidence" / "sweeps.md"
HOMES = (auto_sweeps_loop, auto_sweeps_pools)


def key(name: str, cell: str, seed: int) -> str:
    """Name of a run on the shelf."""
    return f"{name}|{cell}|{seed}"


def run(name: str, cell: str, seed: int) -> dict:
    """All arms of a cell."""
    warnings.simplefilter("ignore")
    return {"arms": CLAIMS[name].run(cell, seed)}


def reported(report: dict, names: list[str], seeds: int) -> dict:
    """The report with the finished runs of these claims put in."""
    there = Shelf(RUNS).read()
    for name in names:
        own = CLAIMS[name]
        found = {
            cell: [there.get(key(name, cell, seed)) for seed in range(seeds)] for cell in own.cells
        }
        found = {cell: [one for one in runs if one] for cell, runs in found.items()}
        kept = {
            cell: [one["arms"] for one in runs] for cell, runs in found.items() if len(runs) > 2
        }
        if kept:
            cpu = sum(one["cpu"] for runs in found.values() for one in runs)
            report["claims"][name] = {
                "claim": own.run.__doc__,
                "command": f"python benchmarks/auto_sweeps.py {name} --seeds {seeds}",
                "cpu_seconds": round(cpu),
                "rows": rows_of(own, kept),
            }
    packages = ("querist", "numpy", "scipy", "scikit-learn")
    report["versions"] = {package: version(package) for package in packages}
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Claims: " + ", ".join(CLAIMS)
    )
    parser.add_argument("claims", nargs="*", metavar="CLAIM", help="none: with --all, every one")
    parser.add_argument("--all", action="store_true", help="every claim")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument(
        "--cells", nargs="+", default=[""], help="only those that hold one of these"
    )
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after")
    parser.add_argument("--report", action="store_true", help="only the tables, from the JSON")
    options = parser.parse_args()
    names = list(CLAIMS) if options.all else options.claims
    if unknown := [name for name in names if name not in CLAIMS]:
        parser.error(f"no claim is called {unknown[0]!r}; there are: {', '.join(CLAIMS)}")
    if not names and not options.report:
        parser.error("name a claim, or give --all")
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"claims": {}}
    if not options.report:
        shelf = Shelf(RUNS)
        there = shelf.read()
        todo = {
            key(name, cell, seed): (name, cell, seed)
            for seed in range(options.seeds)  # seed by seed, so that a kill leaves all cells
            for name in names
            for cell in CLAIMS[name].cells
            if any(part in cell for part in options.cells) and key(name, cell, seed) not in there
        }
        failed = run_all(todo, run, shelf.put, jobs=options.jobs, minutes=options.minutes)
        if failed:
            print(f"{len(failed)} runs failed: {', '.join(failed)}")
        report = reported(report, names, options.seeds)
        RESULTS.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        print(f"written to {RESULTS.relative_to(ROOT)}")
    if PAGE.exists():
        put_tables(PAGE, tables(report))


if __name__ == "__main__":
    main()
