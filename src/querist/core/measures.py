"""What is known of a metric by its name: which one leads, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable

_LEADING = {"choice": "accuracy", "choices": "f1_macro", "number": "rmse"}
_LOWER = frozenset({"rmse", "mae", "log_loss", "calibration_error"})
_SHARES = ("accuracy", "subset_accuracy", "f1", "recall", "precision", "calibration_error")


def primary(view: str) -> str:
    """Name of the metric that leads for a question's view.

    Examples
    --------
    >>> primary("choice"), primary("choices"), primary("number")
    ('accuracy', 'f1_macro', 'rmse')
    """
    return _LEADING.get(view, "accuracy")


def leading(metrics: Iterable[str]) -> str | None:
    """The leading one of the metrics that were measured, None when there are none.

    Examples
    --------
    >>> leading(["f1_macro", "accuracy", "log_loss"])
    'accuracy'
    """
    names = list(metrics)
    return next((name for name in _LEADING.values() if name in names), next(iter(names), None))


def higher_is_better(metric: str) -> bool:
    """Whether a larger value of the metric is the better one.

    Examples
    --------
    >>> higher_is_better("accuracy"), higher_is_better("rmse")
    (True, False)
    """
    return metric not in _LOWER


def is_share(metric: str) -> bool:
    """Whether the metric lies in [0, 1], so that a percentage point of it means something.

    Examples
    --------
    >>> is_share("f1[spam]"), is_share("log_loss")
    (True, False)
    """
    return metric.split("[")[0].removesuffix("_macro").removesuffix("_micro") in _SHARES
