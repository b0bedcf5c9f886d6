"""Encoders: gaps, unknown categories, dates, images of many shapes and files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from querist.core.errors import BadInput
from querist.models.features import MAX_CATEGORIES, Pixels, TableEncoder, thumbnail

ROWS = [{"n": 1.0, "c": "x"}, {"n": None, "c": "y"}, {"n": 3.0, "c": None}, {"n": 8.0, "c": "x"}]


class Files(list[Any]):
    """Arrays that know their files, as the pool of a folder hands them out."""

    paths: tuple[Path, ...] = ()


def test_every_container_gives_the_same_features() -> None:
    frame = pd.DataFrame(ROWS)
    want = TableEncoder().fit_transform(ROWS)
    assert want.shape == (4, 5)  # number, gap, x, y, gap
    np.testing.assert_array_equal(
        want[:, 1:], [[0, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    )
    assert want[:, 0].mean() == pytest.approx(0)
    assert want[:, 0].std() == pytest.approx(1)
    batches: list[Any] = [frame, pl.DataFrame(ROWS), pa.Table.from_pylist(ROWS)]
    for batch in [*batches, frame.to_numpy(dtype=object)]:
        np.testing.assert_array_equal(TableEncoder().fit_transform(batch), want)


def test_unknown_categories_are_zeros_and_rare_ones_are_capped() -> None:
    encoder = TableEncoder().fit([{"c": f"v{i}"} for i in range(200)])
    out = encoder.transform([{"c": "new"}, {"c": "v0"}])
    assert out.shape == (2, MAX_CATEGORIES)
    assert out.sum(axis=1).tolist() == [0, 1]


def test_declared_columns_do_not_depend_on_the_rows() -> None:
    empty = np.array([[None, None]], dtype=object)
    encoder = TableEncoder(("n", "c"), (True, False)).fit(np.array([[2, 5]], dtype=object))
    assert encoder.transform(empty).tolist() == [[0, 0]]
    assert encoder.transform([{"n": 2, "c": 5}]).tolist() == [[0, 1]]


def test_dates_booleans_and_missing_columns() -> None:
    frame = pd.DataFrame(
        {"d": [datetime(2020, 1, day) for day in (1, 2, 3)], "b": [True, False, True]}
    )
    out = TableEncoder().fit_transform(frame)
    assert np.isfinite(out).all()
    assert (np.diff(out[:, 0]) > 0).all()
    with pytest.raises(BadInput, match=r"column 'b'.*is not among"):
        TableEncoder().fit(frame).transform(frame[["d"]])


def test_images_last_first_and_gray_are_averaged_down() -> None:
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 48, 3)).astype(np.uint8)
    out = Pixels().fit_transform(image)
    assert out.shape == (2, 32 * 24 * 3)
    assert out[0, 0] == pytest.approx(image[0, :2, :2, 0].mean() / 255, rel=1e-5)
    np.testing.assert_array_equal(Pixels().fit_transform(np.moveaxis(image, 3, 1)), out)
    assert Pixels().fit_transform(image[..., 0].astype(float) / 255).shape == (2, 32 * 24)


def test_lists_of_many_shapes_and_files(tmp_path: Path) -> None:
    shapes = [np.full((40, 30), 255, np.uint8), np.zeros((9, 9, 3), np.uint8)]
    out = Pixels().fit_transform(shapes)
    assert out.shape == (2, 32 * 32 * 3)
    assert out.mean(axis=1).tolist() == [1, 0]
    paths = []
    for i, array in enumerate(shapes):
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(array).save(paths[-1])

    files = Files(shapes)
    files.paths = tuple(paths)
    np.testing.assert_array_equal(Pixels().fit_transform(files), out)
    assert thumbnail(paths[0]) is thumbnail(paths[0])
    with pytest.raises(BadInput, match="images must be"):
        Pixels().fit(shapes).transform(np.zeros(3))
