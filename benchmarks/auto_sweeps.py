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
import os
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import auto_sweeps_loop
import auto_sweeps_pools  # both register their claims
from auto_sweeps_runs import CLAIMS
from auto_sweeps_tables import rows_of, tables
from querist.simulation.shelf import Shelf
from strategy_claims import put_tables

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "build" / "auto_sweeps" / "runs.jsonl"
RESULTS = ROOT / "benchmarks" / "results" / "auto_sweeps.json"
PAGE = ROOT / "docs" / "evidence" / "sweeps.md"
HOMES = (auto_sweeps_loop, auto_sweeps_pools)


def key(name: str, cell: str, seed: int) -> str:
    """Name of a run on the shelf."""
    return f"{name}|{cell}|{seed}"


def run(name: str, cell: str, seed: int, until: float) -> dict | None:
    """All arms of a cell, and the CPU seconds they took; nothing is begun after `until`."""
    if time.time() > until:
        return None
    warnings.simplefilter("ignore")
    began = time.process_time()
    arms = CLAIMS[name].run(cell, seed)
    return {"arms": arms, "cpu": round(time.process_time() - began, 2)}


def run_all(todo: list[tuple[str, str, int]], jobs: int, until: float) -> None:
    """Run what is missing, each run written as it ends."""
    shelf, began, failed = Shelf(RUNS), time.time(), []
    # read by BLAS as it is loaded, which a spawned process does anew
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(run, *one, until): one for one in todo}
        for done, job in enumerate(as_completed(waiting), 1):
            try:
                kept = job.result()
                if kept is None:
                    continue
                shelf.put(key(*waiting[job]), kept)
                said = f"{kept['cpu']:.1f} CPU s"
            except Exception:
                failed.append(key(*waiting[job]))
                said = traceback.format_exc()
            left = (time.time() - began) / done * (len(todo) - done) / 60
            print(
                f"{done}/{len(todo)} {key(*waiting[job])}: {said}; {left:.0f} min left", flush=True
            )
    if failed:
        print(f"{len(failed)} runs failed: {', '.join(failed)}")


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
        there = Shelf(RUNS).read()
        todo = [
            (name, cell, seed)
            for seed in range(options.seeds)  # seed by seed, so that a kill leaves all cells
            for name in names
            for cell in CLAIMS[name].cells
            if any(part in cell for part in options.cells) and key(name, cell, seed) not in there
        ]
        run_all(todo, options.jobs, time.time() + 60 * options.minutes)
        report = reported(report, names, options.seeds)
        RESULTS.write_text(json.dumps(report, indent=1, allow_nan=False) + "\n")
        print(f"written to {RESULTS.relative_to(ROOT)}")
    if PAGE.exists():
        put_tables(PAGE, tables(report))


if __name__ == "__main__":
    main()
