"""What every room of the tests may use: the real data sets beside the checkout."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import settings

# Shared cores make single examples slow, and a failure has to come back on the next run.
settings.register_profile("querist", deadline=None, derandomize=True)
settings.load_profile("querist")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever reads the shared data, so that `-m "not data"` leaves it out."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker("data")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data sets; skips the test where it is absent."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("QUERIST_SHARED_DATA", beside))
    if not (folder / "sets").is_dir():
        pytest.skip("needs ../shared/data beside the checkout (or QUERIST_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session")
def load_set(shared_data: Path) -> Callable[[str], dict[str, Any]]:
    """Load one data set by name.

    The dict holds every array of `data.npz` by its own name (`X`, `y`, ...), every
    parquet file as a pyarrow table by its stem (`data`, `answers`, `truth`, ...),
    and `meta`.
    """

    def load(name: str) -> dict[str, Any]:
        folder = shared_data / "sets" / name
        if not folder.is_dir():
            pytest.skip(f"needs the data set {name!r} in the shared data")
        parts: dict[str, Any] = {"meta": json.loads((folder / "meta.json").read_text())}
        for path in folder.glob("*.npz"):
            with np.load(path, allow_pickle=False) as arrays:
                parts |= {key: arrays[key] for key in arrays.files}
        for path in folder.glob("*.parquet"):
            parts[path.stem] = pq.read_table(path)
        return parts

    return load
