"""What a mistake costs, for strategies that weigh mistakes."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Signals
from querist.selection.scores import Doubles


def costs_for(own: Floats | None, signals: Signals, k: int) -> Doubles:
    """Costs (k, k): a strategy's own, else the campaign's, else 1 for each mistake.

    Examples
    --------
    >>> costs_for(None, Signals(mistakes=np.array([[0.0, 10.0], [1.0, 0.0]])), 2)[0]
    array([ 0., 10.])
    >>> costs_for(None, Signals(), 2)[0]
    array([0., 1.])
    """
    matrix = signals.mistakes if own is None else own
    if matrix is None:
        return 1.0 - np.eye(k)
    if len(matrix) != k:
        raise BadInput(f"the cost matrix is for {len(matrix)} classes, but there are {k}")
    return np.asarray(matrix, dtype=np.float64)
