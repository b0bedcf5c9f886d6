"""What is known of the labelled items, as the strategies that learn from it read it."""

from __future__ import annotations

import numpy as np

from querist.core.errors import BadInput
from querist.core.types import Floats, Ints, Labelled, Signals


def known_vectors(signals: Signals) -> Floats | None:
    """Vectors (m, d) of the labelled items, None when nothing is labelled or they are unknown."""
    known = None if signals.labelled is None else signals.labelled.vectors
    return known if known is not None and known.shape[0] else None


def class_targets(name: str, labelled: Labelled) -> Ints:
    """Class positions of the labelled items, (m,).

    Raises
    ------
    BadInput
        For several labels an item, and for numbers.

    Examples
    --------
    >>> class_targets("QUIRE", Labelled(None, np.array([0.0, 2.0]), ("a", "b", "c")))
    array([0, 2])
    """
    targets = labelled.targets
    if targets.ndim != 1:
        raise BadInput(
            f"{name} learns from one class per labelled item, but labelled.targets has shape "
            f"{targets.shape}; for several labels an item use another strategy"
        )
    if len(targets) and not len(labelled.classes) and not _is_positions(targets):
        raise BadInput(
            f"{name} learns from classes, but labelled.targets are numbers ({targets.dtype}) and "
            "labelled.classes is empty; for numbers use another strategy"
        )
    return np.asarray(targets, dtype=np.int64)


def number_targets(name: str, labelled: Labelled) -> Floats:
    """The numbers told, (m,).

    Raises
    ------
    BadInput
        For several labels an item.

    Examples
    --------
    >>> number_targets("GSy", Labelled(None, np.array([2, 5])))
    array([2., 5.])
    """
    if labelled.targets.ndim != 1:
        raise BadInput(
            f"{name} learns from one number per labelled item, but labelled.targets has shape "
            f"{labelled.targets.shape}; for several labels an item use another strategy"
        )
    return np.asarray(labelled.targets, dtype=np.float64)


def _is_positions(targets: Floats) -> bool:
    return targets.dtype.kind in "iub" and bool(targets.min() >= 0)
