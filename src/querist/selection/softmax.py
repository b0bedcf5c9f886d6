"""A linear softmax head on fixed vectors, for strategies that ask about a last layer."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from querist.core.types import Floats, Ints
from querist.selection.cloud import Doubles


def softmax_head(
    vectors: Floats,
    targets: Ints,
    weights: Floats | None = None,
    penalty: float = 1.0,
) -> tuple[Doubles, Doubles]:
    """Weights (d, s) and offsets (s,) of a multinomial logistic regression on s seen classes.

    Minimises the log loss summed over the rows, each times its weight, plus penalty / 2 times
    the squared weights; offsets go free. The columns are the classes of `targets`, ascending.

    Examples
    --------
    >>> line = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> weights, offsets = softmax_head(line, np.array([0, 0, 2, 2]))
    >>> (line @ weights + offsets).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    classes, which = np.unique(targets, return_inverse=True)
    wide = np.column_stack([np.asarray(vectors, dtype=np.float64), np.ones(len(vectors))])
    counts = np.ones(len(wide)) if weights is None else np.asarray(weights, dtype=np.float64)
    truth = np.eye(len(classes))[which]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        table = flat.reshape(-1, len(classes))
        logits = wide @ table
        proba = softmax(logits)
        kept = table.copy()
        kept[-1] = 0.0
        lost = logsumexp(logits, axis=1) - (logits * truth).sum(axis=1)
        slope = wide.T @ ((proba - truth) * counts[:, None]) + penalty * kept
        return float(counts @ lost) + penalty / 2 * float((kept**2).sum()), slope.ravel()

    start = np.zeros(wide.shape[1] * len(classes))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"gtol": 1e-7})
    table = np.asarray(found.x).reshape(-1, len(classes))
    return table[:-1], table[-1]


def softmax(logits: Doubles) -> Doubles:
    """Probabilities of each row of logits (n, k), safe for large ones.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0], [1000.0, 0.0]]))
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
