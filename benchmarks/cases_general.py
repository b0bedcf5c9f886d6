"""Every registered strategy at 20,000 and 100,000 rows; what reads probabilities alone at 10^7.

Rows are of 50 clusters in 128 features; a linear softmax of them gives the probabilities of 10
classes, others like it the 10 draws; 100 rows are labelled. The limit is the work that the
strategy's definition, done plainly, needs of the machine: bytes read, multiply-adds, logarithms
and exponentials, each at the rate this machine shows for it in the same process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

import querist as q
from measuring import Case, rates
from querist import strategies as s

D, K, S, LABELLED, BATCH = 128, 10, 10, 100, 100
SIZES = {"20k": 20_000, "100k": 100_000}
HUGE = 10_000_000
WIDE = ("random", "least_confidence", "margin", "entropy", "certainty", "cost_sensitive", "power")
MANY = frozenset({"marginals", "labelled_marginals"})  # several labels an item
NUMBERS = frozenset({"predicted"})  # regressions
FEW = {"batch_bald": 10}  # batches meant to be small
SEEDS, STEPS, FITTED, REFERENCE = 5, 10, 10_000, 10_000
CLUSTERS = 3 * (FITTED * BATCH * D * (SEEDS + 2 * STEPS))  # a fit of k-means, thrice


@dataclass(frozen=True)
class Work:
    """What a definition needs: passes over tables, and operations by row and in all."""

    reads: tuple[str, ...] = ()
    madds: float = 0
    logs: float = 0  # and exponentials
    fixed: float = 0  # multiply-adds that do not grow with the rows
    fixed_logs: float = 0
    fixed_bytes: float = 0
    said: str = ""

    def seconds(self, signals, n):
        rate = rates()
        tables = [getattr(signals, name) for name in self.reads]
        read = (
            sum(table.nbytes for table in tables) + self.fixed_bytes + 8 * n
        )  # and a score or key for each row
        return (
            read / rate["bytes"]
            + (self.madds * n + self.fixed) / rate["madds"]
            + (self.logs * n + self.fixed_logs) / rate["logs"]
        )


def reading(*names, logs=0, said=""):
    told = " and ".join(names) + " read once"
    return Work(names, logs=logs, said=told + (f", {said}" if said else ""))


FARTHEST = Work(madds=(LABELLED + BATCH) * D, said="(m + b) n d")
CENTRES = Work(madds=BATCH * D, fixed=CLUSTERS, said="b n d, and k-means on 10,000 rows")
PARZEN = REFERENCE * 1000
WORK = {
    "alfa_mix": Work(madds=2 * D * K, fixed=CLUSTERS, said="2 n d k, and k-means"),
    "anchor_al": Work(madds=10 * K * D, said="10 k n d"),
    "auto": Work(("proba",), fixed=3e6 * D, fixed_logs=3e6, said="3 x 10^6 d"),
    "avg_confidence": reading("marginals"),
    "avg_score": reading("marginals"),
    "badge": Work(madds=BATCH * (D + K), said="b n (d + k)"),
    "bald": reading("draws", logs=S * K + K, said="n (s + 1) k logs"),
    "bandit": Work(
        ("proba",),
        REFERENCE * D + BATCH * (D + K),
        REFERENCE,
        said="r n d, r n exp of the herding arm, b n (d + k) of BADGE",
    ),
    "batch_bald": Work(
        ("draws",),
        6.1e4 * S * K,
        6.1e4 * K,
        said="6.1 x 10^4 outcomes of 10 labels: n s k, n k logs",
    ),
    "binary_minimum": reading("marginals"),
    "certainty": reading("proba"),
    "class_balanced": reading("proba"),
    "cluster_margin": Work(("proba",), fixed=(2000 * 1000 + 1000 * 2000) * D, said="4 x 10^6 d"),
    "clue": Work(
        ("proba",), BATCH * D, K, CLUSTERS, said="b n d, n k logs, and k-means on 10,000 rows"
    ),
    "committee_variance": reading("predicted"),
    "contrastive": Work(("proba",), LABELLED * D + 10 * K, K, said="m n d"),
    "cost_sensitive": Work(("proba",), K * K, said="n k^2"),
    "density": Work(("vectors", "vectors"), said="vectors read twice"),
    "direct": reading("proba", logs=K * 17, said="n log n comparisons a class"),
    "discriminative": Work(
        madds=10 * D,
        fixed_bytes=10 * 35 * 2 * FITTED * D * 8,
        said="10 n d, and 10 fits of 35 steps that read 10,000 rows twice",
    ),
    "distance_to_boundary": reading("decision"),
    "diverse_batch": Work(("proba",), fixed=CLUSTERS / 10, said="k-means on 1,000 rows"),
    "drop_query": Work(madds=4 * D * K, fixed=CLUSTERS, said="4 n d k, and k-means"),
    "emcm": reading("predicted", "vectors"),
    "entropy": reading("proba", logs=K, said="n k logs"),
    "epig": Work(
        ("draws",), 200 * S * K * K, 200 * K * K, said="200 targets: n s k^2, and n k^2 logs"
    ),
    "expected_error_reduction": Work(
        fixed=PARZEN * D, fixed_logs=PARZEN * (2 * K + 1), said="10^7 (d + 2 k logs)"
    ),
    "expected_model_change": reading("proba", "vectors"),
    "falcun": Work(("proba",), madds=BATCH * K, said="b n k"),
    "four_ds": Work(
        ("proba",), 4 * K * D + BATCH * K, BATCH + K, said="4 n d c for c = 10, b n (c + 1 logs)"
    ),
    "galaxy": reading("proba", logs=K * 17, said="n log n comparisons a class"),
    "group_quota": reading("proba"),
    "gsx": FARTHEST,
    "gsy": Work(("predicted",), LABELLED + BATCH, said="(m + b) n"),
    "igs": Work(("predicted",), (LABELLED + BATCH) * (D + 1), said="(m + b) n d"),
    "information_density": Work(("vectors", "vectors", "proba"), said="vectors read twice"),
    "kcenter": FARTHEST,
    "kmeans": CENTRES,
    "knapsack": reading("proba", "cost"),
    "lci": reading("marginals"),
    "lcmd": FARTHEST,
    "learned": Work(madds=BATCH * (D + K), said="b n (d + k), that of BADGE"),
    "least_confidence": reading("proba"),
    "margin": reading("proba"),
    "max_confidence": reading("marginals"),
    "max_herding": Work(madds=REFERENCE * D, logs=REFERENCE, said="r n d, and r n exp, r = 10,000"),
    "max_loss": reading("marginals"),
    "max_score": reading("marginals"),
    "mean_max_loss": reading("marginals"),
    "mmc": Work(("marginals",), 4 * K + K * K, said="n k log k, and n k^2"),
    "per_cost": reading("proba", "cost"),
    "power": reading("proba", logs=1, said="n logs"),
    "power_bald": reading("draws", logs=S * K + K + 1, said="n (s + 1) k logs"),
    "predictive_variance": Work(madds=D * (D + BATCH), said="n d (d + b)"),
    "query_by_committee": reading("draws", logs=K, said="n k logs"),
    "quire": Work(
        madds=LABELLED * (D + LABELLED / 2 + K), logs=LABELLED, said="n m (d + m / 2), n m exp"
    ),
    "random": Work(said="a key for each row"),
    "screening": reading("proba"),
    "seals": Work(("proba",), LABELLED * D, said="m n d"),
    "subsample": Work(said="a key for each row"),
    "uncertainty_herding": Work(
        ("proba",), REFERENCE * D, REFERENCE, said="r n d, and r n exp, r = 10,000"
    ),
    "value_of_information": Work(
        madds=1000 * (D + 2 * K), logs=1000, said="1,000 n (d + 2 k), and 1,000 n exp"
    ),
}


def by_size(name, n):
    """Work that grows faster than the rows."""
    if name == "prob_cover":
        return Work(madds=n * D / 2, said="n^2 d / 2")
    if name == "bait":
        table = 2 * (K - 1) ** 2 * (D + 1)
        most = min(n, 20_000)
        return Work(("proba",), table, fixed=2 * BATCH * most * table, said="2 b r 2 (k - 1)^2 d")
    if name == "typi_clust":
        many = LABELLED + BATCH
        fit = 64 * many * many * D * (1 + 2 * STEPS)
        return Work(
            madds=many * (D + D * n / many**2),
            fixed=fit,
            said="(m + b) n d, k-means, n^2 d / (m + b)",
        )
    return WORK.get(name)


def softmax(table):
    table = np.exp(table - table.max(axis=-1, keepdims=True))
    return table / table.sum(axis=-1, keepdims=True)


def signals_for(strategy, n):
    """The signals the strategy reads, of `n` rows and no others."""
    rng = np.random.default_rng(3)
    wanted = strategy.needs | strategy.wants - {"reference"}
    centres = rng.normal(size=(50, D))

    def drawn(rows):
        return centres[rng.integers(0, 50, size=rows)] + 0.5 * rng.normal(size=(rows, D))

    vectors, known = drawn(n), drawn(LABELLED)
    slopes = rng.normal(size=(D, K)) / 4
    proba = partial(_proba, slopes)
    parts = {}
    if "vectors" in wanted:
        parts["vectors"] = vectors
    if "proba" in wanted:
        parts["proba"] = proba(vectors)
    if "decision" in wanted and "proba" not in wanted:
        parts["decision"] = vectors @ slopes
    if "marginals" in wanted:
        parts["marginals"] = _marginals(slopes, vectors)
    if "draws" in wanted:
        others = [slopes + rng.normal(size=(D, K)) / 8 for _ in range(S)]
        parts["draws"] = np.stack([_proba(one, vectors) for one in others], axis=1)
    if "predicted" in wanted:
        parts["predicted"] = vectors @ (slopes[:, :5] + rng.normal(size=(D, 1)))
    if "cost" in wanted:
        parts["cost"] = rng.uniform(1.0, 2.0, size=n)
    if "groups" in wanted:
        parts["groups"] = np.array(["north", "east", "south", "west"])[rng.integers(0, 4, size=n)]
    if "labelled" in wanted:
        parts["labelled"] = _labelled(wanted, known, slopes)
    if not parts:
        parts["ids"] = np.arange(n)
    return q.Signals(**parts)


def _proba(slopes, vectors):
    return softmax(vectors @ slopes)


def _marginals(slopes, vectors):
    return 1.0 / (1.0 + np.exp(-(vectors @ slopes)))


def _labelled(wanted, known, slopes):
    classes = tuple("abcdefghij")
    if wanted & NUMBERS:
        return q.Labelled(known, known @ slopes[:, 0])
    if wanted & MANY:
        marginals = _marginals(slopes, known)
        return q.Labelled(known, (marginals > 0.5).astype(int), classes, marginals=marginals)
    targets = (known @ slopes).argmax(axis=1)
    return q.Labelled(known, targets, classes, proba=_proba(slopes, known))


def general(name, n):
    strategy = s.get(name)
    signals = signals_for(strategy, n)
    work = by_size(name, n)
    batch = FEW.get(name, BATCH)
    return Case(
        f"{n:,} x {_width(signals)}",
        lambda: strategy.select(signals, batch, 0),
        batch=batch,
        floor=None if work is None else lambda: work.seconds(signals, n),
        note="" if work is None else f"limit: {work.said}",
        seconds=60,
    )


def _width(signals):
    for name in ("vectors", "proba", "marginals", "predicted", "decision"):
        if getattr(signals, name) is not None:
            return f"{getattr(signals, name).shape[1]}"
    return "10 x 10" if signals.draws is not None else "1"


def huge(name):
    strategy = s.get(name)
    rng = np.random.default_rng(3)
    proba = rng.standard_exponential((HUGE, K), dtype=np.float32)
    for start in range(0, HUGE, 1 << 16):
        block = proba[start : start + (1 << 16)]
        block /= block.sum(axis=1, keepdims=True)
    known = q.Labelled(None, np.arange(LABELLED) % K, tuple("abcdefghij"))
    signals = q.Signals(proba=proba, labelled=known)
    work = WORK[name]
    return Case(
        f"{HUGE:,} x {K}, single precision",
        lambda: strategy.select(signals, 1000, 0),
        batch=1000,
        floor=lambda: work.seconds(signals, HUGE),
        note=f"limit: {work.said}",
    )


def cases() -> dict[str, Callable[[], Case]]:
    found = {
        f"{name}@{label}": partial(general, name, n)
        for name in s.names()
        for label, n in SIZES.items()
    }
    return found | {f"{name}@10m": partial(huge, name) for name in WIDE}
