"""Active learning: decide what to label next, collect the labels, retrain, know when to stop."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist import errors, metrics, models, pools, stopping, strategies
    from querist.core.progress import progress
    from querist.core.questions import Choice, Choices, Number, Pairwise, Spans
    from querist.core.types import Labelled, Round, Signals, Task, Verdict
    from querist.loop.build import campaign
    from querist.loop.campaign import Campaign
    from querist.loop.folder import open_folder
    from querist.loop.plan import plan
    from querist.loop.worth import assess
    from querist.pools import open_pool
    from querist.simulation import Comparison, Curve, compare, oracles, simulate

__version__ = "0.1.0"

# public name -> where it lives; loaded on first use, so that `import querist` costs numpy only
_HOMES = {
    "Campaign": "querist.loop.campaign",
    "Choice": "querist.core.questions",
    "Choices": "querist.core.questions",
    "Comparison": "querist.simulation",
    "Curve": "querist.simulation",
    "Labelled": "querist.core.types",
    "Number": "querist.core.questions",
    "Pairwise": "querist.core.questions",
    "Round": "querist.core.types",
    "Signals": "querist.core.types",
    "Spans": "querist.core.questions",
    "Task": "querist.core.types",
    "Verdict": "querist.core.types",
    "assess": "querist.loop.worth",
    "campaign": "querist.loop.build",
    "compare": "querist.simulation",
    "open_folder": "querist.loop.folder",
    "open_pool": "querist.pools",
    "plan": "querist.loop.plan",
    "progress": "querist.core.progress",
    "simulate": "querist.simulation",
}
_ROOMS = {
    "errors": "querist.errors",
    "metrics": "querist.metrics",
    "models": "querist.models",
    "oracles": "querist.simulation.oracles",
    "pools": "querist.pools",
    "stopping": "querist.stopping",
    "strategies": "querist.strategies",
}

__all__ = [*sorted(_HOMES), *sorted(_ROOMS)]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(_ROOMS[name])
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'querist' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
