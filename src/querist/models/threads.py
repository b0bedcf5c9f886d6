"""One BLAS thread for small batches and for picks: many threads spin longer than they work.

Measured on two busy cores, 1,000 labels: the image default 5.2 s against 0.4 s, texts of
20 classes 9.7 s against 1.8 s. A strategy multiplies many tables that fit the cache: two
threads gave no pick sooner on two idle cores, at twice the CPU time, and took 4 to 14 times
as long beside other work. Results also stop depending on the number of cores.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

SMALL = 20_000  # rows; above, several threads begin to pay


@cache
def _pools() -> ThreadpoolController:
    import scipy.linalg  # noqa: F401  has a BLAS of its own, which must be there to be found

    return ThreadpoolController()


def calm(rows: int) -> AbstractContextManager[Any]:
    """A context in which BLAS uses one thread, where there are few rows.

    Examples
    --------
    >>> with calm(100):
    ...     pass
    """
    return nullcontext() if rows > SMALL else one_thread()


def one_thread() -> AbstractContextManager[Any]:
    """A context in which BLAS uses one thread.

    Examples
    --------
    >>> with one_thread():
    ...     pass
    """
    limited: AbstractContextManager[Any] = _pools().limit(limits=1, user_api="blas")
    return limited
