"""What strategies cost: CPU seconds and peak memory, beside a stated limit and a peer, in one run.

    python benchmarks/strategies.py [NAME ...]

Cases come from the files `cases_*.py` beside this one: each has `cases()`, a function that builds
a `Case` (see measuring.py) under each name. Every case runs in a fresh process with one thread;
what takes longer or more memory than allowed is reported so. `rss_mb` is how far the resident set
rose above the data, `peak_mb` what numpy and Python held of it. A NAME also stands for its sizes:
`entropy` for `entropy@20k`. Cases run are merged into benchmarks/results/strategies.json, and
`--table` writes docs/reference/speed.md from it. Peers that need an environment of their own are
run by `--peer-python` (peer_queries.py says how to make it), else skipped.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cases_peers
from measuring import LIMIT_BYTES, Case, measured
from speed_page import PAGE, page

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "strategies.json"
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}


class Broken(Exception):
    """A case that did not end for a reason that is no finding."""


def known() -> dict[str, Callable[[], Case]]:
    """Every case by name, of all the files beside this one."""
    found: dict[str, Callable[[], Case]] = {}
    for path in sorted(HERE.glob("cases_*.py")):
        given = importlib.import_module(path.stem).cases()
        if twice := set(found) & set(given):
            raise SystemExit(f"{path.name}: other files have cases called {sorted(twice)}")
        found |= given
    return found


def chosen(asked, cases):
    """The names of the cases asked for, each also standing for its sizes; all by default."""
    if not asked:
        return list(cases)
    names = [name for name in cases if name in asked or name.split("@")[0] in asked]
    strange = [
        name for name in asked if not any(n.split("@")[0] == name or n == name for n in names)
    ]
    if strange:
        raise SystemExit(f"no case is called {', '.join(strange)}; known: {', '.join(cases)}")
    return names


def run_here(name):
    """Measure one case in this process, and tell each part on a line."""
    for part in measured(known()[name]()):
        print(json.dumps(part), flush=True)


def run_apart(name):
    """Measure one case in a fresh process, and gather what it tells."""
    command = [sys.executable, __file__, "--here", name]
    done = subprocess.run(
        command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False
    )
    found: dict = {}
    for line in done.stdout.splitlines():
        part = json.loads(line)
        others = found.get("others", {}) | part.get("others", {})
        found |= part | ({"others": others} if others else {})
    if done.returncode:
        found["peer_stopped" if "cpu_s" in found else "stopped"] = reason(done, found)
    del found["allowed_s"]
    return with_bars(tidy(found))


def reason(done, found):
    """Why a process did not end: its limits are findings, anything else is a fault of ours."""
    if done.returncode == -signal.SIGXCPU:
        return f"more than {found['allowed_s']} CPU s"
    if "MemoryError" in done.stderr:
        return f"asked for more than {LIMIT_BYTES >> 30} GB"
    raise Broken(done.stderr or f"ended with {done.returncode}")


def tidy(part):
    """Three figures of every number, so that a new run changes few lines."""
    if isinstance(part, dict):
        return {name: tidy(value) for name, value in part.items()}
    return float(f"{part:.3g}") if isinstance(part, float) else part


def with_bars(found):
    times = [told["times"] for told in found.get("others", {}).values() if "times" in told]
    times += [found["times_peer"]] if "times_peer" in found else []
    values = {"limit": found.get("times_limit"), "peer": min(times, default=None)}
    found["bars"] = {
        name: {"wanted": least, "holds": values[name] is not None and values[name] >= least}
        for name, least in tidy(found.pop("wanted")).items()
    }
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="cases to run; all by default")
    parser.add_argument("--here", metavar="NAME", help="measure this one in this very process")
    parser.add_argument("--peer-python", help="runs the peers that need their own environment")
    parser.add_argument("--table", action="store_true", help="write docs/reference/speed.md")
    parser.add_argument("--list", action="store_true", help="print the names of the cases")
    given = parser.parse_args()
    if given.here:
        run_here(given.here)
        return
    if given.table:
        PAGE.write_text(page(json.loads(RESULTS.read_text())), encoding="utf-8")
        return
    if given.peer_python:
        os.environ[cases_peers.PEER_PYTHON] = given.peer_python
    cases = known()
    if given.list:
        print("\n".join(cases))
        return
    broken = []
    for name in chosen(given.names, cases):
        try:
            found = run_apart(name)
        except Broken as fault:
            broken.append(name)
            print(f"{name}: {fault}", file=sys.stderr, flush=True)
            continue
        print(name, json.dumps(found), flush=True)
        keep(name, found)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.0f} CPU s in all", file=sys.stderr)
    if broken:
        raise SystemExit(f"{len(broken)} cases broke: {', '.join(broken)}")


def keep(name, found):
    """Put one case among the results; the others stay."""
    before = json.loads(RESULTS.read_text())["cases"] if RESULTS.exists() else {}
    told = {
        "command": "python benchmarks/strategies.py",
        "versions": {p: version(p) for p in ("querist", "numpy", "scipy", "scikit-activeml")},
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "cases": dict(sorted((before | {name: found}).items())),
    }
    fresh = RESULTS.with_suffix(".new")  # put in place whole, as a run may be ended at any time
    fresh.write_text(json.dumps(told, indent=1) + "\n")
    fresh.replace(RESULTS)


if __name__ == "__main__":
    main()
