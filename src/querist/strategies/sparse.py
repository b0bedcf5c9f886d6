"""Sparse vectors: who can work on them as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from querist.core.errors import BadInput
from querist.core.types import Signals
from querist.selection.cloud import is_sparse

if TYPE_CHECKING:
    from querist.strategies.strategy import Strategy


def check_sparse(strategy: Strategy, signals: Signals) -> None:
    """Raise BadInput for sparse vectors, unless the strategy takes them or reads no vectors.

    Examples
    --------
    >>> from scipy.sparse import csr_matrix
    >>> from querist.strategies import KCenter
    >>> check_sparse(KCenter(), Signals(vectors=csr_matrix([[0.0, 1.0]])))
    """
    if strategy.takes_sparse or "vectors" not in strategy.needs | strategy.wants:
        return
    known = None if signals.labelled is None else signals.labelled.vectors
    if any(map(is_sparse, (signals.vectors, signals.reference, known))):
        raise BadInput(
            f"{strategy.name} works on dense vectors, but these are sparse; reduce them to some "
            "dozens of columns (scikit-learn's TruncatedSVD), or use a strategy that takes them "
            "as they are, such as KMeansSampling, KCenter or BADGE"
        )
