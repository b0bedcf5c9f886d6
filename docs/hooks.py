"""Put docstrings and help texts into the pages.

A line `::: querist.name` becomes the reference of that name, `::: cli verb` that of a command.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from typing import Any

_LINE = re.compile(r"^::: (cli )?(\S+)$", re.MULTILINE)
_SECTION = re.compile(r"^([A-Z][a-z]+(?: [A-Z][a-z]+)*)\n-{3,}\n", re.MULTILINE)
_ENTRY = re.compile(r"^(\S[^\n]*?)(?: : ([^\n]+))?$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs for every page."""
    return _LINE.sub(lambda found: (command if found[1] else render)(found[2]), markdown)


def commands() -> dict[str, Any]:
    """The verbs of the command line, by name."""
    import typer

    from querist.cli import app

    return dict(typer.main.get_command(app).commands)


def command(verb: str) -> str:
    """Usage, help and options of a command, as Markdown."""
    found = commands()[verb]
    shown = [_parameter(part) for part in found.params if part.name != "help"]
    usage = " ".join(["querist", verb, *(part for part, _, required in shown if required)])
    rows = [f"| `{part}` | {text} |" for part, text, _ in shown]
    return "\n".join(
        [f"```text\n{usage} [options]\n```\n", inspect.cleandoc(found.help), ""]
        + (["| | |", "|---|---|", *rows] if rows else [])
    )


def _parameter(part: Any) -> tuple[str, str, bool]:
    """How a parameter is written, what it does, and whether it has a place in the usage line."""
    if part.param_type_name == "argument":
        written = part.metavar or part.name.upper()
    else:
        written = ", ".join(part.opts)
    text = (part.help or "").replace("|", "\\|")
    if part.default and not callable(part.default):
        text += f" Default: `{part.default}`."
    return written, text, part.param_type_name == "argument"


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
    named = [p.replace(annotation=p.empty) for p in shown.parameters.values() if p.name != "self"]
    bare = shown.replace(parameters=named, return_annotation=shown.empty)
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
