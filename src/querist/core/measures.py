"""What is known of a metric by its name: which one leads, and which way is better."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_LEADING = {"choice": "accuracy", "choices": "f1_macro", "number": "rmse"}
_LOWER = frozenset({"cost", "rmse", "mae", "log_loss", "calibration_error"})
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

    Where mistakes have a price, their cost leads.

    Examples
    --------
    >>> leading(["f1_macro", "accuracy", "log_loss"]), leading(["accuracy", "cost"])
    ('accuracy', 'cost')
    """
    names, wanted = list(metrics), ("cost", *_LEADING.values())
    return next((name for name in wanted if name in names), next(iter(names), None))


def higher_is_better(metric: str) -> bool:
    """Whether a larger value of the metric is the better one.

    Examples
    --------
    >>> higher_is_better("accuracy"), higher_is_better("rmse"), higher_is_better("cost[group a]")
    (True, False, False)
    """
    return metric.split("[")[0] not in _LOWER


def is_share(metric: str) -> bool:
    """Whether the metric lies in [0, 1], so that a percentage point of it means something.

    Examples
    --------
    >>> is_share("f1[spam]"), is_share("log_loss")
    (True, False)
    """
    return metric.split("[")[0].removesuffix("_macro").removesuffix("_micro") in _SHARES


def gains_of(scores: Sequence[float], metric: str) -> list[float]:
    """Gain of each score but the first over the best one before it.

    In percentage points for a share, in percent of that best score for other metrics;
    positive is better. Rounded, so that 0.855 - 0.850 is 0.5 points and not a hair less.

    Examples
    --------
    >>> gains_of([0.80, 0.85, 0.84, 0.855], "accuracy")
    [5.0, -1.0, 0.5]
    >>> gains_of([4.0, 3.0], "rmse")
    [25.0]
    """
    sign = 1 if higher_is_better(metric) else -1
    best, gains = scores[0] if len(scores) else 0.0, []
    for score in scores[1:]:
        scale = 1.0 if is_share(metric) else abs(best) or 1.0
        gains.append(round(100 * sign * (score - best) / scale, 9))
        best = max(best, score) if sign > 0 else min(best, score)
    return gains
