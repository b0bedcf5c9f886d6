"""What the terminal annotator shows: an item, its labels with their keys, a line of news."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from querist.reports.text import fields_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

KEYS = "1234567890abdefhijklmnoprtvwyz"  # of labels; the letters missing here are commands
WIDE = 78  # columns of text


def show(screen: Console, far: str, item: Any, below: RenderableType, message: str) -> None:
    """A fresh screen: how far one is, the item, what may be pressed, and the latest news."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.rule import Rule
    from rich.text import Text

    page = Group(
        Rule(Text(far, "dim"), align="left", style="dim"),
        Padding(_shown(item), (1, 2)),
        Padding(below, (0, 2)),
        Padding(Text(message, "dim"), (1, 2, 0, 2)),
    )
    screen.clear()
    screen.print(page, width=min(WIDE, screen.width))


def choices(form: Mapping[str, Any], chosen: Sequence[str], typed: str) -> RenderableType:
    """The labels with their keys, those chosen marked; or the bounds of a number."""
    from rich.columns import Columns
    from rich.text import Text

    if form["kind"] == "number":
        low, high = (_bound(form.get(name)) for name in ("low", "high"))
        return Text(f"a number, {low} to {high}, then Enter: {typed}", "bold")
    shown = []
    for place, name in enumerate(form["labels"]):
        key = KEYS[place] if place < len(KEYS) else "/"
        on = name in chosen
        label = Text(f" {clean(name)}{' *' if on else ''}", "bold" if on else "")
        shown.append(Text.assemble((f" {key} ", "reverse"), label))
    if form["kind"] == "choices":
        shown.append(Text("Enter submits", "dim"))
    return Columns(shown, padding=(0, 4))


def _bound(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _shown(item: Any) -> RenderableType:
    """An item as a person reads it; nothing in it is taken as markup."""
    from rich.table import Table
    from rich.text import Text

    if not isinstance(item, Mapping):
        return Text(clean(item if isinstance(item, str) else json.dumps(item)), "bold")
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in item.items():
        table.add_row(Text(clean(str(name)), "dim"), Text(clean(str(value))))
    return table


def plain(item: Any) -> str:
    r"""An item on one line.

    Examples
    --------
    >>> plain("two\nlines"), plain({"a": 1, "b": "c"})
    ('two lines', 'a: 1 · b: c')
    """
    if isinstance(item, Mapping):
        item = fields_of(item)
    text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
    return " ".join(clean(text).split())


def clean(text: str) -> str:
    r"""Text without what a terminal would take as a command.

    Examples
    --------
    >>> clean("a\x1b[2Jb\tc")
    'a[2Jb\tc'
    """
    return "".join(c for c in text if c.isprintable() or c in "\n\t")
