"""How good a multi-label classifier is, overall and label by label, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Interval
from querist.metrics.intervals import bootstrap_sums, divide, mean_known, percentile, wilson


def multilabel(
    truth: NDArray[Any],
    value: NDArray[Any],
    labels: Sequence[str],
    *,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Score predicted label sets against the true ones.

    Labels that are neither true nor predicted anywhere take no part in ``f1_macro``, and a
    label without true items has no recall: such keys are left out rather than set to 0.

    Parameters
    ----------
    truth, value : array (m, k)
        Indicator matrices of 0 and 1.
    labels : sequence of str
        The k label names.
    seed : int
        Decides the bootstrap.
    level : float
        Level of the intervals: Wilson's for subset accuracy and recalls, bootstrap for F1.

    Returns
    -------
    dict of str to Interval
        ``f1_macro``, ``f1_micro``, ``subset_accuracy`` (share of items with every label right),
        ``f1[label]`` and ``recall[label]``. Empty without items.

    Raises
    ------
    BadInput
        When the shapes do not fit.

    Examples
    --------
    >>> truth, value = np.array([[1, 0], [1, 1]]), np.array([[1, 0], [1, 0]])
    >>> multilabel(truth, value, ["a", "b"])["f1_micro"].value
    0.8
    """
    truth, value = np.asarray(truth) != 0, np.asarray(value) != 0
    if truth.shape != value.shape or truth.ndim != 2 or truth.shape[1] != len(labels):
        raise BadInput(
            f"truth and value must both have shape (m, {len(labels)}), one column a label, but "
            f"they have the shapes {truth.shape} and {value.shape}"
        )
    m, k = truth.shape
    if not m:
        return {}
    from sklearn.metrics import precision_recall_fscore_support  # slow to load

    _, _, f1, support = precision_recall_fscore_support(truth, value, average=None, zero_division=0)
    hits = truth & value
    columns = np.concatenate([hits, truth, value], axis=1).astype(np.float64)
    sums = bootstrap_sums(columns, np.random.default_rng(seed))
    hit, either = sums[:, :k], sums[:, k : 2 * k] + sums[:, 2 * k :]
    drawn = divide(2 * hit, either)
    seen = truth.any(axis=0) | value.any(axis=0)
    scores = {"subset_accuracy": wilson(int((truth == value).all(axis=1).sum()), m, level)}
    if seen.any():
        micro = 2 * hits.sum() / (truth.sum() + value.sum())
        scores["f1_macro"] = percentile(f1[seen].mean(), mean_known(drawn), level)
        scores["f1_micro"] = percentile(
            micro, divide(2 * hit.sum(axis=1), either.sum(axis=1)), level
        )
    for c in np.flatnonzero(seen).tolist():
        scores[f"f1[{labels[c]}]"] = percentile(f1[c], drawn[:, c], level)
    for c in np.flatnonzero(support).tolist():
        right = int(hits[:, c].sum())
        scores[f"recall[{labels[c]}]"] = wilson(right, int(support[c]), level)
    return scores
