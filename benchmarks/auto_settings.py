"""The settings of the evidence for `auto`: set x representation x model, and their data."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.special import softmax
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sets"
POOL, TEST = 3000, 1500
MOST = 20_000  # words and pairs: newsgroups20 has twice as many, and costs more than all tables

LINEAR = (
    "zhan_australian zhan_breast zhan_diabetes zhan_german zhan_glass zhan_heart zhan_ionosphere "
    "zhan_iris zhan_r15 zhan_sonar zhan_spambase zhan_tictactoe zhan_twonorm zhan_vehicle "
    "zhan_wdbc zhan_wine uci_optdigits uci_segment uci_waveform5000"
)
ROUND = (
    "zhan_australian zhan_banana zhan_checkerboard zhan_diabetes zhan_ex8a zhan_german zhan_glass "
    "zhan_heart zhan_ionosphere zhan_r15 zhan_sonar zhan_spambase zhan_tictactoe zhan_twonorm "
    "zhan_vehicle uci_optdigits uci_segment uci_waveform5000"
)
TREES = (
    "zhan_australian zhan_banana zhan_checkerboard zhan_diabetes zhan_german zhan_spambase "
    "zhan_tictactoe zhan_vehicle uci_segment uci_waveform5000"
)
BOOSTED = "zhan_australian zhan_banana zhan_checkerboard zhan_german zhan_spambase zhan_tictactoe"
TEXTS = (
    "agnews_test banking77 cr newsgroups20 sci_scicite subj trec6 tweeteval_emotion tweeteval_irony"
)
TINY = {"zhan_glass", "zhan_heart", "zhan_iris", "zhan_sonar", "zhan_wine", "zhan_ionosphere"}
LONG = {"agnews_test": 33, "uci_optdigits": 50, "uci_segment": 30}  # largest class to the rarest
RARE = {"oilspill_rare", "uci_pageblocks", "sms_spam"}


@dataclass(frozen=True)
class Setting:
    """One set in one representation with one model; `tail` is the ratio of a long tail, or 0."""

    data: str
    view: str
    model: str
    tail: int = 0

    @property
    def name(self) -> str:
        return f"{self.data}{'_lt' if self.tail else ''}/{self.view}/{self.model}"

    @property
    def kind(self) -> str:
        if self.tail or self.data in RARE:
            return "imbalanced"
        return {"table": "tabular", "pixels": "image"}.get(self.view, self.view)

    @property
    def scoring(self) -> str:
        return "balanced_accuracy" if self.kind == "imbalanced" else "accuracy"

    @property
    def batch(self) -> int:
        if self.data in TINY:
            return 10
        if self.data in {"banking77", "newsgroups20"}:
            return 100
        text = self.view in {"tfidf", "emb", "pixels"} and self.data != "sms_spam"
        return 50 if text else 20

    @property
    def rounds(self) -> int:
        return 8 if self.data in TINY else 12


def settings(vectors: Collection[str] = ()) -> list[Setting]:
    """All of them; those of sentence embeddings for the sets that have `vectors`."""
    found = [Setting(name, "table", "lr") for name in LINEAR.split()]
    found += [Setting(name, "table", "svc") for name in ROUND.split()]
    found += [Setting(name, "table", "rf") for name in TREES.split()]
    found += [Setting(name, "table", "gb") for name in BOOSTED.split()]
    found += [Setting(name, "tfidf", "lr") for name in TEXTS.split()]
    found += [Setting(name, "tfidf", "svc") for name in ("subj", "trec6")]
    found += [Setting("mnist10k", "pixels", model) for model in ("lr", "svc", "rf")]
    found += [Setting("oilspill_rare", "table", model) for model in ("lr", "svc", "rf")]
    found += [Setting("uci_pageblocks", "table", model) for model in ("lr", "svc", "rf", "gb")]
    found += [Setting("sms_spam", "tfidf", "lr")]
    for name, models in {"uci_optdigits": "lr svc rf", "uci_segment": "lr rf"}.items():
        found += [Setting(name, "table", model, LONG[name]) for model in models.split()]
    found += [Setting("agnews_test", "tfidf", "lr", LONG["agnews_test"])]
    embedded = [Setting(name, "emb", "lr") for name in TEXTS.split()]
    embedded += [Setting(name, "emb", "svc") for name in ("subj", "trec6")]
    embedded += [Setting("agnews_test", "emb", "lr", LONG["agnews_test"])]
    return found + [setting for setting in embedded if setting.data in vectors]


class SoftmaxSVC(SVC):
    """The same SVM, with the softmax of its decision values as rough probabilities."""

    def predict_proba(self, X):
        values = self.decision_function(X)
        if values.ndim == 1:
            values = np.column_stack([np.zeros(len(values)), values])
        return softmax(values, axis=1)


def model_of(setting: Setting, seed: int, *, proba: bool = False):
    """A fresh estimator; for strategies that cannot do without, one that gives probabilities."""
    if setting.model == "lr":
        strength = 1.0 if setting.view == "table" else 10.0
        return LogisticRegression(C=strength, max_iter=500)
    if setting.model == "svc":
        return SoftmaxSVC(C=1.0) if proba else SVC(C=1.0)
    if setting.model == "rf":
        return RandomForestClassifier(40, random_state=seed, n_jobs=1)
    return HistGradientBoostingClassifier(
        max_iter=50, min_samples_leaf=5, early_stopping=False, random_state=seed
    )


@lru_cache(maxsize=2)
def rows(name: str):
    """Items, labels and (where there is one) the official part of each row."""
    folder = DATA / name
    if (folder / "data.npz").exists():
        with np.load(folder / "data.npz", allow_pickle=False) as arrays:
            X, y = arrays["X"], np.unique(arrays["y"], return_inverse=True)[1]
        return X.reshape(len(X), -1).astype(float), y, None
    table = pq.read_table(folder / "data.parquet").to_pydict()
    y = np.unique(np.array(table["label"]).astype(str), return_inverse=True)[1]
    part = np.array(table["split"]) if "split" in table else None
    return np.array(table["text"], dtype=object), y, part


def split(setting: Setting, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the pool and of the test: the official test where there is one, else 40 %."""
    _, y, part = rows(setting.data)
    draw = np.random.default_rng([seed, 77])
    order = draw.permutation(len(y))
    if part is None:
        size = min(TEST, round(0.4 * len(y)))
        test, pool = order[:size], order[size:]
    else:
        test = order[part[order] == "test"][:TEST]
        pool = order[part[order] == "train"]
    if setting.tail:
        classes = draw.permutation(np.unique(y))
        most = min(np.bincount(y[pool]).min(), POOL // 2)
        steps = np.linspace(0, 1, len(classes))
        keep = {
            c: max(3, round(most * setting.tail**-s)) for c, s in zip(classes, steps, strict=True)
        }
        pool = np.concatenate([pool[y[pool] == c][: keep[c]] for c in classes])
    return np.sort(pool[:POOL]) if not setting.tail else np.sort(pool), test


def data(setting: Setting, seed: int, vectors: Path):
    """X, y, X_test, y_test; what is fitted is fitted on the unlabelled pool."""
    items, y, _ = rows(setting.data)
    pool, test = split(setting, seed)
    if setting.view == "emb":
        with np.load(vectors / f"{setting.data}.npz") as arrays:
            items = arrays["X"]
    X, X_test = as_seen(setting, items[pool], items[test])
    return X, y[pool], X_test, y[test]


def as_seen(setting: Setting, X, X_test):
    """Rows as the model gets them; what is fitted is fitted on X."""
    if setting.view == "tfidf":
        words = TfidfVectorizer(
            ngram_range=(1, 2), min_df=2, max_features=MOST, sublinear_tf=True
        ).fit(X)
        return words.transform(X), words.transform(X_test)
    if setting.view == "pixels":
        return X / 255.0, X_test / 255.0
    if setting.view == "table" and setting.model in {"lr", "svc"}:
        scale = StandardScaler().fit(X)
        return scale.transform(X), scale.transform(X_test)
    return X, X_test
