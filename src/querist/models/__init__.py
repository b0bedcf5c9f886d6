"""Models: adapters, defaults, feature geometry, committees and the model store.

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from querist.models.committee import committee_draws, committee_numbers
    from querist.models.defaults import default_model
    from querist.models.draws import draws_from
    from querist.models.geometry import Geometry
    from querist.models.sklearn import SklearnModel, wrap
    from querist.models.store import ModelStore
    from querist.models.threads import one_thread

_HOMES = {
    "Geometry": "geometry",
    "ModelStore": "store",
    "SklearnModel": "sklearn",
    "committee_draws": "committee",
    "committee_numbers": "committee",
    "default_model": "defaults",
    "draws_from": "draws",
    "one_thread": "threads",
    "wrap": "sklearn",
}
__all__ = [
    "Geometry",
    "ModelStore",
    "SklearnModel",
    "committee_draws",
    "committee_numbers",
    "default_model",
    "draws_from",
    "one_thread",
    "wrap",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
