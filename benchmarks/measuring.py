"""What a benchmark case is, the data cases share, and how one is measured.

`measured` runs in a process of its own (`strategies.py` sees to that), so memory is the growth of
the resident set above the data, and no case leaves anything behind for the next one.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import importlib
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

LIMIT_S, LIMIT_BYTES = 300, 12 << 30
LONG_S = 2.0  # what takes longer than this is run once
SHORT_S = 0.03  # and what takes less, so often that it takes this long
LOADED = ("linalg", "special", "spatial.distance", "sparse", "cluster.hierarchy")  # of scipy


@dataclass(frozen=True)
class Case:
    """One strategy at one size; `bars` are the least ratios wanted of "limit" and "peer".

    Ours and the limit take the best of three runs (one, where it takes long), a peer a single
    one. `portion` names two batches that stand for the whole of a slow peer: the rest is carried
    on by its own cost per pick. `floor` gives the limit as CPU seconds worked out from the
    machine's rates, where `limit` runs it. `others` are peers in processes of their own, each
    giving {"cpu_s": ...} or {"skipped": why}.
    """

    size: str
    ours: Callable[[], np.ndarray]
    limit: Callable[[], object] | None = None
    peer: Callable[[int], object] | None = None  # of a batch size
    batch: int = 100
    portion: tuple[int, int] | None = None
    same: Callable[[], np.ndarray] | None = None  # whose picks must be ours
    bars: tuple[tuple[str, float], ...] = ()
    note: str = ""
    floor: Callable[[], float] | None = None
    peer_name: str = "scikit-activeml"
    others: Mapping[str, Callable[[], dict[str, Any]]] = field(default_factory=dict)
    seconds: int = LIMIT_S  # CPU seconds that ours may take, and the limit, and each peer


def normal(n, d, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def clusters(n, d, k):
    rng = np.random.default_rng(3)
    return rng.normal(size=(k, d))[rng.integers(0, k, size=n)] + 0.5 * rng.normal(size=(n, d))


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


def once(run, times=1):
    begun = time.process_time()
    for _ in range(times):
        run()
    return (time.process_time() - begun) / times


def cpu(run, first=None):
    """CPU seconds: the best of three, of which the first may have been timed already.

    What is short is run over and over in each: the first run warms it up, and the clock has steps.
    """
    first = once(run) if first is None else first
    if first > LONG_S:
        return first
    again = min(first, once(run))
    times = int(SHORT_S / max(again, SHORT_S / 100)) + 1
    return min(once(run, times) for _ in range(3)) if times > 1 else min(again, once(run))


def _resident(what):
    text = Path("/proc/self/status").read_text()
    return int(text.split(f"{what}:")[1].split()[0]) * 1024


def grown(run):
    """Run it; how far the resident set rose above where it stood, in MB. Linux only."""
    if not sys.platform.startswith("linux"):
        return once(run), None
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from here
    before = _resident("VmRSS")
    spent = once(run)
    return spent, round((_resident("VmHWM") - before) / 1e6, 1)


def allocated(run):
    """Run it; the most that numpy and Python held at once beside the data, in MB."""
    tracemalloc.start()
    run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return round(most / 1e6, 1)


def warm():
    """Load what strategies load when first asked, and BLAS's own buffers: neither is measured."""
    for part in LOADED:
        importlib.import_module(f"scipy.{part}")
    square = np.ones((512, 512))
    for dtype in (np.float64, np.float32):
        square.astype(dtype) @ square.astype(dtype)


def allow(seconds):
    """Let this process spend so many more CPU seconds; then the system ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def measured(built: Case) -> Iterator[dict[str, Any]]:
    """Measure a case; each part is told as soon as it is known, as the next may not end."""
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, resource.RLIM_INFINITY))
    yield {"size": built.size, "batch": built.batch, "wanted": dict(built.bars)}
    seconds = built.seconds
    yield {"allowed_s": seconds}
    if built.note:
        yield {"note": built.note}
    warm()
    allow(seconds)
    first, rss = grown(built.ours)
    ours = cpu(built.ours, first)
    yield {"cpu_s": ours, "rss_mb": rss}
    if ours < LONG_S / 2:
        yield {"peak_mb": allocated(built.ours)}
    allow(seconds)
    if built.limit is not None or built.floor is not None:
        limit = cpu(built.limit) if built.floor is None else built.floor()
        yield {"limit_cpu_s": limit, "times_limit": limit / ours}
    if built.same is not None:
        yield {"same_picks": built.ours().tolist() == built.same().tolist()}
    if built.peer is not None:
        allow(seconds)
        spent, rss = _peer(built)
        yield {
            "peer": built.peer_name,
            "peer_cpu_s": spent,
            "peer_rss_mb": rss,
            "times_peer": spent / ours,
        } | ({} if built.portion is None else {"peer_measured_at": list(built.portion)})
    for name, run in built.others.items():
        told = run()
        yield {"others": {name: told | _times(told, ours)}}


def _times(told, ours):
    return {"times": told["cpu_s"] / ours} if "cpu_s" in told else {}


def _peer(built):
    if built.portion is None:
        return grown(lambda: built.peer(built.batch))
    few, more = built.portion
    _, rss = grown(lambda: built.peer(few))  # it also pays for fresh memory, and is not timed
    first, second = (once(lambda b=b: built.peer(b)) for b in (few, more))
    return first + (second - first) / (more - few) * (built.batch - few), rss


@functools.cache
def rates():
    """What this machine does in a second of one thread: bytes read, multiply-adds, logarithms."""
    rng = np.random.default_rng(0)
    table, centres = rng.normal(size=(50_000, 128)), rng.normal(size=(128, 100))
    flat, block, out = table.ravel(), np.abs(table[:100]).ravel(), np.empty(12_800)
    product = np.empty((len(table), 100))

    def logs():
        for _ in range(100):
            np.log(block, out=out)

    return {
        "bytes": flat.nbytes / cpu(lambda: flat @ flat),
        "madds": table.size * 100 / cpu(lambda: np.matmul(table, centres, out=product)),
        "logs": 100 * len(block) / cpu(logs),
    }
