"""Saved models predict as before; changed files are refused; nothing crashes a campaign."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from querist.core.errors import BadInput, NoModel
from querist.core.questions import Choice, Choices, Number
from querist.models.defaults import default_model
from querist.models.sklearn import SklearnModel, wrap
from querist.models.store import ModelStore

X = np.random.default_rng(0).normal(size=(60, 4))
Y = np.digitize(X[:, 0], [-0.5, 0.5])
THREE = Choice(["low", "mid", "top"])
TEXTS = ["cheap pills now" if y else "see you at lunch" for y in Y]
TABLE = np.c_[X.astype(object), np.where(Y > 0, "u", "v").astype(object)]
IMAGES = np.random.default_rng(1).integers(0, 256, (60, 5, 5)).astype(np.uint8)
MODELS: dict[str, tuple[Any, Any, Any, Any]] = {
    "svm": (SVC(), THREE, X, Y),
    "forest": (RandomForestClassifier(8), THREE, X, Y),
    "text": (make_pipeline(TfidfVectorizer(), LogisticRegression()), THREE, TEXTS, Y),
    "class unseen": (LogisticRegression(), THREE, X, np.minimum(Y, 1)),
    "labels equal": (LogisticRegression(), THREE, X, Y * 0),
    "number": (Ridge(), Number(low=-9), X, X[:, 0]),
    "many": (
        OneVsRestClassifier(LogisticRegression()),
        Choices(["p", "q"]),
        X,
        np.c_[X[:, 0] > 0, X[:, 0] > -99].astype(int),
    ),
    "default text": (default_model("text", THREE)[0], THREE, TEXTS, Y),
    "default table": (default_model("table", THREE)[0], THREE, TABLE, Y),
    "default image": (default_model("image", THREE)[0], THREE, IMAGES, Y),
}


def lower(x: Any) -> Any:
    return x


def same(one: SklearnModel, two: SklearnModel, items: Any) -> None:
    assert one.gives == two.gives
    assert one.notes == two.notes
    a, b = (m.predict(items, m.gives | {"value"}) for m in (one, two))
    for name in ("value", "proba", "decision", "draws"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize(("estimator", "question", "items", "targets"), MODELS.values(), ids=MODELS)
def test_a_saved_model_predicts_as_before_and_trains_on(
    tmp_path: Path, estimator: Any, question: Any, items: Any, targets: Any
) -> None:
    model = wrap(estimator, question).fit(items, targets, seed=1)
    store = ModelStore(tmp_path / "models")
    digest = store.save(1, model, {"labels": 60})
    assert store.note == ""
    assert digest == hashlib.sha256((tmp_path / "models/0001.skops").read_bytes()).hexdigest()
    other = ModelStore(tmp_path / "models")
    assert other.versions() == [1]
    assert other.info(1) == {"labels": 60}
    loaded = other.load(1, sha256=digest)
    assert loaded.question == question
    same(model, loaded, items)
    same(model, loaded.fit(items, targets, seed=1), items)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    model = wrap(SVC(), THREE)
    digest = store.save(1, model.fit(X, Y))
    store.save(2, model.fit(X[:50], Y[:50]))
    (tmp_path / "0001.skops").write_bytes((tmp_path / "0002.skops").read_bytes())
    with pytest.raises(BadInput, match="changed since it was saved"):
        store.load(1)
    # A pair of files swapped together still fails against the hash that the log holds.
    (tmp_path / "0001.json").write_bytes((tmp_path / "0002.json").read_bytes())
    with pytest.raises(BadInput, match="changed since it was saved"):
        store.load(1, sha256=digest)


def test_only_types_recorded_at_save_are_rebuilt(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    store.save(1, wrap(RandomForestClassifier(3), THREE).fit(X, Y))
    side = json.loads((tmp_path / "0001.json").read_text())
    assert side["types"] == ["sklearn.tree._tree.Tree"]
    side["types"] = []
    (tmp_path / "0001.json").write_text(json.dumps(side))
    with pytest.raises(Exception, match="Untrusted types"):
        store.load(1)


def test_what_skops_cannot_save_is_noted_and_pickled_on_request(tmp_path: Path) -> None:
    strange = wrap(make_pipeline(FunctionTransformer(lower), OddSVC()), THREE).fit(X, Y)
    store = ModelStore(tmp_path)
    assert store.save(1, strange) == ""
    assert "joblib=True" in store.note
    assert store.load(1) is strange  # kept in memory while this store lives
    assert ModelStore(tmp_path).versions() == []
    bold = ModelStore(tmp_path, joblib=True)
    digest = bold.save(2, strange)
    assert len(digest) == 64
    same(strange, ModelStore(tmp_path, joblib=True).load(2), X)
    with pytest.raises(BadInput, match="is a pickle"):
        ModelStore(tmp_path).load(2)


class OddSVC(SVC):
    """Holds after fit what skops cannot write."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        self.odd_ = iter([1, 2])
        return super().fit(X, y, sample_weight)


def test_memory_keeps_every_version() -> None:
    store = ModelStore(None)
    models = [wrap(SVC(), THREE).fit(X[: 20 + i], Y[: 20 + i]) for i in range(3)]
    assert [store.save(i, model) for i, model in enumerate(models)] == ["", "", ""]
    assert store.versions() == [0, 1, 2]
    assert store.load(1) is models[1]
    with pytest.raises(NoModel, match="no model of version 7"):
        store.load(7)


def test_missing_files(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "none yet")
    assert store.versions() == []
    with pytest.raises(NoModel, match="kept are: none"):
        store.load(1)
    assert store.save(1, wrap(SVC(), THREE)) == ""
    assert "no trained estimator" in store.note
    store.save(2, wrap(SVC(), THREE).fit(X, Y))
    (tmp_path / "none yet" / "0002.skops").unlink()
    with pytest.raises(NoModel, match="is gone"):
        store.load(2)
