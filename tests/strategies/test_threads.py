"""The same picks however many threads BLAS runs on, copies and all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import json
import numpy as np
from threadpoolctl import threadpool_info
import querist as q
from querist import strategies as s

USED = {
    "Auto": s.Auto(),
    "BADGE": s.BADGE(),
    "BatchBALD": s.BatchBALD(configurations=200),
    "CLUE": s.CLUE(),
    "Density": s.Density(),
    "EPIG": s.EPIG(),
    "ExpectedErrorReduction": s.ExpectedErrorReduction(candidates=1000, points=500),
    "KCenter": s.KCenter(),
    "KMeansSampling": s.KMeansSampling(),
    "LCMD": s.LCMD(),
    "MaxHerding": s.MaxHerding(),
    "PredictiveVariance": s.PredictiveVariance(),
    "ProbCover": s.ProbCover(),
    "TypiClust": s.TypiClust(),
    "UncertaintyHerding": s.UncertaintyHerding(),
}
N, D, K = 3000, 96, 5
rng = np.random.default_rng(0)
plain = rng.normal(size=(N, D))
copies = np.round(2 * plain[rng.integers(0, N // 2, size=N)])
known = q.Labelled(rng.normal(size=(60, D)), np.arange(60) % K, tuple("abcde"))
draws = rng.dirichlet(np.ones(K), size=(N, 10))
picks = {}
for kind, vectors in {"plain": plain, "copies": copies, "single": plain.astype("f4")}.items():
    signals = q.Signals(
        vectors=vectors, proba=draws.mean(axis=1), draws=draws, labelled=known, ids=np.arange(N)
    )
    for name, used in USED.items():
        picks[f"{name} {kind}"] = used.select(signals, 6 if name == "BatchBALD" else 25, 0).tolist()
threads = min(i["num_threads"] for i in threadpool_info() if i["user_api"] == "blas")
print(json.dumps({"threads": threads, "picks": picks}))
"""
NAMES = [
    "Auto",
    "BADGE",
    "BatchBALD",
    "CLUE",
    "Density",
    "EPIG",
    "ExpectedErrorReduction",
    "KCenter",
    "KMeansSampling",
    "LCMD",
    "MaxHerding",
    "PredictiveVariance",
    "ProbCover",
    "TypiClust",
    "UncertaintyHerding",
]


def run(threads):
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    told = os.environ | dict.fromkeys(names, str(threads))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both():
    one, two = run(1), run(2)
    assert one["threads"] == 1
    if two["threads"] < 2:
        pytest.skip("needs a BLAS that runs on two threads: this machine has one core")
    return one["picks"], two["picks"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "copies", "single"])
@pytest.mark.parametrize("name", NAMES)
def test_two_threads_pick_what_one_picks(both, name, kind):
    one, two = both
    assert one[f"{name} {kind}"] == two[f"{name} {kind}"]
