"""Figures: learning curves with bands, and estimates with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go

from querist.core.measures import higher_is_better
from querist.core.types import Interval

ACCENT, QUIET, INK, GRID = "#2f6fed", "#8a919e", "#6b7280", "rgba(128,138,156,0.22)"
PALETTE = (ACCENT, "#0f9d8a", "#e0762f", "#8b5cf6", "#d6498f", "#a3890c", "#4fa3d9", "#7a5c44")
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


@dataclass(frozen=True)
class CurveLine:
    """One learning curve.

    Parameters
    ----------
    name : str
        What the legend says.
    labels : sequence of int, length r
        Labels at each point.
    mean : sequence of float, length r
        The score.
    low, high : sequence of float, length r, optional
        Ends of its interval; NaN where unknown.
    role : {"run", "random", "other", "forecast"}
        This run (accent colour), the random baseline (grey, dashed), something else, or where
        this run is going (accent colour, dotted, no markers).
    colour : str
        One of its own, so that several figures can agree; by role and order without.
    """

    name: str
    labels: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None
    role: Literal["run", "random", "other", "forecast"] = "run"
    colour: str = ""


def learning_curve(
    lines: Sequence[CurveLine],
    *,
    metric: str = "accuracy",
    title: str = "",
    plateau_at: float | None = None,
    target: float | None = None,
) -> go.Figure:
    """Draw score against labels, with bands, for light and dark pages alike.

    Parameters
    ----------
    lines : sequence of CurveLine
        The curves; the first comes out on top.
    metric : str
        Name of the score; the axis says which way is better where that is down.
    title : str
        Title above the plot; none in a report, whose heading says it.
    plateau_at : float, optional
        Labels at the point of diminishing returns, marked as the plateau.
    target : float, optional
        The score to reach, drawn as a line.

    Examples
    --------
    >>> figure = learning_curve([CurveLine("Margin", [20, 40], [0.6, 0.8])], target=0.9)
    >>> figure.layout.xaxis.title.text, figure.layout.yaxis.title.text
    ('labels bought', 'accuracy')
    """
    figure = go.Figure()
    for rank, (line, colour) in reversed(list(enumerate(zip(lines, _colours(lines), strict=True)))):
        _draw(figure, line, colour, rank)
    better = metric if higher_is_better(metric) else f"{metric} (lower is better)"
    _style(figure, title, "labels bought", better)
    figure.update_layout(hovermode="x unified", legend={"itemwidth": 34})
    ends = [float(x) for line in lines for x in (min(line.labels), max(line.labels))]
    left, right = min(ends, default=0.0), max(ends, default=1.0)
    pad = 0.03 * (right - left) or 1.0
    figure.update_xaxes(range=[left - pad, right + pad])
    if target is not None:
        figure.add_scatter(
            x=[left - pad, right + pad],
            y=[target, target],
            name=f"target {target:g}",
            mode="lines",
            line={"color": INK, "width": 1.2, "dash": "dot"},
            hoverinfo="skip",
        )
    if plateau_at is not None:
        late = plateau_at > (left + right) / 2
        figure.add_vline(
            plateau_at,
            line={"color": INK, "width": 1.2, "dash": "dot"},
            annotation={"text": f"plateau from {plateau_at:,.0f}", "font_size": 12},
            annotation_position="bottom left" if late else "bottom right",
        )
    return figure


def interval_chart(rows: Mapping[str, Interval], *, axis: str, title: str = "") -> go.Figure:
    """Draw estimates with their intervals, one row each, from top to bottom as given.

    Parameters
    ----------
    rows : mapping of str to Interval
        Name and estimate.
    axis : str
        What is measured, with its unit.
    title : str
        Title above the plot.

    Examples
    --------
    >>> rows = {"spam": Interval(0.9, 0.8, 0.95), "ham": Interval(0.97, 0.95, 0.98)}
    >>> interval_chart(rows, axis="recall").layout.xaxis.title.text
    'recall'
    """
    names = [escape(name) for name in rows]
    found = list(rows.values())
    figure = go.Figure(
        go.Scatter(
            x=[i.value for i in found],
            y=names,
            mode="markers",
            marker={"color": ACCENT, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [i.high - i.value for i in found],
                "arrayminus": [i.value - i.low for i in found],
                "color": ACCENT,
                "thickness": 1.6,
                "width": 4,
            },
            customdata=[[i.low, i.high] for i in found],
            hovertemplate="%{y}: %{x:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]"
            "<extra></extra>",
            showlegend=False,
        )
    )
    _style(figure, title, axis, "")
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    figure.update_layout(height=110 + 30 * len(found))
    if any(i.low < 0 for i in found):
        figure.add_vline(0, line={"color": INK, "width": 1, "dash": "dot"})
    return figure


def _colours(lines: Sequence[CurveLine]) -> list[str]:
    free = iter(PALETTE[1:] * (len(lines) // (len(PALETTE) - 1) + 1))
    fixed = {"run": ACCENT, "random": QUIET, "forecast": ACCENT}
    colours: list[str] = []
    for line in lines:
        colour = line.colour or fixed.get(line.role)
        taken = colour in colours and line.role != "forecast"  # it goes on in the run's colour
        colours.append(next(free) if colour is None or taken else colour)
    return colours


def _draw(figure: go.Figure, line: CurveLine, colour: str, rank: int) -> None:
    name, x = escape(line.name), list(line.labels)
    extra: dict[str, Any] = {"hovertemplate": "%{y:.3f}"}
    low = np.array([] if line.low is None else line.low, dtype=np.float64)
    high = np.array([] if line.high is None else line.high, dtype=np.float64)
    known = np.isfinite(low) & np.isfinite(high) if len(low) == len(high) else np.array([False])
    if known.any():
        at = np.flatnonzero(known)
        edge = np.concatenate([at, at[::-1]])
        figure.add_scatter(
            x=np.asarray(x)[edge].tolist(),
            y=[*high[at].tolist(), *low[at[::-1]].tolist()],
            fill="toself",
            fillcolor=_faint(colour, 0.08 if line.role == "forecast" else 0.14),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
        )
        extra["customdata"] = np.stack([low, high], axis=1).tolist()
        extra["hovertemplate"] = "%{y:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]"
    figure.add_scatter(
        x=x,
        y=list(line.mean),
        name=name,
        legendgroup=name,
        legendrank=rank,
        mode="lines+markers" if len(x) <= 40 and line.role != "forecast" else "lines",
        line={
            "color": colour,
            "width": 2.6 if line.role == "run" else 2,
            "dash": {"random": "dash", "forecast": "dot"}.get(line.role, "solid"),
        },
        marker={"size": 6},
        **extra,
    )


def _faint(colour: str, share: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share})"


def _style(figure: go.Figure, title: str, x: str, y: str) -> None:
    clear = "rgba(0,0,0,0)"
    figure.update_layout(
        template="none",
        paper_bgcolor=clear,
        plot_bgcolor=clear,
        font={"family": _FONT, "size": 13, "color": INK},
        title={"text": escape(title), "x": 0, "xref": "paper", "font_size": 16} if title else None,
        margin={"l": 60, "r": 16, "t": 76 if title else 36, "b": 52},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        height=420,
        modebar={"bgcolor": clear, "color": QUIET, "activecolor": INK},
        hoverlabel={"font_family": _FONT, "namelength": -1},
    )
    axes: dict[str, Any] = {"gridcolor": GRID, "zeroline": False, "automargin": True}
    figure.update_xaxes(title={"text": escape(x), "standoff": 12, "font_size": 13}, **axes)
    figure.update_xaxes(showgrid=False, ticks="outside", linecolor=GRID, tickcolor=GRID)
    figure.update_yaxes(title={"text": escape(y), "standoff": 12, "font_size": 13}, **axes)
