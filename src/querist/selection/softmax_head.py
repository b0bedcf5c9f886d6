"""A linear softmax head on fixed vectors, for strategies that ask about a last layer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from querist.core.types import Floats
from querist.selection.cloud import Doubles, mean_of

STEPS = 200


def softmax_head(
    vectors: Floats,
    targets: NDArray[Any],
    weights: Floats | None = None,
    *,
    ridge: float = 1.0,
    scaled: bool = True,
) -> tuple[Doubles, Doubles]:
    """Weights (d, s) and offsets (s,) of a multinomial logistic regression on s seen classes.

    Minimises sum_i w_i (-log p_i[y_i]) + ridge / 2 ||W||^2 on vectors moved to their mean
    and divided by the one number that makes their mean variance 1, so neither origin nor
    unit matters (unless `scaled` is off); offsets are free. Given back for the vectors as
    they came. Column j is the j-th smallest of the targets seen. Each of some tens of steps,
    at most 200, reads the vectors twice.

    Examples
    --------
    >>> line = np.array([[0.0], [1.0], [4.0], [5.0]])
    >>> weights, offsets = softmax_head(line, np.array([0, 0, 2, 2]))
    >>> (line @ weights + offsets).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    seen, codes = np.unique(targets, return_inverse=True)
    centre = mean_of(vectors)
    points = np.subtract(vectors, centre, dtype=np.float64)
    scale = float(np.sqrt(np.mean(points**2))) or 1.0 if scaled else 1.0
    points /= scale
    heavy = np.ones(len(points)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows, size = np.arange(len(points)), points.shape[1] * len(seen)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        # a class a row: sums over classes then run along memory
        slopes, offsets = flat[:size].reshape(len(seen), -1), flat[size:]
        proba = slopes @ points.T
        proba += offsets[:, None]
        proba -= proba.max(axis=0)
        np.exp(proba, out=proba)
        proba /= proba.sum(axis=0)
        value = -heavy @ np.log(np.maximum(proba[codes, rows], 1e-300))
        value += ridge / 2 * float(np.sum(slopes**2))
        proba[codes, rows] -= 1.0
        proba *= heavy
        slope = np.concatenate([(proba @ points + ridge * slopes).ravel(), proba.sum(axis=1)])
        return float(value) / heavy.sum(), slope / heavy.sum()

    start = np.zeros(size + len(seen))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    slopes = found.x[:size].reshape(len(seen), -1).T / scale
    return slopes, np.asarray(found.x[size:] - centre @ slopes)


def softmax(logits: Doubles) -> Doubles:
    """Probabilities (n, s) of logits (n, s).

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
