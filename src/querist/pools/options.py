"""How a pool is to be opened: the arguments of `open_pool`, as every factory gets them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from querist.core.errors import BadInput


@dataclass(frozen=True, eq=False)
class Options:
    """The keyword arguments of `open_pool`.

    Examples
    --------
    >>> Options(features="age, dose").feature_names()
    ('age', 'dose')
    """

    id: str | Sequence[Any] | None = None
    text: str | None = None
    features: str | Sequence[str] | None = None
    label: str | Sequence[Any] | None = None
    images: bool = False
    mixed: bool = False
    costs: str | Sequence[Any] | None = None
    groups: str | Sequence[Any] | None = None

    def feature_names(self) -> tuple[str, ...]:
        """The features as names, empty when none were given."""
        if self.features is None:
            return ()
        if isinstance(self.features, str):
            return tuple(name.strip() for name in self.features.split(",") if name.strip())
        return tuple(str(name) for name in self.features)

    def refuse(self, *names: str, because: str) -> None:
        """Raise BadInput when one of the options is given though it cannot apply."""
        for name in names:
            if getattr(self, name) is not None:
                raise BadInput(f"{name}={getattr(self, name)!r} cannot apply: {because}")
