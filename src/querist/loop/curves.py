"""The learning curve of a campaign: measured rounds, where they lead, what is aimed at.

The report and the insight page draw the same figure from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from querist.core.measures import leading
from querist.core.types import Round

if TYPE_CHECKING:  # a server starts without scipy's statistics and without plotly
    import plotly.graph_objects as go

    from querist.metrics.forecast import Forecast
    from querist.metrics.plateau import Diminishing
    from querist.reports.figures import CurveLine


MEASURED = {
    "holdout": "measured on holdout items, which no strategy ever sees",
    "control": "measured by cross-fitting on the control slice, drawn uniformly at random",
    "": "not measured: there is no holdout, and there are too few control labels yet",
}


def leading_metric(rounds: Sequence[Round]) -> str | None:
    """The metric that leads in the newest round that was measured.

    Examples
    --------
    >>> leading_metric([Round(0)]) is None
    True
    """
    return next((name for turn in reversed(rounds) if (name := leading(turn.metrics))), None)


def outlook(rounds: Sequence[Round], metric: str, budget: int | None, items: int) -> Forecast:
    """Where the curve is going, up to what the budget still pays for.

    `items` is how many there are to train on: more labels than that cannot come.

    Rounds of the same number of labels count once, the last of them: a model trained again on
    the same labels is no new point.
    """
    from querist.metrics.forecast import forecast

    points = {turn.labels: turn.metrics[metric] for turn in rounds if metric in turn.metrics}
    labels = sorted(points)
    ahead = 0
    if labels:
        bought = rounds[-1].bought
        ahead = labels[-1] * 2 if budget is None else labels[-1] + max(budget - bought, 0)
        ahead = min(ahead, max(items, labels[-1]))
    return forecast(labels, [points[n] for n in labels], ahead, metric=metric)


def plateau(rounds: Sequence[Round], metric: str) -> Diminishing | None:
    """Where the measured curve stopped paying, None while it rises."""
    from querist.metrics.plateau import diminishing_point

    turns = [turn for turn in rounds if metric in turn.metrics]
    labels = [turn.labels for turn in turns]
    return diminishing_point(labels, [turn.metrics[metric].value for turn in turns], metric=metric)


def target_of(spec: Mapping[str, Any], metric: str) -> float | None:
    """The score a stopping rule (its JSON form) waits for in this metric.

    Examples
    --------
    >>> target_of({"rule": "any", "rules": [{"rule": "target", "score": 0.9}]}, "accuracy")
    0.9
    """
    for rule in rules_of(spec):
        if rule.get("rule") == "target" and rule.get("metric") in (None, metric):
            return float(rule["score"])
    return None


def rules_of(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The single rules of a stopping rule's JSON form."""
    if "rules" in spec:
        for part in spec["rules"]:
            yield from rules_of(part)
    elif spec:
        yield spec


def curve_figure(
    rounds: Sequence[Round],
    metric: str,
    spec: Mapping[str, Any],
    *,
    ahead: Forecast | None = None,
    beside: Sequence[CurveLine] = (),
) -> go.Figure:
    """Draw the measured rounds with their intervals, the forecast, and curves to hold beside.

    Parameters
    ----------
    rounds : sequence of Round
    metric : str
        One of the metrics of the rounds.
    spec : mapping
        JSON form of the stopping rule, for its target.
    ahead : Forecast, optional
        Drawn where it has points.
    beside : sequence of CurveLine
        Such as random labelling.
    """
    from querist.reports.figures import CurveLine, learning_curve

    def line(name: str, labels: Sequence[int], found: Sequence[Any], role: Any) -> CurveLine:
        return CurveLine(
            name,
            labels,
            [interval.value for interval in found],
            [interval.low for interval in found],
            [interval.high for interval in found],
            role,
        )

    turns = [turn for turn in rounds if metric in turn.metrics]
    found = [turn.metrics[metric] for turn in turns]
    lines = [line("this run", [turn.labels for turn in turns], found, "run")]
    if ahead is not None and ahead.labels:
        lines.append(line("forecast", ahead.labels, ahead.scores, "forecast"))
    flat = plateau(rounds, metric)
    figure = learning_curve(
        [*lines, *beside],
        metric=metric,
        plateau_at=flat.at if flat else None,
        target=target_of(spec, metric),
    )
    figure.update_xaxes(title_text="training labels")
    return figure
