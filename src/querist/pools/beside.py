"""What comes beside the items, a value a row: prices and groups; neither shown nor a feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from querist.core.errors import BadInput
from querist.core.types import Floats

MOST_GROUPS = 1000  # above that the column is an id or a measurement, not a group


@dataclass(frozen=True, eq=False)
class Beside:
    """Prices and groups of the rows of a pool, each (n,) or None."""

    costs: Floats | None = None
    groups: NDArray[np.str_] | None = None

    @classmethod
    def checked(cls, costs: Any, groups: Any, n: int) -> Beside:
        """From values of `n` rows as they came; BadInput when they are unfit."""
        return cls(
            None if costs is None else check_costs(costs, n),
            None if groups is None else check_groups(groups, n),
        )

    @classmethod
    def joined(cls, parts: Sequence[Beside]) -> Beside:
        """Those of several pools, one behind the other; all of them have costs, or none has."""
        return cls(
            _joined("costs", [part.costs for part in parts]),
            _joined("groups", [part.groups for part in parts]),
        )


def _joined(name: str, given: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
    known = [values for values in given if values is not None]
    if known and len(known) < len(given):
        at = [values is None for values in given].index(True)
        raise BadInput(
            f"items of the pool have {name} but part {at} has none; give {name}= with it"
        )
    return np.concatenate(known) if known else None


def check_costs(values: Any, n: int) -> Floats:
    """Prices of labels as numbers, (n,).

    Raises
    ------
    BadInput
        Naming the first row whose price is missing, not finite or not positive.

    Examples
    --------
    >>> check_costs([1, 2.5], 2)
    array([1. , 2.5])
    """
    if isinstance(values, str):
        raise BadInput(
            f"costs={values!r} names a column, but this data has no columns; "
            f"give a sequence of {n} prices, or None"
        )
    try:
        costs = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"costs are numbers, one price per row: {error}") from error
    if costs.shape != (n,):
        raise BadInput(f"expected one price per row ({n}), but costs have shape {costs.shape}")
    wrong = ~(np.isfinite(costs) & (costs > 0))
    if wrong.any():
        row = int(wrong.argmax())
        raise BadInput(f"costs are positive and finite, but that of row {row} is {costs[row]}")
    return costs


def check_groups(values: Any, n: int) -> NDArray[np.str_]:
    """Groups as texts, (n,); whole numbers lose their point.

    Raises
    ------
    BadInput
        Naming the first row without a group, and for a column that is no grouping.

    Examples
    --------
    >>> check_groups(["north", 2.0], 2).tolist()
    ['north', '2']
    """
    if isinstance(values, str):
        raise BadInput(
            f"groups={values!r} names a column, but this data has no columns; "
            f"give a sequence of {n} groups, or None"
        )
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if len(listed) != n:
        raise BadInput(f"expected one group per row ({n}), but {len(listed)} came")
    found = [_group(value, row) for row, value in enumerate(listed)]
    if (many := len(set(found))) > MOST_GROUPS:
        raise BadInput(
            f"groups holds {many} different values, which is no grouping (at most {MOST_GROUPS}); "
            "name a column such as a region, or cut numbers into ranges"
        )
    return np.array(found, dtype=np.str_)


def _group(value: Any, row: int) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    said = "" if value is None or value != value else str(value).strip()
    if not said:
        raise BadInput(f"row {row} has no group; write one such as 'unknown' there")
    return said
