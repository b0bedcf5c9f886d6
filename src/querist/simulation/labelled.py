"""Labelled data from a file, for replays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from querist.core.errors import BadInput
from querist.pools import open_pool
from querist.pools.base import BasePool


def read_labelled(file: Path, label: str, **columns: Any) -> tuple[Any, list[Any], Any]:
    """Items, true labels and groups of a file; None where no column of groups was named.

    Parameters
    ----------
    file : Path
    label : str
        Column (or array) of the true labels.
    **columns
        id, text, features, images, groups: as `querist.open_pool` takes them.

    Raises
    ------
    BadInput
        When the file cannot be read, or a row has no label.
    """
    pool = open_pool(file, label=label, **columns)
    labels = list(getattr(pool, "given_labels", list)())
    missing = sum(value is None for value in labels)
    if missing or not labels:
        raise BadInput(
            f"a replay needs the true label of every row, but {missing or 'all'} of the "
            f"{len(pool)} rows of {file} have none in column {label!r}; drop them, or start a "
            "campaign with: querist new"
        )
    items = pool.items(np.arange(len(pool)))
    groups = pool.groups() if columns.get("groups") and isinstance(pool, BasePool) else None
    return (_as_table(items, pool) if pool.kind == "table" else items), labels, groups


def _as_table(items: Any, pool: Any) -> pa.Table:
    """A table's items with the names and types of its columns, so that parts can be opened."""
    columns = {}
    for at, (name, numeric) in enumerate(zip(pool.columns, pool.numeric, strict=True)):
        kind = pa.float64() if numeric else pa.string()
        columns[name] = pa.array(items[:, at], type=kind, from_pandas=True)  # NaN is a gap
    return pa.table(columns)
