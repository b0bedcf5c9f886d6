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
    they came. Column j is the j-th smallest of the targets seen.

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
    truth = np.eye(len(seen))[codes]
    size = points.shape[1] * len(seen)

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        slopes, offsets = flat[:size].reshape(-1, len(seen)), flat[size:]
        proba = softmax(points @ slopes + offsets)
        at = proba[np.arange(len(codes)), codes]
        wrong = (proba - truth) * heavy[:, None]
        value = -heavy @ np.log(np.maximum(at, 1e-300)) + ridge / 2 * float(np.sum(slopes**2))
        slope = np.concatenate([(points.T @ wrong + ridge * slopes).ravel(), wrong.sum(axis=0)])
        return float(value) / heavy.sum(), slope / heavy.sum()

    start = np.zeros(size + len(seen))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    slopes = found.x[:size].reshape(-1, len(seen)) / scale
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
