"""Learning curves of several seeds, compared seed by seed.

A curve is a row of scores (r,) over the label counts (r,); several seeds are a matrix (s, r).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import integrate, stats

from querist.core.errors import BadInput
from querist.core.types import Floats, Interval

RESAMPLED = 8  # seeds: with fewer, `paired_bootstrap` gives a t interval


def labels_to(labels: ArrayLike, scores: ArrayLike, target: float, *, higher: bool = True) -> float:
    """Labels at which a curve first reaches the target, by linear interpolation.

    Only the first crossing counts; a noisy curve may fall below the target again. Compare
    curves that were measured alike, since luck favours all of them alike then.

    Parameters
    ----------
    labels, scores : array (r,)
        The curve, labels ascending.
    target : float
        The score to reach.
    higher : bool
        Whether higher scores are better.

    Returns
    -------
    float
        NaN when the curve never reaches the target.

    Examples
    --------
    >>> labels_to([10, 20, 30], [0.5, 0.75, 1.0], 0.875)
    25.0
    """
    x, y = _curves(labels, scores)
    if y.ndim != 1:
        raise BadInput(f"labels_to takes one curve (r,), but scores has shape {y.shape}")
    y, goal = (y, target) if higher else (-y, -target)
    reached = np.flatnonzero(y >= goal)
    if not len(reached):
        return float("nan")
    i = int(reached[0])
    if i == 0:
        return float(x[0])
    return float(x[i - 1] + (x[i] - x[i - 1]) * (goal - y[i - 1]) / (y[i] - y[i - 1]))


def aubc(labels: ArrayLike, scores: ArrayLike) -> Any:
    """Area under the budget curve by trapezoids, divided by the span of labels.

    It is the mean height of the curve (Zhan et al., IJCAI 2021); for several seeds (s, r)
    there is one a seed, (s,).

    Examples
    --------
    >>> aubc([0, 10, 20], [0.5, 0.9, 0.9])
    0.8
    """
    x, y = _curves(labels, scores)
    if len(x) == 1:
        height: Any = y[..., 0]
    else:
        height = integrate.trapezoid(y, x, axis=-1) / (x[-1] - x[0])
    return float(height) if y.ndim == 1 else height


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, *, seed: int = 0, resamples: int = 5000, level: float = 0.95
) -> Interval:
    """Mean of a - b over seeds, with an expanded percentile bootstrap interval.

    The seeds are resampled in pairs. Percentiles are taken at the level that makes the
    interval of few seeds as wide as a t interval (the expanded percentile interval of
    Hesterberg, The American Statistician 2015). With fewer than eight seeds it is the t
    interval: no resample goes beyond the smallest and the largest difference, so all of one
    sign, which three seeds without any effect show one time in four, would leave out 0.

    Parameters
    ----------
    a, b : array (s,)
        One number a seed, the same seeds in the same order.

    Raises
    ------
    BadInput
        With fewer than two seeds, or different numbers of them.

    Examples
    --------
    >>> str(paired_bootstrap([0.82, 0.85, 0.83, 0.86], [0.80, 0.81, 0.80, 0.82]))
    '0.032 [0.017, 0.048]'
    """
    gaps = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if gaps.ndim != 1 or len(gaps) < 2 or np.shape(a) != np.shape(b):
        raise BadInput(
            "a paired comparison needs one number for each of at least two seeds on both sides, "
            f"but the shapes are {np.shape(a)} and {np.shape(b)}; run more seeds"
        )
    s = len(gaps)
    if s < RESAMPLED:
        mean, half = gaps.mean(), stats.t.ppf((1 + level) / 2, s - 1) * stats.sem(gaps)
        return Interval(float(mean), float(mean - half), float(mean + half))
    rng = np.random.default_rng(seed)
    means = gaps[rng.integers(s, size=(resamples, s))].mean(axis=1)
    tail = stats.norm.cdf(np.sqrt(s / (s - 1)) * stats.t.ppf((1 - level) / 2, s - 1))
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(gaps.mean()), float(low), float(high))


@dataclass(frozen=True, eq=False)
class Saving:
    """Labels saved by one way of picking against another, at equal score.

    Attributes
    ----------
    share : Interval
        Mean share of the labels that is saved; negative where more were needed.
    labels : Interval
        The same in labels.
    per_seed : array (s,)
        The share of each seed.
    never : int
        Seeds in which the reference's score was never reached; they count as no saving, or
        as the loss they are.
    """

    share: Interval
    labels: Interval
    per_seed: Floats
    never: int

    @property
    def proven(self) -> bool:
        """Whether the whole interval lies above 0; no saving should be claimed otherwise."""
        return self.share.low > 0

    def __str__(self) -> str:
        value, low, high = (100 * x for x in (self.share.value, self.share.low, self.share.high))
        text = f"{value:.0f} % of the labels saved [{low:.0f}, {high:.0f}]"
        if not self.proven:
            text += ", not proven"
        if self.never:
            text += f"; {self.never} of {len(self.per_seed)} seeds never got there"
        return text


def saved(
    labels: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    at: int | None = None,
    higher: bool = True,
    seed: int = 0,
    level: float = 0.95,
) -> Saving:
    """Labels that curves `a` need less than curves `b` to reach the same score.

    Seed by seed, the score is the one that both reach by the end (or by `at` labels): that
    of `b` where `a` is ahead then, that of `a` where it lags behind. With n_a and n_b labels
    to it, the share saved is ``(n_b - n_a) / max(n_a, n_b)``. Both sides are treated alike,
    so two equal ways save nothing on average. Always aiming at the end of `b` and counting
    seeds that miss it as 0 would not: luck could only help `a`. Whoever never reaches the
    other's score is credited no saving for having been ahead early.

    Parameters
    ----------
    labels : array (r,)
        Labels at each point, everything counted that had to be labelled.
    a, b : array (s, r)
        Scores of the way under test and of the reference, same seeds in the same order.
    at : int, optional
        Label count at which the scores are compared; the last by default.
    higher : bool
        Whether higher scores are better.

    Raises
    ------
    BadInput
        When the shapes differ, with fewer than two seeds, or `at` outside the curve.

    Examples
    --------
    >>> random = np.array([[0.5, 0.6, 0.7], [0.5, 0.6, 0.7]])
    >>> print(saved([10, 20, 30], random + [0.0, 0.1, 0.1], random))
    33 % of the labels saved [33, 33]
    """
    x, ours = _curves(labels, a)
    _, theirs = _curves(labels, b)
    if ours.ndim != 2 or ours.shape != theirs.shape:
        raise BadInput(
            f"both sets of curves must have the same shape (s, {len(x)}), but they have the "
            f"shapes {ours.shape} and {theirs.shape}"
        )
    end = float(x[-1] if at is None else at)
    if not x[0] <= end <= x[-1]:
        raise BadInput(f"at={at} lies outside the curve, which goes from {x[0]:g} to {x[-1]:g}")
    sign = 1 if higher else -1
    pairs = list(zip(sign * ours, sign * theirs, strict=True))
    needed = np.array([_needed(x, one, other, end) for one, other in pairs])
    need, base, missed = needed.T
    share = (base - need) / np.maximum(1.0, np.maximum(base, need))
    shares = paired_bootstrap(share, np.zeros_like(share), seed=seed, level=level)
    labels_saved = paired_bootstrap(base, need, seed=seed, level=level)
    return Saving(
        share=_within(shares, 1.0),
        labels=_within(labels_saved, end),
        per_seed=share,
        never=int(missed.sum()),
    )


def _within(found: Interval, most: float) -> Interval:
    """The interval within what can be saved: a t interval of few seeds may reach beyond."""
    return Interval(found.value, max(found.low, -most), min(found.high, most))


def _needed(x: Floats, ours: Floats, theirs: Floats, end: float) -> tuple[float, float, bool]:
    """Labels each side needs to the score both have at the end, and whether ours fell short."""
    mine, other = float(np.interp(end, x, ours)), float(np.interp(end, x, theirs))
    goal = min(mine, other)
    need, base = labels_to(x, ours, goal), labels_to(x, theirs, goal)
    short, they_short = float(ours.max()) < other, float(theirs.max()) < mine
    if (short and base > need) or (they_short and need > base):
        need = base
    return need, base, short


def t_below(a: ArrayLike, b: ArrayLike) -> Floats:
    """One-sided p value, step by step, that `a` lies below `b` (paired t test over seeds).

    Parameters
    ----------
    a, b : array (s, r)
        Scores, same seeds in the same order, at least two.

    Returns
    -------
    array (r,)
        Small where `a` is worse. Steps where all seeds differ by the same amount get 0 or 1.

    Examples
    --------
    >>> t_below([[0.5, 0.7], [0.5, 0.6]], [[0.5, 0.8], [0.5, 0.71]]).round(3).tolist()
    [1.0, 0.015]
    """
    gaps = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    if gaps.ndim != 2 or len(gaps) < 2:
        raise BadInput(f"t_below takes curves (s, r) of two seeds or more, not {gaps.shape}")
    mean, spread = gaps.mean(axis=0), gaps.std(axis=0, ddof=1)
    sure = spread <= 1e-12
    t = mean / np.where(sure, 1.0, spread) * np.sqrt(len(gaps))
    p: Floats = np.where(sure, np.where(mean < -1e-12, 0.0, 1.0), stats.t.cdf(t, len(gaps) - 1))
    return p


def adjust(p: ArrayLike, method: Literal["holm", "bh"] = "holm") -> Floats:
    """Adjust p values for having looked many times.

    Holm (1979) bounds the chance of any false claim, Benjamini-Hochberg (1995) the share of
    false ones among the claims.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    raw = np.asarray(p, dtype=np.float64)
    if method == "bh":
        return np.asarray(stats.false_discovery_control(raw, method="bh"))
    if method != "holm":
        raise BadInput(f"method must be 'holm' or 'bh', but it is {method!r}")
    order = np.argsort(raw, kind="stable")
    steps = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def curve_band(scores: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats, Floats]:
    """Mean curve of several seeds (s, r) with the lower and upper end of its t interval.

    The ends are NaN for a single seed, whose uncertainty is not known.

    Examples
    --------
    >>> mean, low, high = curve_band([[0.5, 0.7], [0.5, 0.8]])
    >>> mean.tolist(), low.round(2).tolist()
    ([0.5, 0.75], [0.5, 0.11])
    """
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    mean = rows.mean(axis=0)
    if len(rows) == 1:
        return mean, np.full_like(mean, np.nan), np.full_like(mean, np.nan)
    half = stats.t.ppf((1 + level) / 2, len(rows) - 1) * stats.sem(rows, axis=0)
    return mean, mean - half, mean + half


def _curves(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    x, y = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if x.ndim != 1 or not len(x) or y.shape[-1:] != x.shape:
        raise BadInput(
            f"a curve needs one score per label count, but labels has shape {x.shape} and "
            f"scores has shape {y.shape}"
        )
    if (np.diff(x) <= 0).any() or not np.isfinite(y).all():
        raise BadInput("a curve needs ascending label counts and finite scores")
    return x, y
