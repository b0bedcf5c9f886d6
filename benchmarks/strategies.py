"""What strategies cost: CPU seconds and peak memory, beside a stated limit and a peer, in one run.

    python benchmarks/strategies.py [NAME ...]

A case is a function under `@case`: it builds its data once and returns what is to be run, as a
`Case`. Ours and the limit take the best of three runs, a peer a single one (`portion`: a run of
fewer picks, carried on by its own cost per pick). Memory is what numpy and Python allocate above
the data (tracemalloc), in a run of its own. One thread each: set OMP_NUM_THREADS=1.
Cases run are merged into benchmarks/results/strategies.json; the others in it stay.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

import querist as q
from querist import strategies as s

RESULTS = Path(__file__).parent / "results" / "strategies.json"
CASES: dict[str, Callable[[], Case]] = {}


@dataclass(frozen=True)
class Case:
    """One strategy at one size; `bars` are the least ratios wanted of "limit" and "peer"."""

    size: str
    ours: Callable[[], np.ndarray]
    limit: Callable[[], object] | None = None
    peer: Callable[[int], object] | None = None  # of a batch size
    batch: int = 100
    portion: tuple[int, int] | None = None  # peer's batches the whole is carried on from
    same: Callable[[], np.ndarray] | None = None  # whose picks must be ours
    bars: tuple[tuple[str, float], ...] = ()
    note: str = ""


def case(build):
    """Register a case under the name of its function."""
    CASES[build.__name__] = build
    return build


def cpu(run, times=3):
    spent = []
    for _ in range(times):
        begun = time.process_time()
        run()
        spent.append(time.process_time() - begun)
    return min(spent)


def peak(run):
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(most / 1e6, 1)


def measured(built):
    found = {"size": built.size, "batch": built.batch}
    ours = cpu(built.ours)
    found |= {"cpu_s": round(ours, 4), "peak_mb": peak(built.ours)}
    if built.limit is not None:
        limit = cpu(built.limit)
        found |= {"limit_cpu_s": round(limit, 4), "times_limit": round(limit / ours, 2)}
    if built.peer is not None:
        if built.portion is None:
            whole = cpu(lambda: built.peer(built.batch), times=1)
        else:
            few, more = built.portion
            built.peer(few)  # the first run also pays for fresh memory
            first, second = (cpu(lambda b=b: built.peer(b), times=1) for b in (few, more))
            whole = first + (second - first) / (more - few) * (built.batch - few)
            found["peer_measured_at"] = [few, more]
        least = built.batch if built.portion is None else built.portion[0]
        found |= {"peer_cpu_s": round(whole, 3), "times_peer": round(whole / ours, 1)}
        found["peer_peak_mb"] = peak(lambda: built.peer(least))
    if built.same is not None:
        found["same_picks"] = built.ours().tolist() == built.same().tolist()
    values = {"limit": found.get("times_limit"), "peer": found.get("times_peer")}
    found["bars"] = {
        name: {"wanted": least, "holds": values[name] is not None and values[name] >= least}
        for name, least in built.bars
    }
    return found | ({"note": built.note} if built.note else {})


def normal(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def unlabelled(n):
    return np.full(n, np.nan)


class Fixed:
    """A classifier that says what it was given: the peer's own fitting is not what is timed."""

    def __new__(cls, proba):
        from skactiveml.base import SkactivemlClassifier

        class Says(SkactivemlClassifier):
            def fit(self, X, y, sample_weight=None):
                return self

            def predict_proba(self, X):
                return proba

        return Says(classes=list(range(proba.shape[1])))


@case
def badge():
    X, proba = normal(20_000, 128), np.random.default_rng(1).dirichlet(np.ones(10), size=20_000)
    signals = q.Signals(vectors=X, proba=proba)

    def fold():
        """100 centres folded into the distances, 32 at a time: the arithmetic alone."""
        a = proba.copy()
        a[np.arange(len(a)), a.argmax(axis=1)] -= 1.0
        norms = (a**2).sum(axis=1) * (X**2).sum(axis=1)
        left = np.full(len(X), np.inf)
        for start in range(0, 100, 32):
            centres = slice(start, min(100, start + 32))
            for at in range(0, len(X), 2048):
                part = slice(at, at + 2048)
                table = X[centres] @ X[part].T
                table *= a[centres] @ a[part].T
                table *= -2.0
                table += norms[part]
                table += norms[centres][:, None]
                np.minimum(left[part], table.min(axis=0), out=left[part])

    from skactiveml.pool import Badge

    def peer(batch):
        strategy = Badge(random_state=0)
        strategy.query(X, unlabelled(len(X)), Fixed(proba), fit_clf=False, batch_size=batch)

    return Case(
        "20,000 x 128, 10 classes",
        lambda: s.BADGE().select(signals, 100, 0),
        fold,
        peer,
        bars=(("limit", 1 / 1.5), ("peer", 100)),
        note="limit: folding 100 centres, factored and blocked, without any drawing",
    )


def herding(X, radius, size):
    signals = q.Signals(vectors=X)

    from skactiveml.pool import MaxHerding

    def peer(batch):
        options = {"metric": "rbf", "metric_dict": {"gamma": radius**-2}, "random_state": 0}
        MaxHerding(**options).query(X, unlabelled(len(X)), batch_size=batch)

    return Case(
        size,
        lambda: s.MaxHerding(radius).select(signals, 100, 0),
        peer=peer,
        portion=(2, 12),
        bars=(("peer", 60),),
    )


@case
def max_herding():
    return herding(normal(10_000, 64), 1.0, "10,000 x 64, normal, radius 1")


@case
def max_herding_clustered():
    return herding(clusters(10_000, 64, 50), 1.0, "10,000 x 64, 50 clusters, radius 1")


@case
def prob_cover():
    X, radius = normal(10_000, 64), 9.0
    signals = q.Signals(vectors=X)

    from skactiveml.pool import ProbCover

    def peer(batch):
        strategy = ProbCover(n_classes=10, deltas=[radius], random_state=0)
        with warnings.catch_warnings():  # it says that a single radius has no purity
            warnings.simplefilter("ignore", UserWarning)
            strategy.query(X, unlabelled(len(X)), batch_size=batch)

    return Case(
        "10,000 x 64, radius given",
        lambda: s.ProbCover(radius, unit=False).select(signals, 100, 0),
        peer=peer,
        bars=(("peer", 20),),
    )


@case
def typi_clust():
    X = normal(10_000, 64)
    signals = q.Signals(vectors=X)

    from skactiveml.pool import TypiClust

    def peer(batch):
        TypiClust(random_state=0).query(X, unlabelled(len(X)), batch_size=batch)

    return Case("10,000 x 64", lambda: s.TypiClust().select(signals, 100, 0), peer=peer)


@case
def uncertainty_herding():
    X, proba = normal(10_000, 64), np.random.default_rng(1).dirichlet(np.ones(10), size=10_000)
    known = q.Labelled(normal(200, 64, 2), np.arange(200) % 10, tuple("abcdefghij"))
    signals = q.Signals(vectors=X, proba=proba, labelled=known)
    run = s.UncertaintyHerding()
    return Case("10,000 x 64, 200 labelled", lambda: run.select(signals, 100, 0))


def clusters(n, d, k):
    rng = np.random.default_rng(3)
    return rng.normal(size=(k, d))[rng.integers(0, k, size=n)] + 0.5 * rng.normal(size=(n, d))


def farthest(X, size):
    signals = q.Signals(vectors=X)

    def incremental():
        """Farthest-first with one matrix-vector product per pick."""
        norms = np.einsum("ij,ij->i", X, X)
        mean = X.mean(axis=0)
        picked = [int(np.argmin(norms - 2 * (X @ mean)))]
        left = np.full(len(X), np.inf)
        while len(picked) < 100:
            last = picked[-1]
            np.minimum(left, norms + norms[last] - 2 * (X @ X[last]), out=left)
            left[last] = -1.0
            picked.append(int(np.argmax(left)))
        return np.array(picked)

    return Case(
        size,
        lambda: s.KCenter().select(signals, 100, 0),
        incremental,
        same=incremental,
        bars=(("limit", 3),),
        note="limit: incremental, one matrix-vector product per pick",
    )


@case
def kcenter():
    return farthest(normal(100_000, 128), "100,000 x 128, normal")


@case
def kcenter_clustered():
    return farthest(clusters(100_000, 128, 200), "100,000 x 128, 200 clusters")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    names = parser.parse_args().names or list(CASES)
    before = json.loads(RESULTS.read_text())["cases"] if RESULTS.exists() else {}
    found = {}
    for name in names:
        found[name] = measured(CASES[name]())
        print(name, json.dumps(found[name]), flush=True)
    told = {
        "command": "OMP_NUM_THREADS=1 python benchmarks/strategies.py",
        "versions": {p: version(p) for p in ("querist", "numpy", "scikit-activeml")},
        "python": platform.python_version(),
        "cases": dict(sorted((before | found).items())),
    }
    RESULTS.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
