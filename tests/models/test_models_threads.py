"""Small fits run on one BLAS thread and give the threads back."""

from __future__ import annotations

from threadpoolctl import threadpool_info

from querist.models.threads import SMALL, calm


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
