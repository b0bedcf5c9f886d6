"""Defaults fit every kind of pool without a warning, and learn real data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from querist.core.errors import BadInput
from querist.core.questions import Choice, Choices, Number
from querist.core.types import check_proba
from querist.models.batches import take
from querist.models.defaults import default_model
from querist.models.sklearn import SklearnModel, wrap

Load = Callable[[str], dict[str, Any]]
RNG = np.random.default_rng(0)
N = 40
Y = np.arange(N) % 3
WORDS = ["one cat", "two dogs ran", "three red birds flew"]
COLUMNS = {"size": Y + 0.1 * RNG.normal(size=N), "kind": np.array(["u", "v", "w"])[Y]}
OBJECTS = np.array(list(zip(*COLUMNS.values(), strict=True)), dtype=object)
OBJECTS[3] = [np.nan, None]
ITEMS: dict[str, tuple[str, Any]] = {
    "text": ("text", [WORDS[y] for y in Y]),
    "objects": ("table", OBJECTS),
    "pandas": ("table", pd.DataFrame(COLUMNS)),
    "polars": ("table", pl.DataFrame(COLUMNS)),
    "array": ("array", Y[:, None] + 0.1 * RNG.normal(size=(N, 3))),
    "sparse": ("sparse", sparse.csr_matrix(np.eye(3)[Y])),
    "image": ("image", (80 * Y[:, None, None] + RNG.integers(0, 9, (N, 6, 6))).astype(np.uint8)),
}


def default(kind: str, question: Any) -> SklearnModel:
    more = {"columns": ("size", "kind"), "numeric": (True, False)} if kind == "table" else {}
    estimator, said = default_model(kind, question, **more)
    assert said
    return wrap(estimator, question)


@pytest.mark.parametrize(("kind", "items"), ITEMS.values(), ids=ITEMS)
def test_every_kind_answers_every_question(kind: str, items: Any) -> None:
    for labels in ("ab", "abc"):
        rows = np.flatnonzero(len(labels) > Y)
        part = take(items, rows)
        fitted = default(kind, Choice(list(labels))).fit(part, Y[rows])
        said = fitted.predict(part, frozenset({"value", "proba"}))
        assert (said.value == Y[rows]).mean() > 0.9
        check_proba("proba", said.proba)
    many = default(kind, Choices(["p", "q"])).fit(items, np.c_[Y > 0, Y > 1].astype(int))
    assert many.predict(items).value.shape == (N, 2)
    numbers = default(kind, Number()).fit(items, Y * 2.0).predict(items).value
    assert np.corrcoef(numbers, Y)[0, 1] > 0.9


def test_two_labelled_rows_are_enough() -> None:
    for kind, items in ITEMS.values():
        two = take(items, np.array([0, 1]))
        fitted = default(kind, Choice(["a", "b", "c"])).fit(two, np.array([0, 1]))
        assert fitted.predict(items).value.shape == (N,)


def test_weights_are_taken_where_there_are_two_classes() -> None:
    for kind, items in ITEMS.values():
        rows = np.flatnonzero(Y < 2)
        fitted = default(kind, Choice(["a", "b"])).fit(
            take(items, rows), Y[rows], weights=np.linspace(1, 2, len(rows))
        )
        assert fitted.notes == ()


def test_rows_predicted_from_dicts_after_training_on_an_object_array() -> None:
    fitted = default("table", Choice(["a", "b", "c"])).fit(OBJECTS, Y)
    dicts = [{"size": 2.0, "kind": "w"}, {"size": None, "kind": "u", "other": 1}]
    assert fitted.predict(dicts).value.tolist() == [2, 0]


def test_unknown_kind() -> None:
    with pytest.raises(BadInput, match="known are: text"):
        default_model("sound", Number())


def accuracy(kind: str, items: Any, y: Any, labels: int, **more: Any) -> float:
    names, targets = np.unique(y, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(y))
    question = Choice(names)
    model = wrap(default_model(kind, question, **more)[0], question)
    train, test = np.sort(order[:labels]), order[labels : labels + 1000]
    fitted = model.fit(take(items, train), targets[train])
    return float((fitted.predict(take(items, test)).value == targets[test]).mean())


def test_real_texts(load_set: Load) -> None:
    table = load_set("trec6")["data"]
    assert accuracy("text", table["text"].to_pylist(), table["label"].to_pylist(), 500) > 0.68


def test_real_tables_with_gaps(load_set: Load) -> None:
    table = load_set("uci_hypothyroid")["data"]
    y = table["label"].to_pylist()
    table = table.drop_columns(["label"])
    frame = table.to_pandas()
    assert accuracy("table", frame, y, 300) > 0.96
    assert accuracy("table", frame.to_numpy(dtype=object), y, 300) > 0.96
    assert accuracy("table", table.to_pylist(), y, 300) > 0.96


def test_real_images_and_arrays(load_set: Load) -> None:
    digits = load_set("mnist10k")
    assert accuracy("image", digits["X"], digits["y"], 300) > 0.82
    flat = load_set("uci_optdigits")
    assert accuracy("array", flat["X"], flat["y"], 250) > 0.91
