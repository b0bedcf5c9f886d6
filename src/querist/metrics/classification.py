"""How good a classifier is, overall and class by class, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from querist.core.errors import BadInput
from querist.core.types import Floats, Interval, Ints
from querist.metrics.intervals import (
    RESAMPLES,
    bootstrap_sums,
    divide,
    mean_known,
    percentile,
    wilson,
)

BINS = 15


def classification(
    truth: NDArray[Any],
    value: NDArray[Any],
    proba: Floats | None,
    labels: Sequence[str],
    *,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Score predicted classes against the true ones.

    Classes that are neither true nor predicted take no part in the macro scores, and a class
    without true items has no recall: such keys are left out rather than set to 0.

    Parameters
    ----------
    truth, value : array (m,)
        True and predicted class positions ``0..k-1``.
    proba : array (m, k) or None
        Predicted class probabilities.
    labels : sequence of str
        The k class names.
    seed : int
        Decides the bootstrap.
    level : float
        Level of the intervals: Wilson's for accuracy and recalls, bootstrap for the rest.

    Returns
    -------
    dict of str to Interval
        ``accuracy``, ``f1_macro``, ``recall_macro``, ``precision_macro``, ``f1[label]`` and
        ``recall[label]``; with `proba` also ``log_loss`` and ``calibration_error``. Empty
        without items.

    Raises
    ------
    BadInput
        When lengths or class positions do not fit.

    Examples
    --------
    >>> scores = classification(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 0]), None, ["a", "b"])
    >>> str(scores["accuracy"]), round(scores["recall[b]"].value, 2)
    ('0.750 [0.301, 0.954]', 0.5)
    """
    truth, value = _positions("truth", truth, labels), _positions("value", value, labels)
    if len(truth) != len(value) or (proba is not None and len(proba) != len(truth)):
        raise BadInput(f"truth has {len(truth)} items, but value or proba has another number")
    if not len(truth):
        return {}
    rng = np.random.default_rng(seed)
    scores = {"accuracy": wilson(int((truth == value).sum()), len(truth), level)}
    scores |= _by_class(truth, value, labels, rng, level)
    if proba is not None:
        scores |= _of_proba(truth, proba, rng, level)
    return scores


def calibration_error(truth: NDArray[Any], proba: Floats) -> float:
    """Expected calibration error of the top class over 15 bins of equal mass.

    Items are sorted by their highest probability and cut into bins of equal size; the error
    is the mass-weighted gap between confidence and share of right answers (Naeini et al.,
    2015; equal mass after Nguyen & O'Connor, 2015). Small samples read too high.

    Examples
    --------
    >>> calibration_error(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    0.5
    """
    bins, gap = _calibration(truth, proba)
    return float(np.abs(np.bincount(bins, gap, minlength=BINS)).sum() / len(truth))


def _by_class(
    truth: Ints, value: Ints, labels: Sequence[str], rng: np.random.Generator, level: float
) -> dict[str, Interval]:
    m, k = len(truth), len(labels)
    from sklearn.metrics import precision_recall_fscore_support  # slow to load

    precision, recall, f1, support = precision_recall_fscore_support(
        truth, value, labels=np.arange(k), zero_division=0
    )
    seen = (support > 0) | (np.bincount(value, minlength=k) > 0)
    # drawing items with replacement is drawing the cells of the confusion matrix
    cells, counts = np.unique(truth * k + value, return_counts=True)
    drawn = rng.multinomial(m, counts / m, size=RESAMPLES).astype(np.float64)
    true, said = cells // k, cells % k
    per_true, per_said = drawn @ _one_hot(true, k), drawn @ _one_hot(said, k)
    hits = drawn[:, true == said] @ _one_hot(true[true == said], k)
    there = per_true + per_said > 0
    f1_drawn = divide(2 * hits, per_true + per_said)
    resampled = {
        "f1_macro": f1_drawn,
        "recall_macro": np.where(there, divide(hits, np.maximum(per_true, 1)), np.nan),
        "precision_macro": np.where(there, divide(hits, np.maximum(per_said, 1)), np.nan),
    }
    point = {"f1_macro": f1, "recall_macro": recall, "precision_macro": precision}
    scores = {
        name: percentile(point[name][seen].mean(), mean_known(resampled[name]), level)
        for name in point
    }
    for c in np.flatnonzero(seen).tolist():
        scores[f"f1[{labels[c]}]"] = percentile(f1[c], f1_drawn[:, c], level)
    for c in np.flatnonzero(support).tolist():
        right = round(float(recall[c] * support[c]))
        scores[f"recall[{labels[c]}]"] = wilson(right, int(support[c]), level)
    return scores


def _of_proba(
    truth: Ints, proba: Floats, rng: np.random.Generator, level: float
) -> dict[str, Interval]:
    proba = np.asarray(proba, dtype=np.float64)
    proba = proba / proba.sum(axis=1, keepdims=True)
    m = len(truth)
    tiny = np.finfo(np.float64).eps
    losses = -np.log(np.clip(proba[np.arange(m), truth], tiny, 1.0))
    bins, gap = _calibration(truth, proba)
    columns = np.zeros((m, BINS + 1))
    columns[np.arange(m), bins] = gap
    columns[:, BINS] = losses
    sums = bootstrap_sums(columns, rng) / m
    from sklearn.metrics import log_loss

    loss = log_loss(truth, proba, labels=np.arange(proba.shape[1]))
    error = float(np.abs(np.bincount(bins, gap, minlength=BINS)).sum() / m)
    return {
        "log_loss": percentile(loss, sums[:, BINS], level),
        "calibration_error": percentile(error, np.abs(sums[:, :BINS]).sum(axis=1), level),
    }


def _calibration(truth: NDArray[Any], proba: Floats) -> tuple[Ints, Floats]:
    """Bin of each item and its confidence minus whether it is right, both (m,)."""
    confidence = proba.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    bins = np.empty(len(truth), dtype=np.int64)
    bins[order] = np.arange(len(truth)) * BINS // max(len(truth), 1)
    return bins, confidence - (proba.argmax(axis=1) == truth)


def _one_hot(columns: Ints, k: int) -> Any:
    rows = np.arange(len(columns))
    return sparse.csr_array((np.ones(len(columns)), (rows, columns)), shape=(len(columns), k))


def _positions(name: str, positions: NDArray[Any], labels: Sequence[str]) -> Ints:
    positions = np.asarray(positions)
    if positions.ndim != 1:
        raise BadInput(f"{name} must have shape (m,), but it has shape {positions.shape}")
    if len(positions) and not (positions.min() >= 0 and positions.max() < len(labels)):
        raise BadInput(
            f"{name} must hold class positions from 0 to {len(labels) - 1}, but it goes from "
            f"{positions.min()} to {positions.max()}"
        )
    return positions.astype(np.int64)
