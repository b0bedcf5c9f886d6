"""Does the default recipe save labels? Name no strategy, and compare with random.

    python benchmarks/default_recipe.py            # about 3 minutes on two cores
    python benchmarks/default_recipe.py --seeds 3  # a quick look

TREC-6 (questions, official test part, default text model) and optdigits (8 x 8 digits, a seeded
30 % as test, default model), ten seeds each, no control slice. For each: labels `auto` needs to
reach what random has at 1,000 labels, with paired bootstrap intervals over seeds and Wilcoxon's
signed-rank test on the labels saved. Writes benchmarks/results/default_recipe.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import stats
from sklearn.model_selection import train_test_split

import querist as q
from querist.metrics import paired

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared" / "data" / "sets"
BUDGET = 1000


def trec6(seed):
    """All published training questions; the official test part."""
    table = pq.read_table(DATA / "trec6" / "data.parquet").to_pydict()
    part = {
        name: [i for i, split in enumerate(table["split"]) if split == name]
        for name in ("train", "test")
    }
    texts, labels = table["text"], table["label"]
    return tuple([column[i] for i in part[n]] for n in part for column in (texts, labels))


def optdigits(seed):
    """70 % to ask, a seeded 30 % to test on."""
    with np.load(DATA / "uci_optdigits" / "data.npz") as arrays:
        X, y = arrays["X"].astype(float), arrays["y"]
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.3, random_state=seed, stratify=y)
    return X, y, X_test, y_test


SETS = {"trec6": (trec6, 100), "optdigits": (optdigits, 50)}


def curves_of(name, seeds, jobs):
    """Scores (seeds, rounds) of auto and random over the labels."""
    load, batch = SETS[name]
    scores = {"auto": [], "random": []}
    for seed in range(seeds):
        X, y, X_test, y_test = load(seed)
        found = q.compare(
            X,
            y,
            model=None,
            strategies=["auto"],
            seeds=[seed],
            n_jobs=jobs,
            X_test=X_test,
            y_test=y_test,
            start=batch,
            batch=batch,
            budget=BUDGET,
        )
        for strategy in scores:
            labels, rows = found.matrix(strategy)
            scores[strategy].append(rows[0])
        print(
            f"  {name} seed {seed}: auto {scores['auto'][-1][-1]:.4f}, "
            f"random {scores['random'][-1][-1]:.4f}",
            flush=True,
        )
    return labels, np.array(scores["auto"]), np.array(scores["random"])


def judged(labels, auto, random):
    """The numbers of one data set."""
    goal = float(random[:, -1].mean())
    needed = [paired.labels_to(labels, row, goal) for row in auto]
    saving = paired.saved(labels, auto, random)
    gain = paired.paired_bootstrap(paired.aubc(labels, auto), paired.aubc(labels, random))
    p = float(stats.wilcoxon(saving.per_seed, alternative="greater").pvalue)
    return {
        "labels": labels.tolist(),
        "auto": auto.mean(axis=0).round(4).tolist(),
        "random": random.mean(axis=0).round(4).tolist(),
        "accuracy_of_random_at_1000": round(goal, 4),
        "accuracy_of_auto_at_1000": round(float(auto[:, -1].mean()), 4),
        "labels_auto_needs": [None if np.isnan(n) else round(n, 1) for n in needed],
        "share_saved": vars(saving.share),
        "labels_saved": vars(saving.labels),
        "seeds_that_never_got_there": saving.never,
        "wilcoxon_p": p,
        "mean_height_gained": vars(gain),
        "saves_labels": bool(saving.proven and p < 0.05),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    options = parser.parse_args()
    begun = time.perf_counter()
    found = {name: judged(*curves_of(name, options.seeds, options.jobs)) for name in options.sets}
    for name, numbers in found.items():
        share = numbers["share_saved"]
        print(
            f"{name}: random has {numbers['accuracy_of_random_at_1000']:.3f} at {BUDGET} labels; "
            f"auto saves {share['value']:.0%} [{share['low']:.0%}, {share['high']:.0%}] of the "
            f"labels, Wilcoxon p {numbers['wilcoxon_p']:.4f}: "
            + ("a saving" if numbers["saves_labels"] else "no saving shown")
        )
    report = {
        "command": "python benchmarks/default_recipe.py",
        "seeds": options.seeds,
        "budget": BUDGET,
        "batch": {name: SETS[name][1] for name in options.sets},
        "seconds": round(time.perf_counter() - begun, 1),
        "versions": {name: version(name) for name in ("querist", "numpy", "scikit-learn")},
        "python": platform.python_version(),
        "sets": found,
    }
    path = HERE / "results" / "default_recipe.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    print(f"written to {path.relative_to(HERE.parent)} after {report['seconds']:.0f} s")


if __name__ == "__main__":
    main()
