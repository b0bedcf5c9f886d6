"""Small fits run on one BLAS thread and give the threads back."""

from __future__ import annotations

import numpy as np
import scipy.linalg  # noqa: F401  loads the BLAS that scipy brings
from threadpoolctl import threadpool_info, threadpool_limits

import querist as q
from querist.models.threads import SMALL, calm, one_thread


def blas() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_one_thread_inside_and_the_old_number_after() -> None:
    before = blas()
    assert before
    with calm(10):
        assert blas() == [1] * len(before)
    assert blas() == before
    with calm(SMALL + 1):
        assert blas() == before


def test_picks_run_on_one_thread_whatever_their_size() -> None:
    before = blas()
    with one_thread():
        assert blas() == [1] * len(before)
    assert blas() == before


def test_a_campaign_picks_on_one_thread() -> None:
    seen: list[list[int]] = []

    def watching(signals, n, rng):  # type: ignore[no-untyped-def]
        seen.append(blas())
        return np.arange(n)

    items = np.random.default_rng(0).normal(size=(60, 2))
    with threadpool_limits(2, "blas"):
        live = q.campaign(
            items, q.Choice(["a", "b"]), strategy=watching, batch=4, budget=12, log="memory://"
        )
        live.run(lambda task: "ab"[int(task.task_id[-1], 16) % 2])
    assert len(seen) > 1 and {count for counts in seen for count in counts} == {1}
