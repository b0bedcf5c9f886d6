"""Replays on data whose labels are known: one curve, or strategies compared seed by seed.

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.simulation.comparison import Comparison
    from querist.simulation.curve import Curve
    from querist.simulation.engine import simulate
    from querist.simulation.findings import Findings
    from querist.simulation.runs import compare
    from querist.simulation.study import Study

_HOMES = {
    "Comparison": "comparison",
    "Curve": "curve",
    "Findings": "findings",
    "Study": "study",
    "compare": "runs",
    "simulate": "engine",
}
__all__ = ["Comparison", "Curve", "Findings", "Study", "compare", "simulate"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
