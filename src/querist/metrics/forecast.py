"""Where a learning curve is going: a saturating curve through its points, with a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from querist.core.measures import higher_is_better, is_share
from querist.core.types import Floats, Interval, Ints

FEWEST = 5  # measured points: three are what the curve itself takes
REACH = 2.0  # as many times the labels there are: further out nothing of it was measured
POINTS = 12
DRAWS = 600
_POWERS = np.geomspace(0.2, 1.0, 24)
_PRIOR = 3  # points that half of each measured error counts as when the scatter is estimated
_WIDE = 2 * 1.959964  # standard errors across a 95 % interval


@dataclass(frozen=True)
class Forecast:
    """A curve carried on, or the reason why it was not.

    Attributes
    ----------
    labels : tuple of int, length p
        From the last measured point on; empty when there is no forecast.
    scores : tuple of Interval, length p
        The score at each, with the band that held it in 95 % of the draws.
    reason : str
        What it rests on, or why there is none.
    """

    labels: tuple[int, ...]
    scores: tuple[Interval, ...]
    reason: str


def forecast(
    labels: Sequence[int],
    scores: Sequence[Interval],
    until: int,
    *,
    metric: str = "accuracy",
    seed: int = 0,
) -> Forecast:
    """Carry a learning curve on by the inverse power law ``c - a n^-b``.

    The law fits most learning curves (Viering & Loog, IEEE TPAMI 2023, section 4.1); fitting it
    with more weight on later points is what Figueroa et al. (BMC Med Inform Decis Mak 2012,
    12:8, eq. 1) did to plan sample sizes. Here: weighted least squares, a >= 0, 0.2 <= b <= 1,
    weights n^2 over the squared error of each point. The band is a parametric bootstrap: the fit
    plus an error that all points share (they are measured on the same items) and one of each
    point's own, of the size that intervals and residuals say, fitted again. It holds what a
    later round will measure as long as data, model and strategy stay.

    Parameters
    ----------
    labels : sequence of int, length r
        Training labels at each measured point, ascending.
    scores : sequence of Interval, length r
        The score there with its 95 % interval.
    until : int
        Labels to look ahead to; never further than twice the labels there are.

    Returns
    -------
    Forecast
        Without points when fewer than five were measured, or nothing lies ahead.

    Examples
    --------
    >>> n = [50, 100, 150, 200, 250, 300]
    >>> found = forecast(n, [Interval(s := 0.9 - 2 / m, s - 0.02, s + 0.02) for m in n], 600)
    >>> found.labels[0], found.labels[-1], round(found.scores[-1].value, 2)
    (300, 600, 0.9)
    >>> forecast(n[:3], [Interval(0.8, 0.7, 0.9)] * 3, 600).reason
    'too few points to look ahead: 3 measured rounds, and it takes 5'
    """
    x = np.asarray(labels, dtype=np.float64)
    end = int(min(until, REACH * x[-1])) if len(x) else 0
    if len(np.unique(x)) < FEWEST:
        rounds = "1 measured round" if len(x) == 1 else f"{len(np.unique(x))} measured rounds"
        return Forecast((), (), f"too few points to look ahead: {rounds}, and it takes {FEWEST}")
    if end <= x[-1]:
        return Forecast((), (), "nothing lies ahead: no further label can come")
    sign = 1.0 if higher_is_better(metric) else -1.0
    y = sign * np.array([found.value for found in scores])
    error = np.array([(found.high - found.low) / _WIDE for found in scores])
    error = np.maximum(error, 1e-3 * max(float(np.ptp(y)), 1e-9))
    rng = np.random.default_rng(seed)
    at = np.unique(np.linspace(x[-1], end, POINTS).round().astype(np.int64))
    drawn = _draws(x, y, error, at, rng)
    if is_share(metric):
        drawn = np.clip(drawn, min(sign, 0.0), max(sign, 0.0))
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
    ends = (low, high) if sign > 0 else (-high, -low)
    band = [
        Interval(float(v), float(a), float(b)) for v, a, b in zip(sign * middle, *ends, strict=True)
    ]
    said = f"an inverse power law through {len(x)} measured rounds, as far as {end:,} labels"
    return Forecast(tuple(at.tolist()), tuple(band), said)


def _draws(x: Floats, y: Floats, error: Floats, at: Ints, rng: np.random.Generator) -> Floats:
    """Scores at the points ahead, (DRAWS, p), each from a curve fitted to other data."""
    weights = (x / x[-1] / error) ** 2
    fitted = _fit(x, y[None], weights, x)[0]
    # in units of each point's error: how far the points scatter about the curve
    free, rest = max(len(x) - 3, 1), float((((y - fitted) / error) ** 2).sum())
    scatter = np.sqrt((rest + _PRIOR / 4) / (free + _PRIOR))
    own = scatter * rng.standard_normal((DRAWS, len(x) + 1))
    shared = rng.standard_normal((DRAWS, 1)) * error[-1]
    data = fitted + own[:, :-1] * error + shared
    ahead: Floats = _fit(x, data, weights, at) + own[:, -1:] * error[-1]
    return ahead


def _fit(x: Floats, y: Floats, w: Floats, at: Floats | Ints) -> Floats:
    """Fit each row of `y` (s, r) by weighted least squares; what the curves say at `at`: (s, p).

    For a given b the curve is linear in c and a, so b is tried on a grid.
    """
    u = (x / x[-1]) ** -_POWERS[:, None]  # (g, r); scaled, so that no power overflows
    mass = w.sum()
    um, ym = u @ w / mass, y @ w / mass
    away = (u - um[:, None]) * w
    a = -(y - ym[:, None]) @ away.T / ((u - um[:, None]) * away).sum(axis=1)
    a = np.maximum(a, 0.0)  # (s, g)
    c = ym[:, None] + a * um
    off = y[:, None, :] - c[:, :, None] + a[:, :, None] * u
    pick = np.argmin((off**2) @ w, axis=1)
    rows = np.arange(len(y))
    powers = (np.asarray(at) / x[-1]) ** -_POWERS[pick][:, None]
    return np.asarray(c[rows, pick][:, None] - a[rows, pick][:, None] * powers)
