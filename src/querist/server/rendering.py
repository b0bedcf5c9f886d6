"""Templates as text: whatever is put into them is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
)


def rendered(template: str, **values: Any) -> str:
    """A template filled with values."""
    return _TEMPLATES.get_template(template).render(**values)
