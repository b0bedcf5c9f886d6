"""What every verb says and how: JSON, tables, a progress bar, one line for an error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

_WIDEST = 240  # characters of a cell of a table


def say_json(value: Any) -> None:
    """Print one JSON value as a line, at once."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")
    sys.stdout.flush()


def say(*lines: str) -> None:
    """Print lines of text as they are."""
    for line in lines:
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def hint(line: str) -> None:
    """Tell a person what to do next, without touching what a script reads."""
    sys.stderr.write(line + "\n")


def console(*, stderr: bool = False) -> Console:
    """A rich console; plain text, unbroken lines and no markup in a pipe."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, markup=False)
    made.soft_wrap = not made.is_terminal
    return made


def say_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print a table: drawn on a terminal, tab-separated in a pipe."""
    if not sys.stdout.isatty():
        say("\t".join(columns), *("\t".join(cell(c, wide=True) for c in row) for row in rows))
        return
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(cell(c) for c in row))
    console().print(table)


def say_pairs(pairs: Mapping[str, Any]) -> None:
    """Print names and values in two columns."""
    width = max(map(len, pairs), default=0)
    say(*(f"{name:<{width}}  {cell(value, wide=True)}" for name, value in pairs.items()))


def cell(value: Any, *, wide: bool = False) -> str:
    r"""A value as the cell of a table, on one line.

    Examples
    --------
    >>> cell(0.123456), cell(None), cell("two\nlines"), cell({"low": 1})
    ('0.1235', '-', 'two lines', '{"low": 1}')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    )
    text = " ".join(text.split())
    return text if wide or len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def write(path: Any, text: str) -> None:
    """Write a text file, UTF-8 on every platform."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show a progress bar on a terminal and nothing in a pipe.

    Gives ``advance(n, note="")``: how many more of `total` are done, and what to show beside it.
    """
    if not sys.stderr.isatty():
        yield lambda *_, **__: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = [SpinnerColumn(), TextColumn("{task.description}")]
    columns += [BarColumn(), MofNCompleteColumn()] if total else []
    shown = Progress(
        *columns,
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=console(stderr=True),
        transient=True,
    )
    with shown:
        task = shown.add_task(what, total=total, note="")

        def advance(n: int = 1, *, note: str = "") -> None:
            shown.update(task, advance=n, note=note)

        yield advance


def _plain(value: Any) -> Any:
    """What JSON has no form for: numpy scalars and arrays, frozen values, mappings."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "__dict__"):
        return vars(value)
    return str(value)
