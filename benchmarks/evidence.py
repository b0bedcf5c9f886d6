"""The whole evidence, one command: every claim of docs/evidence that needs no server.

    python benchmarks/evidence.py --quick   # 3 seeds, no set of minutes a run: 69 minutes, 2 cores
    python benchmarks/evidence.py           # as published, 20 seeds and more: about a day, by sums
    python benchmarks/evidence.py --list    # the commands, none run

Each step is a command of its own with the page it writes; what it has kept in build/ is not run
again, so after a kill the same command goes on. A step that fails is told at the end, the others
run. The pages then hold the seeds of this run: where the committed ones hold more, keep those.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIGHT = "optdigits waveform pageblocks spambase sms vehicle reg_ ml_ subj/tfidf/lr/1000 rf/1000"
STEPS = {  # script: arguments of the quick profile, of the full one
    "auto_evidence": ("--quick", ""),
    "auto_sweeps": (f"--all --seeds 3 --cells {LIGHT}", "--all --seeds 20"),
    "screening": ("--seeds 1 --sets ace nudging", ""),
    "lu2023": ("--seeds 5 --sets heart sonar ionosphere", "--seeds 150"),
    "bandit": ("--seeds 3", ""),
    "strategy_claims": ("--seeds 3", ""),
    "arms": ("--campaigns 20", ""),
    "large_pool": ("", ""),
}
PARALLEL = ("auto_evidence", "auto_sweeps", "screening", "lu2023")


def commands(*, quick: bool, jobs: int) -> dict[str, list[str]]:
    """Arguments of each step by its script."""
    found = {}
    for script, profiles in STEPS.items():
        chosen = profiles[0] if quick else profiles[1]
        many = ["--jobs", str(jobs)] if script in PARALLEL else []
        found[script] = [str(HERE / f"{script}.py"), *chosen.split(), *many]
    return found


def cpu() -> float:
    """CPU seconds of all children that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="under 90 minutes on two cores")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="print the commands")
    options = parser.parse_args()
    failed = []
    for script, arguments in commands(quick=options.quick, jobs=options.jobs).items():
        print(
            "$ python", *[one.replace(f"{HERE}/", "benchmarks/") for one in arguments], flush=True
        )
        if options.list:
            continue
        began, used = time.time(), cpu()
        if subprocess.run([sys.executable, *arguments]).returncode:
            failed.append(script)
        minutes = (time.time() - began) / 60
        print(f"{script}: {minutes:.1f} minutes, {cpu() - used:,.0f} CPU seconds", flush=True)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
