"""Rows of every container, in order and without copies where they are slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from querist.models.batches import blocks, count, take

VALUES = np.arange(10)
CONTAINERS: dict[str, Any] = {
    "list": VALUES.tolist(),
    "array": VALUES[:, None],
    "csr": sparse.csr_matrix(VALUES[:, None]),
    "coo": sparse.coo_matrix(VALUES[:, None]),
    "pandas": pd.DataFrame({"x": VALUES}),
    "polars": pl.DataFrame({"x": VALUES}),
}


def flat(items: Any) -> list[int]:
    if hasattr(items, "toarray"):
        items = items.toarray()
    return np.asarray(items).ravel().tolist()


@pytest.mark.parametrize("items", CONTAINERS.values(), ids=CONTAINERS)
def test_blocks_and_take(items: Any) -> None:
    assert count(items) == 10
    parts = list(blocks(items, 4))
    assert [count(part) for part in parts] == [4, 4, 2]
    assert [value for part in parts for value in flat(part)] == VALUES.tolist()
    assert flat(take(items, np.array([7, 0, 7]))) == [7, 0, 7]
    assert next(blocks(items, 10)) is items


def test_blocks_of_an_array_are_views() -> None:
    assert all(
        np.shares_memory(part, CONTAINERS["array"]) for part in blocks(CONTAINERS["array"], 3)
    )
