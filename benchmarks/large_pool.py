"""`auto` on 200,000 vectors of 384: CPU seconds and memory of a batch of 100.

    python benchmarks/large_pool.py          # about two minutes of one core

Embeddings (rows of unit norm), plain numbers, and embeddings of which each is there twice, float32,
300 MB; ten classes around centres. A process of its own each: `strategy` picks from signals;
`campaign` turns a live one over a SQLite log, control slice of a tenth, logistic regression. There
`total` is all CPU of `step`, `select` that of the pick alone (near copies kept out), `score` that
of probabilities and signals; the rest is training, measuring and the log. The bars: a batch after
the first round, all its work counted, under 10 CPU seconds, and the whole process under 2 GB at
its peak, the pool included. Refuted by any measurement above. Writes
benchmarks/results/large_pool.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

import querist as q
from querist.loop.scoring import Scorer
from querist.strategies import Auto

RESULTS = Path(__file__).parent / "results" / "large_pool.json"
N, D, K, BATCH, ROUNDS = 200_000, 384, 10, 100, 5
KINDS = ("unit", "plain", "copies")
CPU_S, MEMORY_MB = 10.0, 2000.0


def data(kind: str):
    """Rows around ten centres in float32, made in place, and their classes."""
    rng = np.random.default_rng(0)
    y = rng.integers(K, size=N)
    X = rng.standard_normal((N, D), dtype=np.float32)
    centres = rng.standard_normal((K, D), dtype=np.float32)
    for start in range(0, N, 20_000):
        part = slice(start, start + 20_000)
        X[part] += 0.5 * centres[y[part]]
        if kind != "plain":
            X[part] /= np.linalg.norm(X[part], axis=1, keepdims=True)
    if kind == "copies":
        X[N // 2 :], y[N // 2 :] = X[: N // 2], y[: N // 2]
    return X, y


def peak_mb() -> float:
    """The most memory this process has held."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


class Spent(dict):
    """CPU seconds of methods, by name."""

    @contextmanager
    def clock(self, name):
        begun = time.process_time()
        yield
        self[name] = round(self.get(name, 0.0) + time.process_time() - begun, 3)

    def watch(self, owner, method, name):
        """Time every call of a method."""
        inner = getattr(owner, method)

        def timed(*given, **named):
            with self.clock(name):
                return inner(*given, **named)

        setattr(owner, method, timed)


def strategy(kind: str) -> list[dict]:
    """Picks of `Auto` from nothing, from 100 labels and from 1,000."""
    X, y = data(kind)
    rng, rounds = np.random.default_rng(1), []
    for labels in (0, 100, 1000):
        given: dict = {}
        if labels:
            known = rng.choice(N, labels, replace=False)
            model = LogisticRegression(max_iter=200).fit(X[known], y[known])
            proba = np.concatenate([model.predict_proba(part) for part in np.array_split(X, 20)])
            names = tuple(str(c) for c in range(K))
            given = {"proba": proba, "labelled": q.Labelled(X[known], y[known], names)}
        spent = Spent()
        with spent.clock("select"):
            Auto().select(q.Signals(vectors=X, **given), BATCH, rng)
        rounds.append({"labels": labels, **spent, "peak_mb": peak_mb()})
    return rounds


def campaign(kind: str) -> list[dict]:
    """Rounds of a live campaign; the first opens it and chooses the first batch."""
    X, y = data(kind)
    spent, rounds = Spent(), []
    spent.watch(Scorer, "signals", "score")
    spent.watch(Scorer, "pick_distinct", "select")
    with tempfile.TemporaryDirectory() as folder:
        with spent.clock("total"):
            live = q.campaign(
                X,
                q.Choice([str(c) for c in range(K)]),
                model=LogisticRegression(max_iter=200),
                log=f"sqlite:///{folder}/log.db",
                batch=BATCH,
                pick_limit=600,
            )
        for _ in range(ROUNDS):
            last = live.history.rounds[-1]
            rounds.append({"labels": last.labels, **spent, "peak_mb": peak_mb()})
            spent.clear()
            tasks = live.ask(BATCH)
            rows = live.pool.rows([task.item_id for task in tasks])
            live.tell_many(
                {"task": task, "value": str(y[row])} for task, row in zip(tasks, rows, strict=True)
            )
            with spent.clock("total"):
                live.step()
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--here", nargs=2, metavar=("WHAT", "VECTORS"), help="one, in this process")
    options = parser.parse_args()
    parts = {"strategy": strategy, "campaign": campaign}
    if options.here:
        print(json.dumps(parts[options.here[0]](options.here[1])))
        return
    found = {}
    for what in parts:
        for vectors in KINDS:
            command = [sys.executable, __file__, "--here", what, vectors]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[f"{what}, {vectors}"] = json.loads(done.stdout)
            print(what, vectors, done.stdout.strip(), flush=True)
    later = [r.get("total", r["select"]) for rounds in found.values() for r in rounds[1:]]
    peak = max(r["peak_mb"] for rounds in found.values() for r in rounds)
    made = {
        "command": "python benchmarks/large_pool.py",
        "made_with": {n: version(n) for n in ("querist", "numpy", "scikit-learn")},
        "machine": platform.machine(),
        "pool": f"{N:,} x {D} float32",
        "batch": BATCH,
        "worst_later_round_cpu_s": max(later),
        "worst_first_round_cpu_s": max(r[0].get("total", r[0]["select"]) for r in found.values()),
        "peak_mb": peak,
        "holds": max(later) < CPU_S and peak < MEMORY_MB,
        "found": found,
    }
    RESULTS.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"worst later round {max(later):.2f} CPU s, peak {peak:.0f} MB, holds: {made['holds']}")


if __name__ == "__main__":
    main()
