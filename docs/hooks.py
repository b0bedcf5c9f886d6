"""Put docstrings into the pages: a line `::: querist.name` becomes the reference of that name."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

_LINE = re.compile(r"^::: (\S+)$", re.MULTILINE)
_SECTION = re.compile(r"^([A-Z][a-z]+(?: [A-Z][a-z]+)*)\n-{3,}\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\S[^\n]*?)(?: : ([^\n]+))?$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    return _LINE.sub(lambda found: render(found[1]), markdown)


def resolve(name: str) -> Any:
    """The object behind a dotted name; its module is the longest part that imports."""
    module, _, rest = name.rpartition(".")
    try:
        return getattr(import_module(module), rest)
    except ModuleNotFoundError:
        return getattr(resolve(module), rest)


def render(name: str) -> str:
    """Heading, signature and docstring of a public name, as Markdown."""
    thing = resolve(name)
    short = name.rpartition(".")[2]
    text = inspect.cleandoc(thing.__doc__ or "")
    head, *sections = _SECTION.split(text)
    parts = [f"### `{short}`\n", _signature(short, thing), head.strip(), ""]
    for title, body in zip(sections[::2], sections[1::2], strict=True):
        parts += [f"**{title}**\n", _section(title, body.strip("\n")), ""]
    return "\n".join(parts)


def _signature(short: str, thing: Any) -> str:
    if not callable(thing):
        return ""
    try:
        shown = inspect.signature(thing)
    except ValueError:
        return ""
    bare = shown.replace(
        parameters=[p.replace(annotation=p.empty) for p in shown.parameters.values()],
        return_annotation=shown.empty,
    )
    return f"```text\n{short}{bare}\n```\n"


def _section(title: str, body: str) -> str:
    if title == "Examples":
        return f"```pycon\n{body}\n```"
    if title not in ("Parameters", "Attributes", "Returns", "Raises", "Yields"):
        return body
    lines = []
    for line in body.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            kind = f" ({entry[2]})" if entry[2] else ""
            lines.append(f"- `{entry[1]}`{kind}:")
        else:
            lines.append(f"    {line.strip()}")
    return "\n".join(lines)
