"""Figures, pages and sentences drawn from plain values.

`figures` and `page` load plotly, so they are imported by name.
"""

from querist.reports.text import why

__all__ = ["why"]
