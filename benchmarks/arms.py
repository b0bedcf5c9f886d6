"""How often does the check of the control slice accuse wrongly, and how often does it find a loser?

    python benchmarks/arms.py                 # some ten minutes on a core of its own
    python benchmarks/arms.py --campaigns 20  # a quick look

Whole campaigns with the default control slice, 1,000 labels in batches of 100, on optical digits
(scikit-learn's 1,797, logistic regression) and on drawn tables (3,000 rows, four classes, a tenth
of the labels wrong, naive Bayes; a new table for each campaign). In the strategy's place:

    random      picks by chance, so that every lost check is a false alarm
    surest      asks the items the model is surest of, of its commonest class
    corner      asks what lies nearest to one corner of the pool
    auto        the default

It counts the looks, those that were lost, the campaigns where one was, those where another strategy
stood in, and those where it still did at the end. `--growth 1` looks after every round. Writes
benchmarks/results/arms.json after each case; cases that are not run again stay in it.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib.metadata import version
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

import querist as q
from querist.loop import arms
from querist.strategies import Auto, Strategy
from querist.strategies.base import Rng

HERE = Path(__file__).parent
BUDGET, BATCH = 1000, 100
STAND_IN = Auto.fallback


class Sham(Strategy):
    """Random picks under another name: a strategy that neither gains nor loses."""

    fallback = STAND_IN

    def _pick(self, signals: q.Signals, n: int, rng: Rng) -> q.Picks:
        return self.picks(rng.choice(len(signals), n, replace=False))


class Surest(Strategy):
    """What the model is surest of: one class over and over."""

    needs = frozenset({"proba"})
    fallback = STAND_IN

    def _pick(self, signals: q.Signals, n: int, rng: Rng) -> q.Picks:
        assert signals.proba is not None
        common = signals.proba.sum(axis=0).argmax()
        return self.picks(np.argsort(-signals.proba[:, common], kind="stable")[:n])


class Corner(Strategy):
    """What lies nearest to one corner of the pool, and nothing else."""

    needs = frozenset({"vectors"})
    fallback = STAND_IN

    def _pick(self, signals: q.Signals, n: int, rng: Rng) -> q.Picks:
        assert signals.vectors is not None
        return self.picks(np.argsort(signals.vectors @ np.ones(signals.vectors.shape[1]))[:n])


STRATEGIES: dict[str, type[Strategy]] = {
    "random": Sham,
    "surest": Surest,
    "corner": Corner,
    "auto": Auto,
}


def digits(seed: int) -> tuple[Any, Any, Any]:
    """scikit-learn's digits; the seed draws the rest of the campaign."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y, LogisticRegression(max_iter=500)


def drawn(seed: int) -> tuple[Any, Any, Any]:
    """A new table for each seed, with a tenth of the labels wrong."""
    X, y = make_classification(
        3000, 20, n_informative=8, n_classes=4, flip_y=0.1, class_sep=1.2, random_state=seed
    )
    return X, y, GaussianNB()


SETS = {"drawn": drawn, "digits": digits}


def one(name: str, strategy: str, seed: int, holdout: int) -> dict[str, Any]:
    """The checks of one campaign, and who picked in the end."""
    X, y, model = SETS[name](seed)
    ids = [str(k) for k in range(len(X))]
    live = q.campaign(
        X,
        q.Choice([str(c) for c in np.unique(y)]),
        model=model,
        id=ids,
        strategy=STRATEGIES[strategy](),
        batch=BATCH,
        budget=BUDGET + holdout,
        holdout=holdout,
        seed=seed,
        measure=False,
        distinct="batch",
    )
    rounds = live.run(lambda task: str(y[int(task.item_id)]))
    looks = [turn for turn in rounds if turn.check is not None]
    fell = [turn.labels for turn in rounds if turn.fallback]
    return {
        "looks": len(looks),
        "lost": sum(turn.check.lost for turn in looks),
        "first": fell[0] if fell else None,
        "ends_back": bool(rounds[-1].fallback),
        "gaps": [round(turn.check.gap.value, 4) for turn in looks],
    }


def told(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the campaigns of one case add up to."""
    fell = [run["first"] for run in runs if run["first"] is not None]
    looks = sum(run["looks"] for run in runs)
    return {
        "campaigns": len(runs),
        "looks": looks,
        "looks_lost": sum(run["lost"] for run in runs),
        "campaigns_with_a_lost_look": sum(run["lost"] > 0 for run in runs),
        "campaigns_that_fell_back": len(fell),
        "labels_when_they_did": None if not fell else float(np.median(fell)),
        "campaigns_fallen_back_at_the_end": sum(run["ends_back"] for run in runs),
        "mean_gap_of_the_last_look": round(float(np.mean([r["gaps"][-1] for r in runs])), 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--campaigns", type=int, default=160, help="of random on drawn tables")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--holdouts", nargs="+", type=int, default=[0, 300])
    parser.add_argument("--growth", type=float, default=arms.GROWTH)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    arms.GROWTH = options.growth
    out, begun = HERE / "results" / "arms.json", time.perf_counter()
    found = json.loads(out.read_text(encoding="utf-8"))["cases"] if out.exists() else {}
    for name, strategy, holdout in product(options.sets, options.strategies, options.holdouts):
        n = options.campaigns if strategy == "random" else options.campaigns // 4
        n = max(1, n // 4) if name == "digits" else n
        case = f"{name}, {strategy}, " + (f"holdout {holdout}" if holdout else "no holdout")
        runs = [one(name, strategy, seed, holdout) for seed in range(n)]
        call = f"--campaigns {options.campaigns} --sets {name} --strategies {strategy}"
        call += f" --holdouts {holdout} --growth {options.growth:g}"
        found[case] = {"command": f"python benchmarks/arms.py {call}", **told(runs)}
        print(f"{time.perf_counter() - begun:.0f} s {case}: {found[case]}", flush=True)
        if not options.no_write:  # after each case: what was measured is kept
            write(out, found)


def write(out: Path, found: dict[str, Any]) -> None:
    """The record of all cases so far."""
    record = {
        "command": "python benchmarks/arms.py",
        "versions": {p: version(p) for p in ("querist", "numpy", "scipy", "scikit-learn")},
        "python": platform.python_version(),
        "cases": found,
    }
    out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
