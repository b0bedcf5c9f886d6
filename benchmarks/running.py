"""Cells of a benchmark in several processes: each kept as it ends, none done twice."""

from __future__ import annotations

import argparse
import os
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from querist.simulation.shelf import Shelf


def cell_options(about: str, *, seeds: int, **kinds: Iterable[str]) -> argparse.Namespace:
    """What the command line says of a grid: which of each kind, how many seeds, how long."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=seeds)
    for name, known in kinds.items():
        parser.add_argument(f"--{name}", nargs="+", choices=known, default=tuple(known))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after")
    parser.add_argument("--report", action="store_true", help="begin none, only write the page")
    options = parser.parse_args()
    options.minutes = 0 if options.report else options.minutes
    return options


def run_missing(
    cells: Mapping[str, tuple],
    run: Callable[..., dict[str, Any]],
    kept: Path,
    *,
    jobs: int,
    minutes: float = float("inf"),
) -> dict[str, dict[str, Any]]:
    """Run the cells that are not kept yet, in order; none begins after `minutes`.

    Returns what is kept of the cells asked for. A cell that fails is told, and ends the command
    with an error once the others are done.
    """
    shelf = Shelf(kept)
    there = shelf.read()
    missing = {key: cell for key, cell in cells.items() if key not in there}
    stop_at(run_all(missing, run, shelf.put, jobs=jobs, minutes=minutes))
    return {key: run for key, run in shelf.read().items() if key in cells}


def stop_at(failed: list[str]) -> None:
    """End the command with an error where cells failed."""
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(failed)}")


def run_all(
    cells: Mapping[str, tuple],
    run: Callable[..., dict[str, Any]],
    keep: Callable[[str, dict[str, Any]], object],
    *,
    jobs: int,
    minutes: float = float("inf"),
) -> list[str]:
    """Run cells in processes of their own, `keep` each as it ends; the keys of those that failed.

    They begin in order, none after `minutes`; what comes back has its CPU seconds as "cpu".
    """
    failed, done, began = [], 0, time.time()
    waiting = list(reversed(cells))
    # read by BLAS as it is loaded, which a spawned process does anew
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {}
        while True:
            while waiting and len(running) < jobs and time.time() < began + 60 * minutes:
                key = waiting.pop()
                running[pool.submit(_timed, run, cells[key])] = key
            if not running:
                return failed
            job = next(as_completed(running))
            key, done = running.pop(job), done + 1
            try:
                found = job.result()
                keep(key, found)
                said = f"{found['cpu']:.1f} CPU s"
            except Exception:
                failed.append(key)
                said = traceback.format_exc()
            left = (time.time() - began) / done * (len(waiting) + len(running)) / 60
            print(f"{done}/{len(cells)} {key}: {said}; {left:.0f} min left", flush=True)


def _timed(run: Callable[..., dict[str, Any]], arguments: tuple) -> dict[str, Any]:
    began = time.process_time()
    return run(*arguments) | {"cpu": round(time.process_time() - began, 2)}


def put_tables(page: Path, tables: Mapping[str, str]) -> None:
    """Write tables between the marks `<!-- table NAME -->` and `<!-- end -->` of a page."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        start = f"<!-- table {name} -->\n"
        if start not in text:
            raise SystemExit(f"{page} has no place for the table {name}: add {start.strip()}")
        head, rest = text.split(start)
        _, tail = rest.split("<!-- end -->", 1)
        text = f"{head}{start}\n{table}\n\n<!-- end -->{tail}"
    page.write_text(text, encoding="utf-8")


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table of a page."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
