"""Transformers of the default models and of the feature geometry.

They are classes of this module, not closures, so that fitted Pipelines can be saved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin

from querist.core.errors import BadInput
from querist.core.types import Floats

MAX_CATEGORIES = 50  # one-hot columns of one table column; rarer values become all zeros
SIDE = 32  # pixels; larger images are averaged down, which bounds memory and fitting time


def table_columns(items: Any, names: Sequence[str] | None = None) -> dict[str, NDArray[Any]]:
    """Columns of a table batch by name: frames, Arrow tables, dicts or an object array.

    The columns of an array go by `names`, or by their position.

    Examples
    --------
    >>> table_columns([{"age": 3, "city": "Rome"}, {"age": None}])["city"]
    array(['Rome', None], dtype=object)
    """
    if isinstance(items, np.ndarray):
        found = [str(j) for j in range(items.shape[1])] if names is None else names
        return {name: items[:, j] for j, name in enumerate(found)}
    if hasattr(items, "column_names"):  # pyarrow
        return {n: np.asarray(items.column(n).to_pandas()) for n in items.column_names}
    if hasattr(items, "columns"):  # pandas, polars
        return {str(name): items[name].to_numpy() for name in items.columns}
    keys = dict.fromkeys(key for row in items for key in row)
    return {str(key): _objects([row.get(key) for row in items]) for key in keys}


def _objects(values: list[Any]) -> NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    if values.dtype.kind in "fmM":
        return np.asarray(values != values)  # true of NaN and NaT alone
    if values.dtype.kind != "O":
        return np.zeros(len(values), dtype=bool)
    flags = [v is None or (v != v) is not False or str(v) == "" for v in values.tolist()]
    return np.array(flags, dtype=bool)


def _is_numeric(values: NDArray[Any]) -> bool:
    if values.dtype.kind != "O":
        return values.dtype.kind in "biufmM"
    known = values[~_missing(values)].tolist()
    return bool(known) and all(isinstance(v, int | float | np.number) for v in known)


def _numbers(values: NDArray[Any]) -> Floats:
    """The column as float64, NaN where it is missing or no number."""
    if values.dtype.kind in "mM":
        dates = values.astype("int64").astype(np.float64)
        dates[np.isnat(values)] = np.nan
        return dates
    if values.dtype.kind != "O":
        return values.astype(np.float64)
    out = np.full(len(values), np.nan)
    for i, value in enumerate(values.tolist()):
        if isinstance(value, int | float | np.number):
            out[i] = value
    return out


class TableEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Numbers imputed by the median and z-scored, categories one-hot, gaps flagged.

    Parameters
    ----------
    columns : sequence of str, optional
        Names of the columns of an object array, which has none of its own.
    numeric : sequence of bool, optional
        Which columns hold numbers, in their order; by default those that do in the rows
        of `fit`.

    Examples
    --------
    >>> rows = [{"age": 20, "city": "Rome"}, {"age": 40, "city": "Oslo"}, {"age": None}]
    >>> TableEncoder().fit_transform(rows).round(1)
    array([[-1.2,  0. ,  0. ,  1. ,  0. ],
           [ 1.2,  0. ,  1. ,  0. ,  0. ],
           [ 0. ,  1. ,  0. ,  0. ,  1. ]])
    """

    def __init__(
        self, columns: Sequence[str] | None = None, numeric: Sequence[bool] | None = None
    ) -> None:
        self.columns = columns
        self.numeric = numeric

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn medians, scales and categories of a batch of rows."""
        self.plans_: dict[str, dict[str, Any]] = {}
        for at, (name, values) in enumerate(table_columns(X, self.columns).items()):
            missing = _missing(values)
            plan: dict[str, Any] = {"flag": bool(missing.any())}
            number = _is_numeric(values) if self.numeric is None else self.numeric[at]
            if number or missing.all():
                plan |= self._scale(_numbers(values))
            else:
                counts = Counter(map(str, values[~missing].tolist()))
                ordered = sorted(counts, key=lambda value: (-counts[value], value))
                plan["categories"] = sorted(ordered[:MAX_CATEGORIES])
            self.plans_[name] = plan
        return self

    @staticmethod
    def _scale(numbers: Floats) -> dict[str, Any]:
        known = numbers[np.isfinite(numbers)]
        if not len(known):
            return {"median": 0.0, "mean": 0.0, "scale": 1.0}
        median = float(np.median(known))
        filled = np.where(np.isfinite(numbers), numbers, median)
        return {
            "median": median,
            "mean": float(filled.mean()),
            "scale": float(filled.std()) or 1.0,
        }

    def transform(self, X: Any) -> Floats:
        """Features (n, d) float64 of a batch of rows; unknown categories are all zeros."""
        columns = table_columns(X, self.columns)
        absent = [name for name in self.plans_ if name not in columns]
        if absent and not isinstance(X, list | tuple):
            raise BadInput(
                f"the column {absent[0]!r} that the model was trained on is not among "
                f"{list(columns)[:20]}; give items of the same columns"
            )
        parts: list[Floats] = []
        for name, plan in self.plans_.items():
            values = columns.get(name, _objects([None] * len(X)))
            missing = _missing(values)
            if "categories" in plan:
                parts.append(self._one_hot(values, missing, plan["categories"]))
            else:
                numbers = _numbers(values)
                filled = np.where(np.isfinite(numbers), numbers, plan["median"])
                parts.append(((filled - plan["mean"]) / plan["scale"])[:, None])
            if plan["flag"]:
                parts.append(missing[:, None].astype(np.float64))
        return np.concatenate(parts, axis=1)

    @staticmethod
    def _one_hot(values: NDArray[Any], missing: NDArray[np.bool_], categories: list[str]) -> Floats:
        place = {value: j for j, value in enumerate(categories)}
        codes = np.array([place.get(str(value), -1) for value in values.tolist()])
        codes[missing] = -1
        out = np.zeros((len(values), len(categories)))
        rows = np.flatnonzero(codes >= 0)
        out[rows, codes[rows]] = 1
        return out


@lru_cache(maxsize=100_000)
def thumbnail(path: Path) -> NDArray[np.uint8]:
    """An image file as (32, 32, 3); kept, because every round looks at the whole pool."""
    with Image.open(path) as image:
        image.draft("RGB", (SIDE, SIDE))  # lets JPEG skip most of the decoding
        return _small(image)


def _small(image: Image.Image) -> NDArray[np.uint8]:
    resized = image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(resized, dtype=np.uint8)


def image_batch(items: Any) -> NDArray[Any]:
    """A batch of images as one array: as it is, or 32 x 32 when it holds files or many shapes.

    Examples
    --------
    >>> image_batch([np.zeros((9, 5), np.uint8), np.zeros((8, 8, 3), np.uint8)]).shape
    (2, 32, 32, 3)
    """
    if isinstance(items, np.ndarray) and items.dtype != object:
        return items
    if hasattr(items, "paths"):
        return np.stack([thumbnail(path) for path in items.paths])
    images = [np.asarray(item) for item in items]
    if len({image.shape for image in images}) == 1:
        return np.stack(images)
    return np.stack([_small(Image.fromarray(image)) for image in images])


class Pixels(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Images flattened to (n, d) float32 in [0, 1], large ones averaged down first.

    Examples
    --------
    >>> Pixels().fit_transform(np.full((2, 64, 64), 255, dtype=np.uint8)).shape
    (2, 1024)
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the scale: integers are divided by 255, other numbers by their largest value."""
        images = image_batch(X)
        top = 255.0 if images.dtype.kind in "iu" else float(np.abs(images).max(initial=0.0))
        self.top_ = top or 1.0
        return self

    def transform(self, X: Any) -> Floats:
        """Features (n, d) of images (n, h, w), (n, h, w, channels) or (n, channels, h, w)."""
        images = image_batch(X)
        if images.ndim < 2:
            raise BadInput(f"images must be (n, h, w[, channels]), but came as {images.shape}")
        if images.ndim == 4 and images.shape[1] < min(5, *images.shape[2:]):
            images = np.moveaxis(images, 1, 3)
        if images.ndim > 2 and (step := -(-max(images.shape[1:3]) // SIDE)) > 1:
            images = _averaged(images, step)
        flat = images.reshape(len(images), -1).astype(np.float32)
        flat /= self.top_
        return flat


def _averaged(images: NDArray[Any], step: int) -> NDArray[Any]:
    """Means of step x step squares; a rest at the edges is cut."""
    n, h, w = images.shape[:3]
    down, across = min(step, h), min(step, w)
    high, wide = h // down, w // across
    cut = images[:, : high * down, : wide * across]
    squares = cut.reshape(n, high, down, wide, across, -1)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32))
