"""Vectors are finite, float32, deterministic and near for near things, also for tiny pools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from querist.core.errors import BadInput
from querist.models import geometry as home
from querist.models.geometry import Geometry

RNG = np.random.default_rng(0)
TABLE = np.array([[1.0, "a"], [np.nan, "b"], [3.0, None]], dtype=object)
POOLS: dict[str, tuple[str, Any]] = {
    "texts": ("text", ["a cat sat", "the cat ran", "", "stocks fell", "stocks rose"]),
    "one text": ("text", ["alone"]),
    "no words": ("text", ["", "!?"]),
    "equal texts": ("text", ["same words"] * 4),
    "array": ("array", RNG.normal(size=(100, 5))),
    "one column": ("array", np.arange(5.0)[:, None]),
    "one row": ("array", np.ones((1, 3))),
    "constant column": ("array", np.c_[np.full(9, 0.1), np.arange(9.0)]),
    "integers": ("array", np.arange(12).reshape(6, 2)),
    "sparse": ("sparse", sparse.random(30, 200, 0.05, format="csr", random_state=0)),
    "sparse with empty rows": ("sparse", sparse.csr_matrix((3, 4))),
    "table": ("table", TABLE),
    "frame": ("table", pd.DataFrame({"x": [1.0, None, 2.0], "y": ["u", None, "v"]})),
    "images": ("image", RNG.integers(0, 256, (20, 8, 8)).astype(np.uint8)),
    "color images": ("image", RNG.integers(0, 256, (6, 50, 40, 3)).astype(np.uint8)),
    "equal images": ("image", np.full((3, 8, 8), 7, dtype=np.uint8)),
}


@pytest.mark.parametrize(("kind", "items"), POOLS.values(), ids=POOLS)
def test_every_pool_gets_finite_equal_vectors_again(kind: str, items: Any) -> None:
    vectors = Geometry(kind, seed=3).fit(items).transform(items)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == (items.shape[0] if hasattr(items, "shape") else len(items))
    assert vectors.shape[1] >= 1
    assert np.isfinite(vectors).all()
    again = Geometry(kind, seed=3).fit(items).transform(items)
    np.testing.assert_array_equal(vectors, again)


def test_texts_have_unit_norm_and_an_empty_one_none() -> None:
    texts: list[str] = POOLS["texts"][1]
    vectors = Geometry("text").fit(texts).transform(texts)
    norms = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(norms, [1, 1, 0, 1, 1], atol=1e-6)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[3] + 0.1


def test_arrays_are_z_scored_clipped_and_shrunk() -> None:
    x = RNG.normal(size=(500, 4)) * [1, 10, 100, 1] + [0, 5, 0, 0]
    x[0, 0] = 1e6
    vectors = Geometry("array").fit(x).transform(x)
    assert vectors.max() == pytest.approx(5 / 2)
    np.testing.assert_allclose(vectors[:, 1:].std(axis=0), 0.5, rtol=1e-4)
    np.testing.assert_allclose(vectors[:, 1:].mean(axis=0), 0, atol=1e-5)


def test_embeddings_stay_as_they_are() -> None:
    x = RNG.normal(size=(50, 8))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_array_equal(Geometry("array").fit(x).transform(x), x.astype(np.float32))


def test_latent_space_keeps_cosines_of_low_rank_data() -> None:
    x = np.abs(RNG.normal(size=(80, 3))) @ np.abs(RNG.normal(size=(3, 40)))
    vectors = Geometry("sparse").fit(sparse.csr_matrix(x)).transform(sparse.csr_matrix(x))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors @ vectors.T, unit @ unit.T, atol=1e-4)


def test_images_keep_distances_up_to_one_scale() -> None:
    images = RNG.integers(0, 256, (30, 4, 4)).astype(np.uint8)
    vectors = Geometry("image").fit(images).transform(images)
    flat = images.reshape(30, -1).astype(float)
    ours = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    true = np.linalg.norm(flat[:, None] - flat, axis=2)
    np.testing.assert_allclose(ours / ours.max(), true / true.max(), atol=1e-4)
    assert (vectors**2).sum(axis=1).mean() == pytest.approx(1, rel=1e-3)


def test_many_rows_are_fitted_on_an_evenly_spaced_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "FIT_ROWS", 10)
    x = np.arange(100.0)[:, None]
    picked = x[np.linspace(0, 99, 10).astype(int)]
    ours = Geometry("array").fit(x).transform(x)
    np.testing.assert_array_equal(ours, Geometry("array").fit(picked).transform(x))


def test_errors_say_what_to_do() -> None:
    with pytest.raises(BadInput, match="known are: text"):
        Geometry("sound")
    with pytest.raises(BadInput, match="no items"):
        Geometry("text").fit([])
    with pytest.raises(BadInput, match="call fit"):
        Geometry("text").transform(["a"])


def test_nearest_neighbours_of_real_texts_share_their_class(
    load_set: Callable[[str], dict[str, Any]],
) -> None:
    table = load_set("agnews_test")["data"].slice(0, 2000)
    texts, y = table["text"].to_pylist(), np.array(table["label"].to_pylist())
    vectors = Geometry("text").fit(texts).transform(texts)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    assert (y[near.argmax(axis=1)] == y).mean() > 0.75
