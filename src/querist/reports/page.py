"""A report as one HTML file that needs no network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from querist.core.types import Interval


class Amount(float):
    """Money: a number always shown with two decimals, so that a column lines up.

    Examples
    --------
    >>> str(Amount(2.7)), str(Amount(1200))
    ('2.70', '1,200.00')
    """

    def __str__(self) -> str:
        return f"{float(self):,.2f}"


class Gain(float):
    """A difference in points: always with its sign and two decimals.

    Examples
    --------
    >>> str(Gain(2.7)), str(Gain(-0.456))
    ('+2.70', '-0.46')
    """

    def __str__(self) -> str:
        return f"{float(self):+.2f}"


@dataclass(frozen=True)
class Tile:
    """A number worth seeing first."""

    label: str
    value: Any
    note: str = ""


@dataclass(frozen=True)
class Goal:
    """A goal set before the run: what was wanted, what was reached, met or not (or unknown)."""

    name: str
    wanted: Any
    reached: Any
    met: bool | None


@dataclass(frozen=True)
class Table:
    """Rows under columns; cells are texts, numbers, intervals, booleans or None."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Section:
    """A heading with a figure, a table, goals or plain text under it."""

    title: str
    content: go.Figure | Table | Sequence[Goal] | str
    note: str = ""


@dataclass(frozen=True)
class Report:
    """Everything a report shows, in plain values.

    Parameters
    ----------
    title, subtitle : str
        The head of the page.
    tiles : sequence of Tile
        The summary.
    sections : sequence of Section
        Curves, goals, cost, classes, rounds, reasons, in the order they are shown.
    recipe : mapping of str to Any
        The settings that make the run again.
    data_version : str
        Content hash of the training set.
    notes : sequence of str
        What the reader must know to judge the numbers.
    """

    title: str
    subtitle: str = ""
    tiles: Sequence[Tile] = ()
    sections: Sequence[Section] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    data_version: str = ""
    notes: Sequence[str] = ()


def render(report: Report) -> str:
    """Render a report as one self-contained HTML page.

    All text is escaped, and the page forbids itself any connection (content security policy),
    so whatever an item or a label holds stays text.

    Examples
    --------
    >>> page = render(Report("Spam", tiles=[Tile("labels", 500)]))
    >>> page.startswith("<!doctype html>"), "<script src" in page
    (True, False)
    """
    figures = [s.content for s in report.sections if isinstance(s.content, go.Figure)]
    numbers = {id(figure): i for i, figure in enumerate(figures)}
    body = [
        f"<header><h1>{_text(report.title)}</h1>",
        f'<p class="soft">{_text(report.subtitle)}</p></header>'
        if report.subtitle
        else "</header>",
        _tiles(report.tiles),
        *(_section(section, numbers) for section in report.sections),
        _notes(report.notes),
        _footer(report),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:\">\n"
        f"<title>{_text(report.title)}</title>\n<style>\n{_asset('page.css')}</style>"
        f"</head>\n<body><main>\n{chr(10).join(filter(None, body))}\n</main>\n"
        f"{_scripts(figures)}</body></html>\n"
    )


def _scripts(figures: Sequence[go.Figure]) -> str:
    if not figures:
        return ""
    # a "<" inside JSON may only stand in a text, where the escape means the same
    data = "[" + ",".join(figure.to_json() for figure in figures) + "]"
    data = data.replace("<", "\\u003c")
    return (
        f'<script type="application/json" id="figures">{data}</script>\n'
        f"<script>{get_plotlyjs()}</script>\n<script>{_asset('page.js')}</script>\n"
    )


def _tiles(tiles: Sequence[Tile]) -> str:
    if not tiles:
        return ""
    shown = "".join(
        f'<div class="tile"><dt>{_text(tile.label)}</dt>'
        f'<dd class="value">{_cell(tile.value)}</dd>'
        + (f'<dd class="note">{_text(tile.note)}</dd>' if tile.note else "")
        + "</div>"
        for tile in tiles
    )
    return f'<dl class="tiles">{shown}</dl>'


def _section(section: Section, numbers: Mapping[int, int]) -> str:
    note = f'<p class="soft">{_text(section.note)}</p>' if section.note else ""
    content = section.content
    if isinstance(content, go.Figure):
        shown = (
            f'<div class="figure" id="figure-{numbers[id(content)]}" role="img" '
            f'aria-label="{_text(section.title)}"></div>'
        )
    elif isinstance(content, Table):
        shown = _table(content)
    elif isinstance(content, str):
        shown = f'<p class="text">{_text(content)}</p>'
    else:
        rows = [(goal.name, goal.wanted, goal.reached, _Pill(goal.met)) for goal in content]
        shown = _table(Table(("goal", "wanted", "reached", ""), rows))
    return f"<section><h2>{_text(section.title)}</h2>{note}{shown}</section>"


def _table(table: Table) -> str:
    if not table.rows:
        return '<p class="soft">Nothing to show yet.</p>'
    aside = [_is_number([row[i] for row in table.rows]) for i in range(len(table.columns))]
    mark = [' class="number"' if number else "" for number in aside]
    head = "".join(
        f'<th scope="col"{m}>{_text(c)}</th>' for c, m in zip(table.columns, mark, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{m}>{_cell(cell)}</td>" for cell, m in zip(row, mark, strict=True))
        + "</tr>"
        for row in table.rows
    )
    inner = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="scroll"><table>{inner}</table></div>'


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    shown = "".join(f"<li>{_text(note)}</li>" for note in notes)
    return f"<section><h2>Read this with the numbers</h2><ul>{shown}</ul></section>"


def _footer(report: Report) -> str:
    version, recipe = "", ""
    if report.data_version:
        version = f"<p>Data version <code>{_text(report.data_version)}</code></p>"
    if report.recipe:
        rows = "".join(
            f"<tr><td>{_text(name)}</td><td><code>{_text(value)}</code></td></tr>"
            for name, value in report.recipe.items()
        )
        recipe = (
            "<details><summary>Recipe of this run</summary>"
            f'<div class="scroll"><table><tbody>{rows}</tbody></table></div></details>'
        )
    return f'<footer class="soft">{version}{recipe}</footer>' if version or recipe else ""


@dataclass(frozen=True)
class _Pill:
    met: bool | None


def _cell(value: Any) -> str:
    if isinstance(value, _Pill):
        kinds = {True: ("met", "met"), False: ("unmet", "not met"), None: ("open", "not measured")}
        kind, said = kinds[value.met]
        return f'<span class="pill {kind}">{said}</span>'
    if isinstance(value, Interval):
        bounds = f"[{value.low:.3f}, {value.high:.3f}]"
        return f'{value.value:.3f} <span class="bounds">{bounds}</span>'
    return _text(value)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Amount, Gain)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100 else f"{value:.4g}"
    return escape(str(value))


def _is_number(cells: Sequence[Any]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return all(
        isinstance(cell, (int, float, Interval)) and not isinstance(cell, bool) for cell in known
    )


@cache
def _asset(name: str) -> str:
    return files("querist.reports").joinpath(name).read_text(encoding="utf-8")
